/**
 * Works on up to `width` items at a time and gives the results in the items' order.
 *
 * Slot `n` of 0 to width - 1 is the work's alone until the consumer asks for the next result, so that buffers can be kept
 * one to a slot. A consumer that is slow to ask is what holds back the work.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item, slot: number) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const underWay: Promise<Result>[] = [];
  const queue = items[Symbol.iterator]();
  let started = 0;
  const startNext = () => {
    const next = queue.next();
    if (next.done) return;
    const result = work(next.value, started++ % width);
    result.catch(() => {}); // reported when its turn comes
    underWay.push(result);
  };
  try {
    for (let i = 0; i < width; i++) startNext();
    for (let result = underWay.shift(); result !== undefined; result = underWay.shift()) {
      yield await result;
      startNext();
    }
  } finally {
    // Work that is left must not outlive its buffers and files.
    await Promise.allSettled(underWay);
  }
}
