import { translated } from './errors.ts';
import type { FileMetadata } from './metadata.ts';
import { openBody, openedRanges } from './open-body.ts';
import { threadsFor, type WorkOptions } from './options.ts';
import { ProgressMeter } from './progress.ts';
import type { Opener } from './recipients.ts';
import { openSource } from './source-file.ts';

/** What a file holds, all of it checked. */
export interface VerifiedFile {
  readonly metadata: FileMetadata | undefined;
  readonly plaintextBytes: number;
}

/**
 * Opens all of a sealed file and keeps nothing of it.
 *
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_KEY_UNKNOWN, ERR_OPEN_FAILED, ERR_ARGUMENT,
 *   ERR_SOURCE_CHANGED, ERR_IO; the signal's reason; whatever the key source throws
 */
export async function verifyFile(path: string, opener: Opener, options: WorkOptions = {}): Promise<VerifiedFile> {
  return translated(async () => {
    options.signal?.throwIfAborted();
    await using source = await openSource(path);
    const body = await openBody(source, opener, options.context);
    const plaintextBytes = body.reader.length;
    const progress = new ProgressMeter(options.onProgress, plaintextBytes);
    for await (const { range } of openedRanges(body, 0, threadsFor(plaintextBytes, options))) {
      options.signal?.throwIfAborted();
      progress.add(range.bytes);
    }
    progress.end();
    return { metadata: body.envelope.metadata, plaintextBytes };
  });
}
