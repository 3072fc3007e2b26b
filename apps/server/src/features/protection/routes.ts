import { Protection, type ProtectionLayer } from '@bulwark/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';

interface Deps {
  readonly layers: () => Promise<ProtectionLayer[]>;
}

/** Which protection layers are on. */
export const protectionRoutes: FastifyPluginAsyncZod<Deps> = async (app, { layers }) => {
  app.get(
    '/api/protection',
    {
      config: { access: 'session', limit: { max: 60, windowSeconds: 60 } },
      schema: { response: { 200: Protection } },
    },
    async () => ({ layers: await layers() }),
  );
};
