import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * Adds `integrity` to each script and stylesheet of the built page, so that a changed file does not run
 * (W3C Subresource Integrity). The whole console is one script and one stylesheet: a chunk loaded later would escape it.
 */
export function integrity(): Plugin {
  return {
    name: 'bulwark:integrity',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') this.error('index.html is not among the built files');
        page.source = String(page.source).replace(
          /<(?:script|link)\b[^>]*\b(?:src|href)="\/(assets\/[^"]+)"/g,
          (tag, file: string) => {
            const built = bundle[file];
            if (built === undefined) this.error(`index.html names ${file}, which was not built`);
            const digest = createHash('sha384')
              .update(built.type === 'chunk' ? built.code : built.source)
              .digest('base64');
            return `${tag} integrity="sha384-${digest}"`;
          },
        );
      },
    },
  };
}
