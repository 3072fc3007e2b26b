import { malformed } from './errors.ts';
import { HEADER_START_BYTES, headerLength } from './header.ts';

/** Reads `length` bytes from `offset` on; fewer when there are no more. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** The header of a sealed file. @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT */
export async function readHeader(readAt: ReadAt): Promise<Buffer> {
  const length = headerLength(await readAt(0, HEADER_START_BYTES));
  const header = await readAt(0, length);
  if (header.length !== length) throw malformed('its header is cut short');
  return header;
}

/** Reads of an open file. */
export function readsOf(handle: { read: FileRead }): ReadAt {
  return async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  };
}

type FileRead = (buffer: Buffer, offset: number, length: number, position: number) => Promise<{ bytesRead: number }>;
