/**
 * Where to go after signing in: a path of this console, or '/'.
 *
 * The value comes from the address, so it may lead anywhere; whatever a browser would read as another origin
 * (`//host`, `/\host`, `javascript:`) is refused.
 */
export function returnPath(value: string | undefined, origin: string): string {
  if (value === undefined || !value.startsWith('/')) return '/';
  const url = URL.parse(value, origin);
  if (url === null || url.origin !== origin) return '/';
  const path = url.pathname + url.search;
  return path.startsWith('//') || url.pathname === '/sign-in' ? '/' : path;
}
