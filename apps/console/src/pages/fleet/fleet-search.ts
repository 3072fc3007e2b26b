import type { MachineQuery, MachineStatus } from '@bulwark/protocol';
import type { MachineFilter } from '../../api/queries.ts';

export const STATUSES = ['online', 'warning', 'offline'] as const satisfies readonly MachineStatus[];

/** The columns one can sort by, and the way that is meant when one of them is chosen. */
export const SORTS = {
  name: 'asc',
  status: 'desc',
  cpu: 'desc',
  memory: 'desc',
  disk: 'desc',
  lastSeen: 'desc',
} as const satisfies Record<MachineQuery['sort'], MachineQuery['order']>;

/** The fleet page's state in the address; what is left out has its default. */
export type FleetSearch = { [Name in keyof MachineFilter]?: MachineFilter[Name] | undefined };

/** Reads the address, and passes over what makes no sense. */
export function parseFleetSearch(search: Record<string, unknown>): FleetSearch {
  const parsed: FleetSearch = {};
  if (typeof search.search === 'string' && search.search !== '') parsed.search = search.search.slice(0, 128);
  const status = STATUSES.find((one) => one === search.status);
  if (status) parsed.status = status;
  if (typeof search.sort === 'string' && Object.hasOwn(SORTS, search.sort)) {
    parsed.sort = search.sort as MachineFilter['sort'];
  }
  if (search.order === 'asc' || search.order === 'desc') parsed.order = search.order;
  return parsed;
}

/** The whole filter, with defaults. */
export function filterOf({ search, status, sort = 'name', order = SORTS[sort] }: FleetSearch): MachineFilter {
  return { ...(search && { search }), ...(status && { status }), sort, order };
}

/** The filter after a click on a column: the other way if it was that column, else the way that is meant. */
export function sortedBy(sort: MachineFilter['sort'], filter: MachineFilter): Pick<MachineFilter, 'sort' | 'order'> {
  if (filter.sort !== sort) return { sort, order: SORTS[sort] };
  return { sort, order: filter.order === 'asc' ? 'desc' : 'asc' };
}
