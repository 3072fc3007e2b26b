/** A machine's clock may run this far ahead of the server's before its word stops counting. */
const AHEAD_MAX_MS = 5 * 60_000;

/** When a sample was taken: by the machine's clock, or when it came in where that clock is in the future. */
export function sampleTime(machineMs: number, receivedAt: number): number {
  return machineMs > receivedAt + AHEAD_MAX_MS ? receivedAt : machineMs;
}
