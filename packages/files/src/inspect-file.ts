import { plaintextLength } from '@bulwark/crypto';
import { malformed, translated } from './errors.ts';
import { parseHeader, type RecipientType } from './header.ts';
import { readHeader, readsOf } from './read-header.ts';
import { openSource } from './source-file.ts';

/** What a sealed file says of itself without any key. None of it is authentic. */
export interface FileInspection {
  /** Id of the key that seals the body, in hex; without recipients it is the one that opens it. */
  readonly kid: string;
  /** Who may open it; none means the holder of the key with the kid. */
  readonly recipients: readonly {
    readonly type: RecipientType;
    /** A kid or a public key's id in hex; for a passphrase how it becomes a key, such as `$argon2id$v=19$m=65536…`. */
    readonly id: string;
  }[];
  readonly hasMetadata: boolean;
  readonly headerBytes: number;
  readonly sealedBytes: number;
  readonly plaintextBytes: number;
}

/** Reads a sealed file's header. @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_ARGUMENT, ERR_IO */
export async function inspectFile(path: string): Promise<FileInspection> {
  return translated(async () => {
    await using source = await openSource(path);
    const bytes = await readHeader(readsOf(source.handle));
    const { kid, recipients, sealedMetadata } = parseHeader(bytes);
    return {
      kid: hex(kid),
      recipients: recipients.map(({ type, id }) => ({ type, id: type === 'passphrase' ? printable(id) : hex(id) })),
      hasMetadata: sealedMetadata !== undefined,
      headerBytes: bytes.length,
      sealedBytes: source.size,
      plaintextBytes: lengthOf(source.size - bytes.length),
    };
  });
}

function lengthOf(bodyBytes: number): number {
  try {
    return plaintextLength(bodyBytes);
  } catch {
    throw malformed('its body is cut short');
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

// It is shown on terminals, and anybody may have written it.
function printable(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?');
}
