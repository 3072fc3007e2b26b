/** A report as it goes to disk: sealed, and numbered so that it can be found and opened again. */
export interface HotReport {
  readonly machineNo: number;
  readonly receivedAt: number;
  readonly bootNo: number;
  readonly sequence: number;
  readonly keyNo: number;
  readonly counter: number;
  readonly body: Uint8Array;
}

export interface MachineKeyRow {
  readonly machineNo: number;
  readonly keyNo: number;
  readonly createdAt: number;
  readonly sealedKey: Uint8Array;
}

export interface MachineBootRow {
  readonly machineNo: number;
  readonly bootNo: number;
  readonly bootId: Uint8Array;
  readonly firstSeenAt: number;
}

export interface DictionaryRow {
  readonly machineNo: number;
  readonly hash: Uint8Array;
  readonly keyNo: number;
  readonly counter: number;
  readonly body: Uint8Array;
}

/** What one frame writes. Key and boot come along with the first report that needs them, in the same transaction. */
export interface HotLogEntry {
  readonly report?: HotReport | undefined;
  readonly dictionary?: DictionaryRow | undefined;
  readonly key?: MachineKeyRow | undefined;
  readonly boot?: MachineBootRow | undefined;
}

/** Writes entries in one transaction, durably: when the promise resolves they survive a power cut. */
export interface HotLogWriter {
  write(entries: readonly HotLogEntry[]): Promise<void>;
  close(): Promise<void>;
}

export interface HotLog {
  /**
   * Calls `done` once the entry is durable, or with the error that kept it from being so. A callback instead of a
   * promise: ten thousand times a second the difference shows.
   *
   * @returns false when too much waits already: nothing was taken, and `done` is never called.
   */
  append(entry: HotLogEntry, done: (error?: Error) => void): boolean;
  /** Resolves once all that was appended before is durable or failed; what comes after does not hold it up. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Group commit: while one transaction is on its way to the disk the next one gathers, so the busier the server the
 * larger the groups, and nobody waits for a timer.
 *
 * @param options.onFailure Told once of each group that could not be written.
 */
export function openHotLog(
  writer: HotLogWriter,
  { waitingMax = 20_000, onFailure }: { waitingMax?: number; onFailure?: (error: Error) => void } = {},
): HotLog {
  let waiting: { entry: HotLogEntry; done: (error?: Error) => void }[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      let failure: Error | undefined;
      try {
        await writer.write(group.map(({ entry }) => entry));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        onFailure?.(failure);
      }
      for (const { done } of group) done(failure);
    }
    running = undefined;
  }

  return {
    append(entry, done) {
      if (waiting.length >= waitingMax) return false;
      waiting.push({ entry, done });
      running ??= run();
      return true;
    },
    flush: () =>
      running === undefined
        ? Promise.resolve()
        : // An entry that writes nothing: when its group is through, so is all that was appended before it.
          new Promise((resolve) => {
            waiting.push({ entry: {}, done: () => resolve() });
          }),
    async close() {
      await running;
      await writer.close();
    },
  };
}
