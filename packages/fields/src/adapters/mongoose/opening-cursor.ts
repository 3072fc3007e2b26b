import { FieldsError } from '../../errors.ts';

/** What is used of a driver's cursor. */
export interface DriverCursor {
  next(): Promise<unknown>;
  hasNext(): Promise<boolean>;
  toArray(): Promise<unknown[]>;
  close(): Promise<void>;
  rewind(): void;
  addCursorFlag(flag: string, value: boolean): unknown;
  explain(verbosity?: unknown): Promise<unknown>;
}

/**
 * A cursor that asks the database when it is first read, as keys have to be waited for before, and gives documents opened.
 *
 * It has what Mongoose uses of a cursor.
 */
export class OpeningCursor implements DriverCursor, AsyncIterable<unknown> {
  readonly #ask: () => Promise<DriverCursor>;
  readonly #open: (doc: unknown) => Promise<unknown>;
  readonly #flags: [flag: string, value: boolean][] = [];
  #cursor: Promise<DriverCursor> | undefined;

  constructor(ask: () => Promise<DriverCursor>, open: (doc: unknown) => Promise<unknown>) {
    this.#ask = ask;
    this.#open = open;
  }

  #asked(): Promise<DriverCursor> {
    this.#cursor ??= this.#ask().then((cursor) => {
      for (const [flag, value] of this.#flags) cursor.addCursorFlag(flag, value);
      return cursor;
    });
    return this.#cursor;
  }

  async next(): Promise<unknown> {
    return this.#open(await (await this.#asked()).next());
  }

  async hasNext(): Promise<boolean> {
    return (await this.#asked()).hasNext();
  }

  async toArray(): Promise<unknown[]> {
    const docs = await (await this.#asked()).toArray();
    return Promise.all(docs.map((doc) => this.#open(doc)));
  }

  async explain(verbosity?: unknown): Promise<unknown> {
    return (await this.#asked()).explain(verbosity);
  }

  async close(): Promise<void> {
    await (await this.#cursor)?.close();
  }

  rewind(): void {
    void this.#cursor?.then((cursor) => cursor.rewind());
  }

  addCursorFlag(flag: string, value: boolean): this {
    if (this.#cursor !== undefined)
      throw new FieldsError('ERR_UNSUPPORTED_QUERY', 'flags of a cursor are set before it is read');
    this.#flags.push([flag, value]);
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      for (let doc = await this.next(); doc !== null; doc = await this.next()) yield doc;
    } finally {
      await this.close();
    }
  }
}
