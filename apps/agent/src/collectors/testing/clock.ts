/** A clock that stands still until it is moved. */
export function manualClock(): { now: () => number; advance(ms: number): void } {
  let at = 0;
  return {
    now: () => at,
    advance: (ms) => {
      at += ms;
    },
  };
}
