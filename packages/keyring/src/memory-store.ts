import type { KeyRecord, KeyStore } from './record.ts';

/** Keeps key records as long as the process lives: for tests, and for keys that are not to outlive it. */
export function memoryKeyStore(): KeyStore {
  const records: KeyRecord[] = [];
  return {
    async list(tenantId, purpose) {
      return records.filter((r) => r.tenantId === tenantId && r.purpose === purpose);
    },
    async add(record) {
      const isTaken = records.some(
        (r) => r.tenantId === record.tenantId && r.purpose === record.purpose && r.version === record.version,
      );
      if (!isTaken) records.push(record);
      return !isTaken;
    },
  };
}
