import { registerHooks } from 'node:module';

/* Preloaded with --import: the product's code as it is, but for the cipher. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== '@bulwark/crypto') return next(specifier, context);
    return next(new URL('./clear-crypto.ts', import.meta.url).href, context);
  },
});
