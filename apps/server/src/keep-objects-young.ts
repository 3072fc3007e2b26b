import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from allocating the objects of requests as long-lived ones; for the whole process, best before the first
 * report.
 *
 * V8 watches what survives. After a start all agents come at once and wait for the database, so nearly all of their
 * requests survive a collection, and V8 allocates such objects among the long-lived ones from then on, for good. There
 * they are garbage a few milliseconds later, which is found late and keeps what it points to until then: a fifth of
 * the CPU of each report and a quarter of the memory (bench/RESULTS.md, ingest).
 */
export function keepObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
