import type { FastifyInstance, FastifyPluginCallback, FastifyPluginOptions } from 'fastify';

/**
 * A Fastify plugin whose hooks also hold for the scope that registers it, not only for the plugin itself.
 *
 * @param name Shown in Fastify's plugin tree.
 */
export function plugin<Options extends FastifyPluginOptions>(
  name: string,
  install: (app: FastifyInstance, options: Options) => void,
): FastifyPluginCallback<Options> {
  const callback: FastifyPluginCallback<Options> = (app, options, done) => {
    install(app, options);
    done();
  };
  // What the fastify-plugin package does, which is documented as the way without it.
  return Object.assign(callback, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: `@bulwark/guard/${name}`,
  });
}
