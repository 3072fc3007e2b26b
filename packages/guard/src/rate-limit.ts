import type { FastifyReply } from 'fastify';
import { clientNetwork } from './client-network.ts';
import { GuardError } from './errors.ts';
import { createLimiter, type Limit, type Limiter, type Standing } from './limiter.ts';
import { plugin } from './plugin.ts';

/** What a route gives as `config.limit`. */
export interface RouteLimit extends Limit {
  /** What is counted: the client's network, /24 or /64. The default, and for now the only choice. */
  readonly by?: 'address';
}

declare module 'fastify' {
  interface FastifyContextConfig {
    limit?: RouteLimit;
  }
}

/**
 * Limits requests per route and client network, for routes with a `config.limit`. The counter belongs to the route's
 * pattern, so that no spelling of a path has a counter of its own; `request.ip` decides the network, so give Fastify's
 * `trustProxy` the addresses of your proxies and nothing else.
 *
 * Answers carry RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10), a refusal also Retry-After.
 * Fails with GuardError ERR_RATE_LIMIT.
 */
export const rateLimit = plugin<Record<never, never>>('rate-limit', (app) => {
  const limiters = new Map<string, Limiter>();

  app.addHook('onRequest', async (request, reply) => {
    const { limit } = request.routeOptions.config;
    if (limit === undefined) return;
    const method = request.method === 'HEAD' ? 'GET' : request.method; // one route to Fastify, so one counter
    const route = `${method} ${request.routeOptions.url}`;
    const limiter = limiters.get(route) ?? createLimiter(limit);
    limiters.set(route, limiter);

    const standing = await limiter.count(clientNetwork(request.ip));
    setHeaders(reply, limit, standing);
    if (standing.isAllowed) return;
    throw new GuardError('ERR_RATE_LIMIT', `Too many requests. Try again in ${standing.resetSeconds} s.`);
  });
});

function setHeaders(reply: FastifyReply, { max, windowSeconds }: Limit, standing: Standing): void {
  reply.header('ratelimit-policy', `"address";q=${max};w=${windowSeconds}`);
  reply.header('ratelimit', `"address";r=${standing.remaining};t=${standing.resetSeconds}`);
  if (!standing.isAllowed) reply.header('retry-after', standing.resetSeconds);
}
