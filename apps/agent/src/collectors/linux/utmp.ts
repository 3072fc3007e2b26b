import type { Users } from '@bulwark/protocol';

const USER_PROCESS = 7; // the record type of a session
/** Offsets of utmp(5) in glibc: type, pid, line[32], id[4], user[32], host[256], exit, session, time. */
const LINE = { at: 8, bytes: 32 };
const USER = { at: 44, bytes: 32 };
const HOST = { at: 76, bytes: 256 };

interface Layout {
  recordBytes: number;
  /** Of the 32-bit seconds since the epoch; of their low half where they take 64. */
  secondsAt: number;
}
/** x86 keeps 32-bit times, so that old programs read it; 64-bit ARM never had any, and has longer records. */
const LAYOUTS: Partial<Record<NodeJS.Architecture, Layout>> = { arm64: { recordBytes: 400, secondsAt: 344 } };
const LAYOUT: Layout = { recordBytes: 384, secondsAt: 340 };

/** A session, and the process that leads it. */
export interface UtmpSession {
  pid: number;
  session: Users[number];
}

/** The sessions in a utmp file. One whose machine crashed may be left over: check that its process lives. */
export function parseUtmp(utmp: Buffer, arch: NodeJS.Architecture = process.arch): UtmpSession[] {
  const { recordBytes, secondsAt } = LAYOUTS[arch] ?? LAYOUT;
  const sessions: UtmpSession[] = [];
  for (let at = 0; at + recordBytes <= utmp.length; at += recordBytes) {
    const record = utmp.subarray(at, at + recordBytes);
    if (record.readInt16LE(0) !== USER_PROCESS) continue;
    sessions.push({
      pid: record.readInt32LE(4),
      session: {
        name: cString(record, USER),
        terminal: cString(record, LINE),
        host: cString(record, HOST),
        since: record.readUInt32LE(secondsAt) * 1000,
      },
    });
  }
  return sessions;
}

function cString(record: Buffer, { at, bytes }: { at: number; bytes: number }): string {
  const field = record.subarray(at, at + bytes);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? bytes : end);
}
