import type { FieldSuite } from '@bulwark/crypto';

/** How often one key version may seal, all processes together. */
export interface UseLimit {
  /** Rotation is due from here on. */
  readonly soft: number;
  /** Sealing stops here, whatever the policy says. */
  readonly hard: number;
  /** Uses that a process reserves at a time, at first; a busy one reserves more. */
  readonly block: number;
}

// A256GCM: 96-bit random nonces, 2^32 invocations (NIST SP 800-38D, 8.3). Fernet's random CBC vectors are held to the
// same. The others have 192 bits of nonce or a key a message and would be good for 2^80; 2^48 is where counting ends.
const RANDOM_96_BIT: UseLimit = { soft: 2 ** 31, hard: 2 ** 32, block: 2 ** 16 };
const RANDOM_192_BIT: UseLimit = { soft: 2 ** 47, hard: 2 ** 48, block: 2 ** 20 };

/** Limits of each suite. */
export const USE_LIMITS: Readonly<Record<FieldSuite, UseLimit>> = {
  A256GCM: RANDOM_96_BIT,
  FERNET: RANDOM_96_BIT,
  'XAES-256-GCM': RANDOM_192_BIT,
  'XAES-DET': RANDOM_192_BIT,
  'COBBLESTONE-256': RANDOM_192_BIT,
};
