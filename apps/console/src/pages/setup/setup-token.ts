/** The part of the window that `takeSetupToken` needs. */
interface SetupWindow {
  location: { pathname: string; search: string; hash: string };
  history: { replaceState(data: unknown, unused: string, url: string): void };
}

/**
 * Reads the token of a set-up link (`/setup#<token>`) and takes it out of the address bar and the history.
 * A fragment is never sent to a server, so it is in no log either. Call it before the router reads the address.
 */
export function takeSetupToken({ location, history }: SetupWindow): string | undefined {
  if (location.pathname !== '/setup' || location.hash.length < 2) return undefined;
  const token = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/** The token from what a person pasted: the whole link, or the token alone. */
export function tokenFromText(text: string): string {
  const trimmed = text.trim();
  return trimmed.slice(trimmed.lastIndexOf('#') + 1);
}
