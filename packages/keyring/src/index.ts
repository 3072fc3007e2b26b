export { type BackupOpener, type BackupProtection, backupDigest, type SealedBackup } from './backup-file.ts';
export {
  type Encryption,
  type EncryptionOptions,
  type FieldText,
  openEncryption,
  openEncryptionFrom,
} from './encryption.ts';
export { type EncryptionSettings, encryptionSettings } from './encryption-settings.ts';
export { ensureKey } from './ensure-key.ts';
export { KeyringError, type KeyringErrorCode } from './errors.ts';
export type {
  FieldOperations,
  PlainField,
  PlainValue,
  ScopedCell,
  SealedField,
  SealedValue,
} from './field-operations.ts';
export type { Access } from './key-access.ts';
export type { ImportReport, KeyBackup } from './key-backup.ts';
export type { DestroyOptions, KeyDestruction } from './key-destruction.ts';
export type { KeyDocument, KeyId, KeyKind, KeyPolicy, KeyUses, KeyVersion } from './key-document.ts';
export type { KeyEvent, KeyEventSink, KeyEventType } from './key-event.ts';
export type { KeyInfo, VersionInfo } from './key-info.ts';
export type { CreateKeyOptions, KeyLifecycle } from './key-lifecycle.ts';
export type { KeyState } from './key-state.ts';
export { type Keys, type KeysOptions, openKeys } from './keys.ts';
export type { MessageKey, OtherOperations, VersionedIndex } from './other-operations.ts';
export { type DestructionReceipt, verifyReceipt } from './receipt.ts';
export type { RecipientCheck } from './recipients.ts';
export { localRoot, type RootProvider } from './root.ts';
export type { RotationReport } from './rotate-expired.ts';
export type { RotationReason } from './rotation-policy.ts';
export { type RotationSchedule, type RotationScheduler, scheduleRotation } from './rotation-scheduler.ts';
export type { CacheLimits } from './single-flight-cache.ts';
export { fileStore } from './stores/file.ts';
export { memoryStore } from './stores/memory.ts';
export {
  type FieldCipher,
  type IndexKey,
  type Keyring,
  type TenantCell,
  tenantKeyring,
  type Vault,
} from './tenant-keyring.ts';
export {
  type UsageAlert,
  type UsageAlertKind,
  type UsageMonitor,
  type UsageRate,
  type UsageThresholds,
  usageMonitor,
} from './usage-monitor.ts';
export type { KeyChange, StoredKey, VersionedKeyStore, WrappedKey } from './versioned-store.ts';
