import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { GuardError } from './errors.ts';
import { plugin } from './plugin.ts';

export interface CsrfOptions {
  /** Origins of the site's own pages, `https://host[:port]`. From configuration: the Host header is the client's word. */
  origins: readonly string[];
  /** Header that carries the token. */
  header: string;
  /** Token of the session whose rights the request uses; undefined where it uses none. Called after onRequest hooks. */
  expectedToken: (request: FastifyRequest) => string | undefined;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Refuses requests that another site made the browser send. Every request that may change something passes three
 * checks, the first two before anything else looks at it:
 *
 * 1. Sec-Fetch-Site, where sent, is same-origin or none. Subdomains are other sites.
 * 2. Origin, where sent, is one of `origins`. A request with neither header comes from a program, not from a browser;
 *    it passes only without cookies, since it is cookies that a browser adds unasked.
 * 3. A request that uses a session carries the token of that session in `header`, compared in constant time.
 *
 * OWASP CSRF cheat sheet: fetch metadata, origin check and synchroniser token together.
 *
 * Fails with GuardError ERR_CROSS_SITE, ERR_ORIGIN or ERR_CSRF_TOKEN.
 */
export const csrf = plugin<CsrfOptions>('csrf', (app, { origins, header, expectedToken }) => {
  const ownOrigins = new Set(origins);
  const tokenHeader = header.toLowerCase();

  app.addHook('onRequest', (request, _reply, done) => {
    done(SAFE_METHODS.has(request.method) ? undefined : refuseForeign(request, ownOrigins));
  });

  // Between the last onRequest hook, by when the session is known, and the reading of the body.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const expected = SAFE_METHODS.has(request.method) ? undefined : expectedToken(request);
    if (expected === undefined || isEqual(request.headers[tokenHeader], expected)) done(null, payload);
    else done(new GuardError('ERR_CSRF_TOKEN', `The ${header} header is missing or not of this session.`));
  });
});

function refuseForeign(request: FastifyRequest, ownOrigins: ReadonlySet<string>): GuardError | undefined {
  const { origin, cookie, 'sec-fetch-site': site } = request.headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return new GuardError('ERR_CROSS_SITE', 'This request was sent by another site.');
  }
  if (origin !== undefined && !ownOrigins.has(origin)) {
    return new GuardError('ERR_ORIGIN', 'This request was sent by a page of another origin.');
  }
  if (site === undefined && origin === undefined && cookie !== undefined) {
    return new GuardError('ERR_ORIGIN', 'A request with cookies must say from which origin it comes.');
  }
  return undefined;
}

function isEqual(given: string | string[] | undefined, expected: string): boolean {
  const a = Buffer.from(typeof given === 'string' ? given : '');
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
