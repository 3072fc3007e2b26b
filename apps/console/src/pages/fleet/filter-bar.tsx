import type { FleetSummary } from '@bulwark/protocol';
import { useEffect, useEffectEvent, useState } from 'react';
import type { MachineFilter } from '../../api/queries.ts';
import { formatCount } from '../../format/number.ts';
import { Segmented } from '../../ui/segmented.tsx';
import { useSettled } from '../../ui/settled.ts';
import { SEARCH_ID } from '../../ui/shortcuts.ts';
import { STATUS_NAMES } from '../../ui/status.tsx';
import css from './filter-bar.module.css';
import { type FleetSearch, SORTS, STATUSES } from './fleet-search.ts';
import { COLUMNS } from './machine-table.tsx';

const TYPING_SETTLES_MS = 250;

interface FilterBarProps {
  search: FleetSearch;
  filter: MachineFilter;
  summary: FleetSummary | undefined;
  onChange: (changed: FleetSearch) => void;
}

/** Search, status, and on narrow screens, which have no column heads, the order. */
export function FilterBar({ search, filter, summary, onChange }: FilterBarProps) {
  const counts = { all: summary?.machines, ...summary };
  return (
    <search className={css.bar}>
      <SearchBox value={search.search ?? ''} onChange={(text) => onChange({ search: text || undefined })} />
      <Segmented
        label="Status"
        value={search.status ?? 'all'}
        choices={(['all', ...STATUSES] as const).map((value) => ({
          value,
          label: (
            <>
              {value === 'all' ? 'All' : STATUS_NAMES[value]}
              {counts[value] !== undefined && <span className={css.count}>{formatCount(counts[value])}</span>}
            </>
          ),
        }))}
        onChange={(status) => onChange({ status: status === 'all' ? undefined : status })}
      />
      <label className={css.sort}>
        Sort by
        <select
          value={filter.sort}
          onChange={(event) => {
            const sort = event.target.value as MachineFilter['sort'];
            onChange({ sort, order: SORTS[sort] });
          }}
        >
          {COLUMNS.map(
            ({ sort, label }) =>
              sort && (
                <option key={sort} value={sort}>
                  {label}
                </option>
              ),
          )}
        </select>
      </label>
    </search>
  );
}

/** Types at once, tells a moment later. */
function SearchBox({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const settled = useSettled(text, TYPING_SETTLES_MS);
  const tell = useEffectEvent((typed: string) => {
    if (typed !== value) onChange(typed);
  });
  useEffect(() => tell(settled.trim()), [settled]);
  // The back button and "clear" change the address; the box follows.
  useEffect(() => setText((typed) => (typed.trim() === value ? typed : value)), [value]);

  return (
    <div className={css.search}>
      <input
        id={SEARCH_ID}
        type="search"
        aria-label="Search machines"
        placeholder="Search machines"
        autoComplete="off"
        spellCheck={false}
        maxLength={128}
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-keyshortcuts="/"
        onKeyDown={(event) => event.key === 'Escape' && setText('')}
      />
    </div>
  );
}
