import { plugin } from './plugin.ts';

/** strict: pages and their files · api: answers for programs, never kept by a cache. */
export type HeaderPreset = 'strict' | 'api';

type Headers = Readonly<Record<string, string | undefined>>;

// Every feature that a page could ask for and no page of ours does.
const DENIED_FEATURES = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];

const COMMON: Headers = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // The filter it controlled leaked pages across sites; 0 turns it off in browsers that still have it.
  'x-xss-protection': '0',
  'referrer-policy': 'no-referrer',
  'permissions-policy': DENIED_FEATURES.map((feature) => `${feature}=()`).join(', '),
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const PRESETS: Readonly<Record<HeaderPreset, Headers>> = {
  strict: {
    ...COMMON,
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      "connect-src 'self'",
      "manifest-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'cache-control': undefined,
  },
  api: {
    ...COMMON,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  },
};

/** What tells an attacker which holes to try. */
const IDENTIFYING = ['server', 'x-powered-by'];

/**
 * Sets the security headers of a preset on every answer of a scope, errors included. Set them again in an inner scope
 * to give it another preset; a route may overwrite single headers.
 *
 * They are set as the request comes in, so that a handler that takes over the socket finds them in
 * `reply.getHeaders()`. Strict-Transport-Security is for two years and includes subdomains.
 */
export const securityHeaders = plugin<{ preset: HeaderPreset }>('security-headers', (app, { preset }) => {
  const headers = Object.entries(PRESETS[preset]);
  app.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of headers) {
      if (value === undefined) reply.removeHeader(name);
      else reply.header(name, value);
    }
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    for (const name of IDENTIFYING) reply.removeHeader(name);
    done();
  });
});

/** The headers of a preset, for answers that do not pass through a route. */
export function headersOf(preset: HeaderPreset): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(PRESETS[preset])) if (value !== undefined) headers[name] = value;
  return headers;
}
