import { randomUUID } from 'node:crypto';
import { csrf, headersOf, rateLimit, securityHeaders } from '@bulwark/guard';
import cookie from '@fastify/cookie';
import fastify, { type FastifyBaseLogger, type FastifyServerFactory } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { controlAccess, type SessionLookup, sessionInUse } from './access.ts';
import { serveConsole } from './console.ts';
import { handleError } from './error-handler.ts';
import { answerMissingRoutes } from './not-found.ts';
import { RequestLog } from './request-log.ts';

/** The header in which pages send the token of their session. */
export const CSRF_HEADER = 'X-Bulwark-CSRF';

const BODY_LIMIT_BYTES = 64 * 1024;

export interface AppOptions {
  log: FastifyBaseLogger;
  /** Origins of the console's pages, `https://host[:port]`. */
  publicOrigins: readonly string[];
  sessions: SessionLookup;
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed; without it nobody's is. */
  trustProxy?: string[] | undefined;
  /** Makes the TLS server; without it the app speaks clear HTTP. */
  serverFactory?: FastifyServerFactory | undefined;
  /** Where the built console lies; without it only the API is served. */
  consoleDir?: string | undefined;
  bodyLimitBytes?: number | undefined;
}

/** The app that features register their routes with. */
export type App = Awaited<ReturnType<typeof createApp>>;

/**
 * The frame around every route: headers, refusal of foreign pages, limits, access, checked input and output, errors of
 * one shape, one log line a request. The order of the hooks is the order below; a request passes from the cheapest
 * check to the dearest, and its body is read only after all of them.
 */
export async function createApp({
  log,
  publicOrigins,
  sessions,
  trustProxy,
  serverFactory,
  consoleDir,
  bodyLimitBytes = BODY_LIMIT_BYTES,
}: AppOptions) {
  const app = fastify({
    loggerInstance: log,
    logController: new RequestLog(),
    // A client's own id would let it write what it likes into the log.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    trustProxy: trustProxy ?? false,
    ...(serverFactory && { serverFactory }),
    // These fail before any hook runs, so that the headers have to be set here.
    frameworkErrors(error, request, reply) {
      reply.headers({ ...headersOf('api'), 'x-request-id': request.id });
      handleError(error, request, reply);
    },
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  // Only JSON is read, so that a form of another site cannot be taken for a request of ours.
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  await app.register(securityHeaders, { preset: 'api' });
  await app.register(csrf, {
    origins: publicOrigins,
    header: CSRF_HEADER,
    expectedToken: (request) => sessionInUse(request)?.csrfToken,
  });
  await app.register(rateLimit);
  await app.register(cookie);
  controlAccess(app, sessions);
  answerMissingRoutes(app);

  if (consoleDir !== undefined) await app.register(serveConsole, { dir: consoleDir });
  return app;
}
