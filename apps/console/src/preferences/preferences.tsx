import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { Zone } from '../format/time.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** How this person wants to see things. Only the theme outlives the tab. */
export interface Preferences {
  theme: Theme;
  setTheme: (theme: Theme) => void;
  zone: Zone;
  setZone: (zone: Zone) => void;
  /** Keys without a modifier can be turned off (WCAG 2.2, 2.1.4). */
  shortcuts: boolean;
  setShortcuts: (on: boolean) => void;
}

const THEME_KEY = 'bulwark.theme';
const PreferencesContext = createContext<Preferences | null>(null);

/** Holds the preferences and puts the theme on the root element. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState(storedTheme);
  const [zone, setZone] = useState<Zone>('local');
  const [shortcuts, setShortcuts] = useState(true);

  useEffect(() => {
    if (theme === 'system') {
      document.documentElement.removeAttribute('data-theme');
      localStorage.removeItem(THEME_KEY);
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem(THEME_KEY, theme);
    }
  }, [theme]);

  const preferences = useMemo(
    () => ({ theme, setTheme, zone, setZone, shortcuts, setShortcuts }),
    [theme, zone, shortcuts],
  );
  return <PreferencesContext value={preferences}>{children}</PreferencesContext>;
}

/** The preferences and the ways to change them. */
export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (preferences === null) throw new Error('usePreferences is called outside PreferencesProvider');
  return preferences;
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(THEME_KEY);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}
