export { KeyringError, type KeyringErrorCode } from './errors.ts';
export { type FieldCipher, type IndexKey, type Keyring, openKeyring, type TenantCell, type Vault } from './keyring.ts';
export { memoryKeyStore } from './memory-store.ts';
export type { KeyPurpose, KeyRecord, KeyState, KeyStore } from './record.ts';
export { localRoot, type RootProvider } from './root.ts';
