import type { KeyringTables } from '@bulwark/keyring/sql';
import type { ColumnType, Generated, Kysely } from 'kysely';

/*
 * The tables of all features. Times are ms since the epoch. `sealed` bytes are ciphertext bound to their tenant, table,
 * column and row; what is in clear is listed in docs/what-is-in-clear.md with its reason.
 */
export interface Tables extends KeyringTables {
  tenant: TenantTable;
  machine: MachineTable;
  enrolment_token: EnrolmentTokenTable;
  machine_key: MachineKeyTable;
  machine_boot: MachineBootTable;
  series_dictionary: SeriesDictionaryTable;
  hot_report: HotReportTable;
  user: UserTable;
  session: SessionTable;
}
export type Database = Kysely<Tables>;

type Bytes = Buffer;
/** Written when the row is made, never after. */
type Fixed<T> = ColumnType<T, T, never>;

interface TenantTable {
  id: Fixed<string>;
  /** Its name in addresses: lower case, no spaces. */
  slug: Fixed<string>;
  created_at: Fixed<number>;
}

interface MachineTable {
  id: Fixed<string>;
  /** Short name of the machine in the large tables. */
  no: Fixed<number>;
  tenant_id: Fixed<string>;
  /** sealed: the name shown, the host name until somebody changes it */
  name: Bytes;
  /** sealed: what the machine says of itself, JSON; null before its first report */
  info: Bytes | null;
  agreement_key: Bytes;
  signing_key: Bytes;
  key_epoch: number;
  /** SHA-256 of the agent's API token. */
  token_hash: Bytes;
  interval_seconds: number;
  enrolled_at: Fixed<number>;
  revoked_at: number | null;
}

interface EnrolmentTokenTable {
  id: Fixed<string>;
  tenant_id: Fixed<string>;
  /** SHA-256 of the token's secret. */
  token_hash: Fixed<Bytes>;
  created_at: Fixed<number>;
  expires_at: Fixed<number>;
  used_at: number | null;
  machine_id: string | null;
}

/** Keys that hot reports are sealed under, each sealed to the tenant's vault. One per machine and server start. */
interface MachineKeyTable {
  machine_no: Fixed<number>;
  key_no: number;
  created_at: Fixed<number>;
  /** sealed to the vault */
  sealed_key: Fixed<Bytes>;
}

/** Starts of agents; a report names its boot by number. */
interface MachineBootTable {
  machine_no: Fixed<number>;
  boot_no: number;
  boot_id: Fixed<Bytes>;
  first_seen_at: Fixed<number>;
}

interface SeriesDictionaryTable {
  machine_no: Fixed<number>;
  hash: Fixed<Bytes>;
  key_no: Fixed<number>;
  counter: Fixed<number>;
  /** sealed under the machine key */
  body: Fixed<Bytes>;
}

/** Reports as they came in: an append-only log, in order of arrival. */
interface HotReportTable {
  id: Generated<number>;
  machine_no: Fixed<number>;
  /** Never decreases within a machine, whatever the clock does. */
  received_at: Fixed<number>;
  boot_no: Fixed<number>;
  sequence: Fixed<number>;
  key_no: Fixed<number>;
  /** Nonce of the sealing under the machine key. */
  counter: Fixed<number>;
  /** sealed under the machine key: a telemetry batch */
  body: Fixed<Bytes>;
}

interface UserTable {
  id: Fixed<string>;
  tenant_id: Fixed<string>;
  /** sealed */
  username: Bytes;
  /** Blind index of the username. */
  username_index: Bytes;
  /** Argon2id PHC string. */
  password_hash: string;
  role: string;
  created_at: Fixed<number>;
}

interface SessionTable {
  /** SHA-256 of the cookie's token. */
  token_hash: Fixed<Bytes>;
  user_id: Fixed<string>;
  created_at: Fixed<number>;
  last_used_at: number;
  expires_at: Fixed<number>;
}
