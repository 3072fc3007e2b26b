/** When an entry is loaded again. */
export interface CacheLimits {
  /** Age in ms; 5 minutes by default. */
  readonly maxAgeMs?: number;
  /** Uses of one entry; 2^24 by default. */
  readonly maxUses?: number;
  /** Bytes sealed or opened with one entry; 16 GiB by default. */
  readonly maxBytes?: number;
  /** Entries; the one used longest ago goes first. 1,000 by default. */
  readonly maxEntries?: number;
}

/** What one use of an entry costs of its limits. */
export interface Spent {
  readonly uses: number;
  readonly bytes: number;
}

interface CacheOptions<T> {
  readonly load: (id: string) => Promise<T>;
  /** Called once for each value when it has left the cache and nobody uses it any more. */
  readonly dispose: (value: T) => void;
  /** ms; may go backwards. */
  readonly now: () => number;
  readonly limits?: CacheLimits;
}

interface Entry<T> {
  readonly value: T;
  readonly loadedAt: number;
  uses: number;
  bytes: number;
  /** Calls that hold the value just now. */
  holders: number;
  isEvicted: boolean;
  isDisposed: boolean;
  /** When a limit was found to be reached: from here on the entry lives at most the grace. */
  expiredAt: number | undefined;
}

/** How long an entry past its limits is still given out while it is loaded again. */
export const STALE_GRACE_MS = 10_000;
/** How long a failure is given out again. */
export const NEGATIVE_MS = 1_000;

/**
 * Values that are costly to load and must not be kept for long.
 *
 * However many ask, a value is loaded once at a time. Past its limits it is given out for another 10 s while it is
 * loaded again, so that nobody waits for that, then no more: who cannot load fails closed. A failure is remembered for
 * a second. Values are disposed of when they leave, but never under the hands of who uses them.
 */
export class SingleFlightCache<T> {
  readonly #options: CacheOptions<T>;
  readonly #limits: Required<CacheLimits>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #loading = new Map<string, Promise<Entry<T>>>();
  readonly #failures = new Map<string, { error: unknown; at: number }>();
  #latest = Number.NEGATIVE_INFINITY;

  constructor(options: CacheOptions<T>) {
    this.#options = options;
    const { maxAgeMs = 300_000, maxUses = 2 ** 24, maxBytes = 2 ** 34, maxEntries = 1_000 } = options.limits ?? {};
    this.#limits = { maxAgeMs, maxUses, maxBytes, maxEntries };
  }

  /** Runs `work` with the value, loaded where it must be. The value is not to be kept. */
  async use<R>(id: string, spent: Spent, work: (value: T) => R | Promise<R>): Promise<R> {
    const entry = this.#usable(id, spent) ?? (await this.#loaded(id, spent));
    entry.holders++;
    try {
      return await work(entry.value);
    } finally {
      this.#release(entry);
    }
  }

  /** As `use` for a value that is there; undefined where it would have to be loaded first. */
  useSync<R>(id: string, spent: Spent, work: (value: T) => R): { result: R } | undefined {
    const entry = this.#usable(id, spent);
    return entry && { result: work(entry.value) };
  }

  /** Loads a value again, whatever is on its way; the one that is there is given out until then. */
  async reload(id: string): Promise<void> {
    this.#loading.delete(id);
    this.#failures.delete(id);
    await this.#load(id);
  }

  /** How long ago a value was loaded; 0 where there is none. */
  ageMs(id: string): number {
    const entry = this.#entries.get(id);
    return entry ? this.#now() - entry.loadedAt : 0;
  }

  /** Whether a value is to be loaded again within a third of its age, so that who keeps it warm does so now. */
  isAgeing(id: string): boolean {
    const entry = this.#entries.get(id);
    return !entry || entry.expiredAt !== undefined || this.#now() - entry.loadedAt > (this.#limits.maxAgeMs * 2) / 3;
  }

  /** Forgets a value and failures to load it. */
  evict(id: string): void {
    this.#failures.delete(id);
    this.#loading.delete(id); // what is on its way is older than the reason to forget it
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#retire(entry);
  }

  /** Forgets all. */
  clear(): void {
    for (const id of [...this.#entries.keys(), ...this.#loading.keys()]) this.evict(id);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry, if it may be used: within its limits, or past them but within the grace. */
  #usable(id: string, { uses, bytes }: Spent): Entry<T> | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const now = this.#now();
    const { maxAgeMs, maxUses, maxBytes } = this.#limits;
    const agedAt = entry.loadedAt + maxAgeMs;
    if (agedAt <= now) entry.expiredAt ??= agedAt;
    else if (entry.uses + uses > maxUses || entry.bytes + bytes > maxBytes) entry.expiredAt ??= now;
    if (entry.expiredAt !== undefined) {
      if (now >= entry.expiredAt + STALE_GRACE_MS) {
        if (!this.#loading.has(id)) this.evict(id);
        return undefined;
      }
      this.#load(id).catch(() => {}); // tried again at each use; who comes after the grace learns of it
    }
    entry.uses += uses;
    entry.bytes += bytes;
    // The order of the map is the order of use.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  async #loaded(id: string, { uses, bytes }: Spent): Promise<Entry<T>> {
    const entry = await this.#load(id);
    entry.uses += uses;
    entry.bytes += bytes;
    return entry;
  }

  #load(id: string): Promise<Entry<T>> {
    const failure = this.#failures.get(id);
    if (failure && this.#now() - failure.at < NEGATIVE_MS) return Promise.reject(failure.error);
    const running = this.#loading.get(id);
    if (running !== undefined) return running;
    const loading: Promise<Entry<T>> = this.#options.load(id).then(
      (value) => {
        const entry: Entry<T> = {
          value,
          loadedAt: this.#now(),
          uses: 0,
          bytes: 0,
          holders: 0,
          isEvicted: false,
          isDisposed: false,
          expiredAt: undefined,
        };
        if (this.#loading.get(id) === loading) {
          this.evict(id);
          this.#entries.set(id, entry);
          this.#evictOldest();
        } else {
          this.#retire(entry); // forgotten while it was on its way: for those who wait, and then gone
        }
        return entry;
      },
      (error: unknown) => {
        if (this.#loading.get(id) === loading) {
          this.#loading.delete(id);
          this.#failures.set(id, { error, at: this.#now() });
          if (this.#failures.size > this.#limits.maxEntries) this.#failures.delete(this.#failures.keys().next().value!);
        }
        throw error;
      },
    );
    this.#loading.set(id, loading);
    return loading;
  }

  #evictOldest(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.maxEntries) return;
      this.evict(id);
    }
  }

  // Not at once: who waited for the value may have been told, and not have taken hold of it yet.
  #retire(entry: Entry<T>): void {
    entry.isEvicted = true;
    setImmediate(() => {
      if (entry.holders === 0 && !entry.isDisposed) this.#dispose(entry);
    });
  }

  #release(entry: Entry<T>): void {
    entry.holders--;
    if (entry.isEvicted && entry.holders === 0 && !entry.isDisposed) this.#retire(entry);
  }

  #dispose(entry: Entry<T>): void {
    entry.isDisposed = true;
    this.#options.dispose(entry.value);
  }

  /** A clock that is set back makes nothing younger. */
  #now(): number {
    this.#latest = Math.max(this.#latest, this.#options.now());
    return this.#latest;
  }
}
