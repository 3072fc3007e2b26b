import { useQueries } from '@tanstack/react-query';
import { useClient } from '../../api/client-context.ts';
import type { LiveRow } from '../../api/live.ts';
import { MACHINE_PAGE, type MachineFilter, machinesQuery } from '../../api/queries.ts';

/** The rows of a table of any length, of which only the pages in view are loaded. */
export interface MachineRows {
  /** undefined until the first answer. */
  total: number | undefined;
  /** undefined while the row's page is on its way. */
  rowAt: (index: number) => LiveRow | undefined;
  serverTime: number | undefined;
  /** When the newest page came, by this machine's clock. */
  receivedAt: number;
  error: Error | null;
  refetch: () => void;
}

/** Loads the pages that hold the rows `first` to `last`, and the first page for the total. */
export function useMachineRows(filter: MachineFilter, first: number, last: number): MachineRows {
  const client = useClient();
  const pages = pagesOf(first, last);
  const results = useQueries({ queries: pages.map((page) => machinesQuery(client, filter, page)) });
  const [top] = results;
  const newest = results.reduce((one, other) => (other.dataUpdatedAt > one.dataUpdatedAt ? other : one));
  return {
    total: top?.data?.total,
    rowAt: (index) => {
      const page = results[pages.indexOf(Math.floor(index / MACHINE_PAGE))];
      const row = page?.data?.items[index % MACHINE_PAGE];
      return row && { row, receivedAt: page.dataUpdatedAt };
    },
    serverTime: newest.data?.serverTime,
    receivedAt: newest.dataUpdatedAt,
    error: results.find((result) => result.error)?.error ?? null,
    refetch: () => {
      for (const result of results) result.refetch();
    },
  };
}

function pagesOf(first: number, last: number): [number, ...number[]] {
  const pages: [number, ...number[]] = [0];
  for (let page = Math.max(1, Math.floor(first / MACHINE_PAGE)); page <= Math.floor(last / MACHINE_PAGE); page++) {
    pages.push(page);
  }
  return pages;
}
