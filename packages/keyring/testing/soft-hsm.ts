import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as graphene from 'graphene-pk11';
import { findOnPath, findSoftHsm } from '../../../testing/find-binaries.ts';
import { tempDir } from '../../../testing/temp-dir.ts';

/** A SoftHSM of its own, with one token. The library reads its settings once a process. */
export interface SoftHsm {
  readonly libraryPath: string;
  readonly tokenLabel: string;
  readonly pin: string;
  /** As if the token had been pulled out. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  remove(): Promise<void>;
}

const SO_PIN = '87654321';

/** Initialises a token in a directory of its own; the process's settings point to it from then on. */
export async function startSoftHsm(): Promise<SoftHsm> {
  const libraryPath = findSoftHsm();
  const utility = findOnPath('softhsm2-util');
  if (libraryPath === undefined || utility === undefined) throw new Error('SoftHSM is not installed');

  const directory = await tempDir();
  const [tokens, away, settings] = ['tokens', 'away', 'softhsm2.conf'].map((name) =>
    path.join(directory.path, name),
  ) as [string, string, string];
  await mkdir(tokens, { mode: 0o700 });
  await writeFile(settings, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  process.env.SOFTHSM2_CONF = settings;

  const pin = '4711-0815-pin';
  const tokenLabel = 'bulwark test';
  await promisify(execFile)(utility, [
    '--init-token',
    '--free',
    '--label',
    tokenLabel,
    '--so-pin',
    SO_PIN,
    '--pin',
    pin,
  ]);

  return {
    libraryPath,
    tokenLabel,
    pin,
    takeAway: () => rename(tokens, away),
    async bringBack() {
      await rm(tokens, { recursive: true, force: true }); // the library may have made an empty one meanwhile
      await rename(away, tokens);
    },
    remove: directory.remove,
  };
}

/** Makes an AES key that may leave its token, as no root key should, or that nothing keeps from having a namesake. */
export function makeBadKey({ libraryPath, pin }: SoftHsm, label: string, isExtractable: boolean): void {
  const { KeyGenMechanism, KeyType, Module, ObjectClass, SessionFlag } = graphene;
  const module = Module.load(libraryPath);
  module.initialize({ flags: 2 });
  const session = module.getSlots(0).open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION);
  session.login(pin);
  const identity = { class: ObjectClass.SECRET_KEY, keyType: KeyType.AES, label, valueLen: 32 };
  const custody = { token: true, private: true, sensitive: !isExtractable, extractable: isExtractable };
  session.generateKey(KeyGenMechanism.AES, { ...identity, ...custody, encrypt: true, decrypt: true });
  module.finalize();
}
