import type { ProcessEntry } from '@bulwark/protocol';
import { count, text } from './limits.ts';

const TOP = 5; // the protocol's limit
const CPU_MAX = 102_400; // 1024 cores

/** The five with the greatest weight, heaviest first; those without weight are left out. */
export function heaviest<T>(items: T[], weight: (item: T) => number): T[] {
  return items
    .filter((item) => weight(item) > 0)
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, TOP);
}

/** A process within the protocol's limits; CPU to one decimal. */
export function processEntry({ pid, name, user, cpu, memoryBytes }: ProcessEntry): ProcessEntry {
  return {
    pid,
    name: text(name),
    user: text(user),
    cpu: Math.min(Math.round(Math.max(0, cpu) * 10) / 10, CPU_MAX),
    memoryBytes: count(memoryBytes),
  };
}
