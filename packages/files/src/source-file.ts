import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FilesError } from './errors.ts';

/** A file being read, and what it was when it was opened. */
export interface SourceFile extends AsyncDisposable {
  readonly handle: FileHandle;
  /** In bytes. */
  readonly size: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** Changes whenever the file does: device, inode, length, times of content and of inode, in nanoseconds. */
  readonly identity: string;
  /** Fills `target` from a position on. @throws FilesError ERR_SOURCE_CHANGED when the file ends before */
  read(target: Buffer, position: number): Promise<void>;
  /** @throws FilesError ERR_SOURCE_CHANGED */
  requireUnchanged(): Promise<void>;
}

/** Opens a regular file for reading. @throws FilesError ERR_ARGUMENT for pipes and devices; system errors */
export async function openSource(path: string): Promise<SourceFile> {
  // Without O_NONBLOCK a named pipe would wait for its writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new FilesError('ERR_ARGUMENT', `${path} is not a regular file; give its stream instead`);
    const identity = await identityOf(handle);
    return {
      handle,
      size: Number(stats.size),
      modifiedAt: Number(stats.mtimeMs),
      identity,
      read: (target, position) => readFully(handle, target, position),
      async requireUnchanged() {
        if ((await identityOf(handle)) !== identity) throw sourceChanged();
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

// The inode's time is set by the system alone: a writer who puts the other time back still changes this one.
async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

async function readFully(handle: FileHandle, target: Buffer, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw sourceChanged();
    done += bytesRead;
  }
}

function sourceChanged(): FilesError {
  return new FilesError('ERR_SOURCE_CHANGED', 'the source was written to while it was read');
}
