import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from './errors.ts';

/**
 * Answers a path without a route with 404, and a path with routes for other methods alone with 405 and their list.
 * Call it before routes are added.
 */
export function answerMissingRoutes(app: FastifyInstance): void {
  const methodsByPattern = new Map<string, Set<string>>();

  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const methods = methodsByPattern.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByPattern.set(url, methods);
  });

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const [path = ''] = request.url.split('?', 1);
    const allowed = methodsByPattern.entries().find(([pattern]) => fits(path, pattern))?.[1];
    // A path that has the method got here because its handler found nothing.
    if (allowed === undefined || allowed.has(request.method)) throw new RequestError('ERR_NOT_FOUND');
    reply.header('allow', [...allowed].join(', '));
    throw new RequestError('ERR_METHOD');
  });
}

function fits(path: string, pattern: string): boolean {
  const given = path.split('/');
  const wanted = pattern.split('/');
  const isParameter = (segment: string) => segment.startsWith(':');
  return (
    given.length === wanted.length &&
    wanted.every((segment, at) => (isParameter(segment) ? given[at] !== '' : given[at] === segment))
  );
}
