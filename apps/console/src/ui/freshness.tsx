import type { StreamState } from '../api/sse.ts';
import { formatClockSeconds } from '../format/time.ts';
import { usePreferences } from '../preferences/preferences.tsx';
import css from './freshness.module.css';

interface FreshnessProps {
  stream: StreamState;
  /** When the last refresh failed: the time of the data still shown, ms. */
  staleSince: number | undefined;
}

/** Says whether what is on the page is true now. */
export function Freshness({ stream, staleSince }: FreshnessProps) {
  const { zone } = usePreferences();
  const [look, words] =
    staleSince !== undefined
      ? [css.stale, `Stale since ${formatClockSeconds(staleSince, zone)}`]
      : stream === 'live'
        ? [css.live, 'Live']
        : stream === 'paused'
          ? ['', 'Paused']
          : ['', 'Connecting…'];
  return (
    <span className={`${css.freshness} ${look}`} role="status">
      <span className={css.dot} aria-hidden="true" />
      {words}
    </span>
  );
}
