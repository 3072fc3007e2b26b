/** Things that one caller at a time may use, such as sessions; callers wait their turn, first come first served. */
export interface Pool<T> {
  use<R>(work: (item: T) => Promise<R>): Promise<R>;
}

/** @param items At least one. */
export function poolOf<T>(items: readonly T[]): Pool<T> {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];

  return {
    async use(work) {
      const item = free.pop() ?? (await new Promise<T>((resolve) => waiting.push(resolve)));
      try {
        return await work(item);
      } finally {
        const next = waiting.shift();
        if (next) next(item);
        else free.push(item);
      }
    },
  };
}
