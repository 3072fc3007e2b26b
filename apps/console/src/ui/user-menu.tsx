import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useClient } from '../api/client-context.ts';
import { sessionQuery } from '../api/queries.ts';
import { useSignOut } from '../api/sign-out.ts';
import { THEMES, usePreferences } from '../preferences/preferences.tsx';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';
import { Segmented } from './segmented.tsx';
import { SHORTCUTS } from './shortcuts.ts';
import css from './user-menu.module.css';

const THEME_CHOICES = THEMES.map((theme) => ({ value: theme, label: theme.charAt(0).toUpperCase() + theme.slice(1) }));
const ZONE_CHOICES = [
  { value: 'local', label: 'Local' },
  { value: 'UTC', label: 'UTC' },
] as const;

/** Who is signed in, how things look, and the way out. */
export function UserMenu() {
  const menuId = useId();
  const { data: session } = useQuery(sessionQuery(useClient()));
  const { theme, setTheme, zone, setZone, shortcuts, setShortcuts } = usePreferences();
  const { signOut, failed } = useSignOut();
  if (!session) return null;
  const { username, role } = session.user;

  return (
    <>
      <button type="button" className={css.opener} popoverTarget={menuId}>
        <span className={css.initial} aria-hidden="true">
          {[...username][0]}
        </span>
        <span className="visually-hidden">Menu of </span>
        <span className={css.name}>{username}</span>
      </button>
      <div id={menuId} popover="auto" className={css.menu} role="dialog" aria-label="Your menu">
        <div className={css.part}>
          <div>
            <strong>{username}</strong>
            <div className={css.role}>{role === 'administrator' ? 'Administrator' : 'Viewer'}</div>
          </div>
        </div>
        <div className={css.part}>
          <span className={css.label}>Theme</span>
          <Segmented label="Theme" value={theme} choices={THEME_CHOICES} onChange={setTheme} />
          <span className={css.label}>Times in</span>
          <Segmented label="Times in" value={zone} choices={ZONE_CHOICES} onChange={setZone} />
        </div>
        <div className={css.part}>
          <dl className={css.keys}>
            {SHORTCUTS.map(([keys, action]) => (
              <div key={keys} style={{ display: 'contents' }}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{action}</dd>
              </div>
            ))}
          </dl>
          <label className={css.toggle}>
            <input type="checkbox" checked={shortcuts} onChange={(event) => setShortcuts(event.target.checked)} />
            Keyboard shortcuts
          </label>
        </div>
        <div className={css.part}>
          {failed && <Notice look="danger">Signing out failed: the server cannot be reached.</Notice>}
          <Button onClick={signOut}>Sign out</Button>
        </div>
      </div>
    </>
  );
}
