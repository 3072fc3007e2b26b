export { type Batch, batchDictionaryHash, decodeBatch, encodeBatch } from './batch.ts';
export {
  createDictionary,
  DICTIONARY_HASH_BYTES,
  type Dictionary,
  parseDictionary,
  type Series,
} from './dictionary.ts';
export {
  type EnrolmentToken,
  encodeEnrolmentToken,
  isServerKeyProved,
  openEnrolmentAnswer,
  openEnrolmentRequest,
  parseEnrolmentToken,
  proveServerKey,
  sealEnrolmentAnswer,
  sealEnrolmentRequest,
} from './enrolment.ts';
export { TelemetryError, type TelemetryErrorCode } from './errors.ts';
export {
  createFrameSealer,
  deriveFrameKey,
  FRAME_HEADER_BYTES,
  type FrameDirection,
  type FrameHeader,
  type FrameKey,
  type FrameKind,
  type FrameSealer,
  openFrame,
  parseFrameHeader,
} from './frame.ts';
export { type Freshness, REPLAY_WINDOW, ReplayWindow } from './replay-window.ts';
