import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { securityHeaders } from '@bulwark/guard';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from './errors.ts';

const INDEX = 'index.html';
/** Where the build puts files whose names carry a hash of their content. */
const HASHED = /^assets\//;
/** Paths of programs; a page is never the answer there. */
const NOT_PAGES = /^(?:api|v1)(?:\/|$)/;

const LIMIT = { max: 600, windowSeconds: 60 };

/**
 * Serves the web console: its files, and its one page for every other address that a person opens, since the console
 * itself reads the address. Files are those that exist when the server starts; nothing else can be asked for.
 */
export const serveConsole: FastifyPluginAsync<{ dir: string }> = async (app, { dir }) => {
  const files = await filesIn(dir);
  await app.register(securityHeaders, { preset: 'strict' });
  await app.register(fastifyStatic, { root: path.resolve(dir), serve: false, cacheControl: false });

  const config = { access: 'public', limit: LIMIT } as const;
  app.get<{ Params: { '*': string } }>('/*', { config, schema: { response: {} } }, (request, reply) => {
    const file = request.params['*'] || INDEX;
    if (file !== INDEX && files.has(file)) {
      reply.header('cache-control', HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache');
      return reply.sendFile(file);
    }
    if (NOT_PAGES.test(file) || HASHED.test(file) || !wantsPage(request)) return reply.callNotFound();
    if (!files.has(INDEX)) return sendNotBuilt(reply);
    return reply.header('cache-control', 'no-cache').sendFile(INDEX);
  });
};

async function filesIn(dir: string): Promise<ReadonlySet<string>> {
  if (!existsSync(dir)) return new Set();
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Set(files.map(({ parentPath, name }) => path.relative(dir, path.join(parentPath, name))));
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  const { message } = new RequestError('ERR_CONSOLE_MISSING');
  const page = `<!doctype html><html lang="en"><title>Bulwark</title><p>${message}</p></html>\n`;
  return reply.code(503).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
}
