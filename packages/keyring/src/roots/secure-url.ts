import { misconfigured } from './root-fault.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * An address that tokens and keys may be sent to: https, or http to this machine, where agents that add TLS listen.
 *
 * @param what Names the setting in the message.
 * @throws KeyringError ERR_ROOT_CONFIG
 */
export function requireSecureUrl(text: string, what: string): URL {
  const url = URL.parse(text);
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url === null || !isSecure) throw misconfigured(`${what} must be an https address, or http to this machine`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw misconfigured(`${what} must have no credentials, query or fragment`);
  }
  return url;
}
