/** A file or directory that must be private is not, or cannot be used. `fix` is a command that mends it, where one does. */
export class UnsafeFileError extends Error {
  override readonly name = 'UnsafeFileError';
  readonly path: string;
  readonly fix: string | undefined;

  constructor(path: string, reason: string, options: ErrorOptions & { fix?: string } = {}) {
    super(`${path} ${reason}${options.fix === undefined ? '' : `; run: ${options.fix}`}`, options);
    this.path = path;
    this.fix = options.fix;
  }
}

/** A path as a shell takes it, so that a printed command can be pasted. */
export function shellQuote(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** What the operating system said, for people. Names no content, only the kind of failure. */
export function systemReason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'is not accessible to this user';
    case 'ENOTDIR':
      return 'is below something that is not a directory';
    case 'ELOOP':
      return 'is a symbolic link; name the file itself';
    case 'EISDIR':
      return 'is a directory';
    case 'EROFS':
      return 'is on a read-only file system';
    case 'ENOSPC':
      return 'cannot be written: the disk is full';
    default:
      return `cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
  }
}
