import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { build, type Rolldown } from 'vite';

describe('the built page', () => {
  let html: string;
  const files = new Map<string, string | Uint8Array>();

  before(async () => {
    const result = await build({ root: import.meta.dirname, logLevel: 'error', build: { write: false } });
    const [bundle] = (Array.isArray(result) ? result : [result]) as [Rolldown.RolldownOutput];
    for (const file of bundle.output) files.set(file.fileName, file.type === 'chunk' ? file.code : file.source);
    html = String(files.get('index.html'));
  });

  test('names the hash of every script and stylesheet', () => {
    const tags = [...html.matchAll(/<(?:script|link)[^>]+(?:src|href)="\/(assets\/[^"]+)"[^>]*>/g)];
    assert.equal(tags.length, 2);
    for (const [tag, file = ''] of tags) {
      const digest = createHash('sha384')
        .update(files.get(file) ?? '')
        .digest('base64');
      assert.ok(tag.includes(` integrity="sha384-${digest}"`), tag);
    }
  });

  test('is one script and one stylesheet, so that no part is loaded without a hash', () => {
    const kinds = [...files.keys()].filter((name) => /\.(js|css)$/.test(name)).map((name) => name.split('.').at(-1));
    assert.deepEqual(kinds.sort(), ['css', 'js']);
  });

  test('has no inline script, style or data: URL', () => {
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/);
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|data:/);
    const css = [...files].find(([name]) => name.endsWith('.css'))?.[1];
    assert.doesNotMatch(String(css), /url\(|@import/);
  });
});
