export { clientNetwork } from './client-network.ts';
export { type CsrfOptions, csrf } from './csrf.ts';
export { GuardError, type GuardErrorCode } from './errors.ts';
export { createLimiter, type Limit, type Limiter, type Standing } from './limiter.ts';
export { type RouteLimit, rateLimit } from './rate-limit.ts';
export { type HeaderPreset, headersOf, securityHeaders } from './security-headers.ts';
