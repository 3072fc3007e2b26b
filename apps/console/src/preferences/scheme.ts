import { useSyncExternalStore } from 'react';
import { usePreferences } from './preferences.tsx';

const prefersDark = matchMedia('(prefers-color-scheme: dark)');

/** The scheme in effect. Canvas does not resolve CSS variables, so charts read their colours again when it changes. */
export function useScheme(): 'light' | 'dark' {
  const { theme } = usePreferences();
  const dark = useMediaQuery(prefersDark);
  if (theme !== 'system') return theme;
  return dark ? 'dark' : 'light';
}

/** Whether a media query matches, now and after every change. `query` must be a module constant. */
export function useMediaQuery(query: MediaQueryList): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => query.matches,
  );
}
