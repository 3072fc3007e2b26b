export { decrypt, type Encrypted, encrypt, open, seal } from './aead.ts';
export { type KeyWrapForm, unwrapKey, wrapKey } from './aes-key-wrap.ts';
export { agree, agreementPublicKey, generateAgreementKeyPair } from './agreement.ts';
export { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts';
export { type BlindIndex, blindIndex } from './blind-index.ts';
export type { Cell } from './cell.ts';
export { type CounterOptions, CounterSealer, openCounter } from './counter-aead.ts';
export type { RawKeyPair } from './curve-key.ts';
export { constantTimeEqual } from './equal.ts';
export { CryptoError, type CryptoErrorCode } from './errors.ts';
export { decodeFernetKey, encodeFernetKey, type FernetAge, openFernet, rotateFernet, sealFernet } from './fernet.ts';
export {
  decodeFieldText,
  deriveFieldKey,
  encodeFieldText,
  type FieldKey,
  fieldKeyId,
  isSealedField,
  openField,
  type SealFieldOptions,
  sealField,
} from './field.ts';
export type { FieldSuite } from './field-suite.ts';
export { hkdf, hkdfExpand } from './hkdf.ts';
export type { HashName } from './hmac.ts';
export { generateHybridKeyPair, hybridPublicKey, openWithHybrid, sealToHybrid } from './hybrid-box.ts';
export { deriveKey, encodeKdf, type Kdf, type KdfAlgorithm, newKdf, parseKdf } from './kdf.ts';
export { openMessage, plaintextLength, sealedLength, sealMessage } from './message.ts';
export { type ByteSource, type MessageReader, openMessageReader } from './message-reader.ts';
export {
  MessageOpener,
  MessageSealer,
  openingStream,
  openingTransform,
  sealingStream,
  sealingTransform,
} from './message-stream.ts';
export { type Normaliser, normalise } from './normaliser.ts';
export { pae } from './pae.ts';
export { hashPassword, needsRehash, type PasswordParameters, verifyPassword } from './password.ts';
export { generateKey, randomBytes } from './random.ts';
export { generateImportKeyPair, unwrapKeyWith, wrapKeyTo } from './rsa-oaep.ts';
export { deriveBoxKeyPair, openWith, sealTo } from './sealed-box.ts';
export { generateSigningKeyPair, sign, verify } from './signature.ts';
export type { SymmetricKey } from './symmetric-key.ts';
