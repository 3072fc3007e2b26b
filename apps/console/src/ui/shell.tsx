import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { formatZone } from '../format/time.ts';
import { usePreferences } from '../preferences/preferences.tsx';
import css from './shell.module.css';
import { useShortcuts } from './shortcuts.ts';
import { UserMenu } from './user-menu.tsx';
import { Wordmark } from './wordmark.tsx';

/** What surrounds every page of a signed-in person. */
export function Shell() {
  const main = useFocusOnPageChange();
  useShortcuts();
  return (
    <>
      <a className={css.skip} href="#main">
        Skip to the content
      </a>
      <header className={css.bar}>
        <Link to="/" className={css.home} aria-label="Bulwark, fleet">
          <Wordmark />
        </Link>
        <nav className={css.nav} aria-label="Pages">
          <Link to="/" activeOptions={{ exact: true, includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
            Fleet
          </Link>
          <Link to="/protection" activeProps={{ 'aria-current': 'page' }}>
            Protection
          </Link>
        </nav>
        <div className={css.end}>
          <ZoneSwitch />
          <UserMenu />
        </div>
      </header>
      <main id="main" ref={main} className={css.main} tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

function ZoneSwitch() {
  const { zone, setZone } = usePreferences();
  const other = zone === 'UTC' ? 'local' : 'UTC';
  const name = formatZone(Date.now(), zone);
  return (
    <button
      type="button"
      className={css.zone}
      onClick={() => setZone(other)}
      title={`Show times in ${other === 'UTC' ? 'UTC' : 'your zone'}`}
    >
      <span className="visually-hidden">Times are in </span>
      {zone === 'UTC' ? 'UTC' : `Local · ${name}`}
    </button>
  );
}

/** A new page starts at its top for the keyboard and the screen reader too. */
function useFocusOnPageChange() {
  const main = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
