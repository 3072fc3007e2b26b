import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFrameSealer, deriveFrameKey, FRAME_HEADER_BYTES, openFrame, parseFrameHeader } from './frame.ts';

const secret = Buffer.alloc(32, 7);
const boot = { agentId: Buffer.alloc(16, 1), keyEpoch: 1, bootId: Buffer.alloc(16, 2) };
const key = deriveFrameKey(secret, boot, 'agent-to-server');
const body = Buffer.from('cpu 12.5');
const sealOne = () => createFrameSealer(secret, boot).seal('batch', body);
const flipped = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));

function open(frame: Buffer, frameKey = key): Buffer {
  return openFrame(frameKey, parseFrameHeader(frame), frame);
}

describe('a frame', () => {
  test('opens to its body, with its header in clear', () => {
    const frame = sealOne();
    assert.deepEqual(open(frame), body);
    const { kind, sequence, keyEpoch } = parseFrameHeader(frame);
    assert.deepEqual({ kind, sequence, keyEpoch }, { kind: 'batch', sequence: 0, keyEpoch: 1 });
  });

  test('is numbered by the one before it', () => {
    const sealer = createFrameSealer(secret, boot);
    assert.deepEqual(
      [0, 1, 2].map(() => parseFrameHeader(sealer.seal('batch', body)).sequence),
      [0, 1, 2],
    );
  });

  test('refuses to open with any byte changed', () => {
    const frame = sealOne();
    for (let at = 0; at < frame.length; at++) {
      assert.throws(() => open(flipped(frame, at)), { name: 'TelemetryError' }, `byte ${at}`);
    }
  });
});

describe('openFrame refuses', () => {
  const frame = sealOne();
  const otherBoot = { ...boot, bootId: Buffer.alloc(16, 3) };
  const cases = [
    { name: 'the key of another secret', key: deriveFrameKey(Buffer.alloc(32, 8), boot, 'agent-to-server') },
    { name: 'the key of another boot', key: deriveFrameKey(secret, otherBoot, 'agent-to-server') },
    { name: 'the key of the other direction', key: deriveFrameKey(secret, boot, 'server-to-agent') },
    {
      name: 'the key of another agent',
      key: deriveFrameKey(secret, { ...boot, agentId: Buffer.alloc(16, 9) }, 'agent-to-server'),
    },
  ];
  for (const c of cases) test(c.name, () => assert.throws(() => open(frame, c.key), { code: 'ERR_FRAME_OPEN' }));
});

describe('parseFrameHeader refuses', () => {
  const frame = sealOne();
  const withByte = (at: number, value: number) => Buffer.from(frame).fill(value, at, at + 1);
  const cases = [
    {
      name: 'a clear JSON payload',
      code: 'ERR_FRAME_VERSION',
      frame: Buffer.from(JSON.stringify({ cpu: 'x'.repeat(80) })),
    },
    { name: 'a header without a body', code: 'ERR_FRAME_FORMAT', frame: frame.subarray(0, FRAME_HEADER_BYTES) },
    { name: 'an unknown version', code: 'ERR_FRAME_VERSION', frame: withByte(0, 2) },
    { name: 'an unknown cipher', code: 'ERR_FRAME_VERSION', frame: withByte(1, 0) },
    { name: 'an unknown kind', code: 'ERR_FRAME_FORMAT', frame: withByte(3, 77) },
    { name: 'a number past the limit of a key', code: 'ERR_FRAME_FORMAT', frame: withByte(43, 1) },
  ];
  for (const c of cases) {
    test(c.name, () => assert.throws(() => parseFrameHeader(c.frame), { name: 'TelemetryError', code: c.code }));
  }
});
