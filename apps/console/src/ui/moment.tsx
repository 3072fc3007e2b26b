import { formatAbsolute, formatAgo } from '../format/time.ts';
import { usePreferences } from '../preferences/preferences.tsx';

/** How long ago something was; the full date on hover. `now` is the server's, ms. */
export function Ago({ at, now }: { at: number; now: number }) {
  const { zone } = usePreferences();
  return (
    <time dateTime={new Date(at).toISOString()} title={formatAbsolute(at, zone)}>
      {formatAgo(at, now)}
    </time>
  );
}

/** A moment in full, in the zone the person chose. */
export function Moment({ at }: { at: number }) {
  const { zone } = usePreferences();
  return <time dateTime={new Date(at).toISOString()}>{formatAbsolute(at, zone)}</time>;
}
