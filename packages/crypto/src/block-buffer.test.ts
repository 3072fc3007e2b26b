import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockBuffer } from './block-buffer.ts';

test('blocks and rest together are the pieces, whatever their sizes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.uint8Array({ maxLength: 30 })), (size, pieces) => {
      const buffer = new BlockBuffer(size);
      const blocks: Buffer[] = [];
      for (const piece of pieces) {
        const expected = buffer.completedBy(piece.length);
        const before = blocks.length;
        for (const block of buffer.push(piece)) blocks.push(Buffer.from(block));
        assert.equal(blocks.length - before, expected);
      }
      assert.ok(blocks.every((block) => block.length === size) && buffer.rest.length < size);
      assert.deepEqual(Buffer.concat([...blocks, buffer.rest]), Buffer.concat(pieces));
    }),
  );
});
