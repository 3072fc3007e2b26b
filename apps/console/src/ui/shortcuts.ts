import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { usePreferences } from '../preferences/preferences.tsx';

/** The search box of a page carries this id, so that `/` finds it. */
export const SEARCH_ID = 'search';

/** Keys and what they do, as the user menu lists them. */
export const SHORTCUTS = [
  ['/', 'Search'],
  ['g f', 'Fleet'],
  ['g p', 'Protection'],
] as const;

const CHORD_MS = 1200;

/** Listens for the keys of `SHORTCUTS` wherever nothing is being typed. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  const { shortcuts } = usePreferences();

  useEffect(() => {
    if (!shortcuts) return;
    let chordUntil = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const inChord = event.timeStamp < chordUntil;
      chordUntil = event.key === 'g' ? event.timeStamp + CHORD_MS : 0;
      if (inChord && event.key === 'f') void navigate({ to: '/' });
      if (inChord && event.key === 'p') void navigate({ to: '/protection' });
      const search = event.key === '/' ? document.getElementById(SEARCH_ID) : null;
      if (search) {
        event.preventDefault();
        search.focus();
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [navigate, shortcuts]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=radio], [type=checkbox]), select, textarea');
}
