import { useEffect, useState } from 'react';

/** The time of this machine's clock, ms, again every `everyMs`. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/**
 * The time of the server's clock, ms. Ages are told by it, so that a wrong clock here does not make a live machine old.
 *
 * @param serverTime What the server called "now" in an answer received at `receivedAt` of this machine's clock.
 */
export function useServerNow(serverTime: number | undefined, receivedAt: number): number {
  const now = useNow();
  return serverTime === undefined ? now : serverTime + Math.max(0, now - receivedAt);
}
