import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32c } from './crc32c.ts';

// RFC 3720, appendix B.4, whose bytes are in the order they are sent, and the check value of the CRC catalogue.
const cases: { name: string; bytes: Uint8Array; crc: number }[] = [
  { name: '32 bytes of zeroes', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
  { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
  { name: '32 incrementing bytes', bytes: Uint8Array.from({ length: 32 }, (_, i) => i), crc: 0x46dd794e },
  { name: '32 decrementing bytes', bytes: Uint8Array.from({ length: 32 }, (_, i) => 31 - i), crc: 0x113fdb5c },
  { name: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
  { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
];

describe('CRC-32C is right for', () => {
  for (const { name, bytes, crc } of cases) test(name, () => assert.equal(crc32c(bytes), crc));
});
