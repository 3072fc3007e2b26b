import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findPythonWithCryptography } from '../../../testing/find-binaries.ts';
import { assertRefused, flipBit } from '../testing/tampering.ts';
import { encodePaddedBase64Url } from './base64.ts';
import {
  decodeFernetKey,
  encodeFernetKey,
  openFernet,
  openFernetBytes,
  rotateFernet,
  sealFernet,
  sealFernetBytes,
} from './fernet.ts';
import { generateKey } from './random.ts';

const PYTHON = findPythonWithCryptography() ?? 'python3';

// https://github.com/fernet/spec, generate.json, verify.json and invalid.json.
const secret = decodeFernetKey('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=');
const valid = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const createdAt = Date.parse('1985-10-26T01:20:00-07:00') / 1000;
const invalid = [
  {
    name: 'incorrect mac',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
  },
  { name: 'too short', token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==' },
  {
    name: 'invalid base64',
    token: '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
  },
  {
    name: 'payload size not multiple of block size',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
  },
  {
    name: 'payload padding error',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
  },
  {
    name: 'far-future TS (unacceptable clock skew)',
    token: 'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
  },
  {
    name: 'expired TTL',
    now: '1985-10-26T01:21:31-07:00',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
  },
  {
    name: 'incorrect IV (causes padding error)',
    token: 'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
  },
  { name: 'trailing characters after b64 padding', token: `${valid}trailingdata` },
  {
    name: 'invalid characters in b64',
    token: '*gAAAAAAdwJ6wAAECAwQFBgcI!CQoLDA0ODy021?cpGVWKZ_eEwC@GM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  },
  {
    name: 'invalid non-urlsafe characters in b64',
    token: 'gAAAAAAdwJ6wAAEC/AwQFBgcICQoLDA0ODy+021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  },
];

test('the token of generate.json is made as published', () => {
  const iv = Uint8Array.from({ length: 16 }, (_, i) => i);
  assert.equal(encodePaddedBase64Url(sealFernetBytes(secret, Buffer.from('hello'), createdAt, iv)), valid);
});

test('the token of verify.json opens', () => {
  assert.equal(openFernet(secret, valid, { now: createdAt + 1, maxAgeSeconds: 60 }).toString(), 'hello');
});

describe('openFernet refuses, of invalid.json,', () => {
  for (const { name, token, now = '1985-10-26T01:20:01-07:00' } of invalid) {
    test(name, () => {
      const age = { now: Date.parse(now) / 1000, maxAgeSeconds: 60 };
      assertRefused(() => openFernet(secret, token, age), 'ERR_OPEN_FAILED');
    });
  }
});

describe('a Fernet token', () => {
  const key = generateKey();
  const token = sealFernet(key, Buffer.from('ada'), 1000);

  test('opens again, and refuses every change', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.nat(), (plaintext, flipAt, cutAt) => {
        const bytes = sealFernetBytes(key, plaintext, 1000, generateKey().subarray(16));
        assert.deepEqual(new Uint8Array(openFernetBytes([key], bytes).plaintext), plaintext);
        assertRefused(() => openFernetBytes([key], flipBit(bytes, flipAt % (bytes.length * 8))), 'ERR_OPEN_FAILED');
        assertRefused(() => openFernetBytes([key], bytes.subarray(0, cutAt % bytes.length)), 'ERR_OPEN_FAILED');
      }),
    );
  });

  const ages = [
    { name: 'is accepted at its creation', now: 1000, accepted: true },
    { name: 'is accepted at the end of its life', now: 1060, accepted: true },
    { name: 'is refused a second later', now: 1061, accepted: false },
    { name: 'is accepted when our clock is 60 seconds late', now: 940, accepted: true },
    { name: 'is refused when our clock is later than that', now: 939, accepted: false },
    { name: 'is refused when there is no time', now: Number.NaN, accepted: false },
  ];
  for (const { name, now, accepted } of ages) {
    test(name, () => {
      const attempt = () => openFernet(key, token, { now, maxAgeSeconds: 60 });
      if (accepted) assert.equal(attempt().toString(), 'ada');
      else assertRefused(attempt, 'ERR_OPEN_FAILED');
    });
  }
  test('never expires where no age is asked for', () => assert.equal(openFernet(key, token).toString(), 'ada'));

  test('opens with any key of a ring', () => {
    const ring = [...Array.from({ length: 15 }, generateKey), key];
    assert.equal(openFernet(ring, token).toString(), 'ada');
    assertRefused(() => openFernet(ring.slice(0, -1), token), 'ERR_OPEN_FAILED');
  });

  test('keeps its creation time when it is rotated to the first key', () => {
    const newer = generateKey();
    const rotated = rotateFernet([newer, key], token);
    assert.equal(openFernet(newer, rotated, { now: 1060, maxAgeSeconds: 60 }).toString(), 'ada');
    assertRefused(() => openFernet(newer, rotated, { now: 1061, maxAgeSeconds: 60 }), 'ERR_OPEN_FAILED');
    assertRefused(() => openFernet(key, rotated), 'ERR_OPEN_FAILED');
  });

  test('needs from 1 to 16 keys of 32 bytes', () => {
    assertRefused(() => openFernet([], token), 'ERR_ARGUMENT');
    assertRefused(() => openFernet(Array.from({ length: 17 }, generateKey), token), 'ERR_ARGUMENT');
    assertRefused(() => openFernet(key.subarray(1), token), 'ERR_KEY_LENGTH');
    assertRefused(() => sealFernet(key.subarray(1), key, 0), 'ERR_KEY_LENGTH');
    assertRefused(() => decodeFernetKey('AAAA'), 'ERR_KEY_LENGTH');
  });

  for (const now of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`is not made at the time ${now}`, () => assertRefused(() => sealFernet(key, key, now), 'ERR_ARGUMENT'));
  }
});

// Debian's python3-cryptography, through its command line, keys by standard input.
describe("Python's cryptography", () => {
  const key = generateKey();
  const messages = ['', 'a', 'exactly 16 bytes', 'Grüße, 世界', 'x'.repeat(10_000)];
  const python = (statement: string, ...lines: string[]) => {
    const script = `import sys\nfrom cryptography.fernet import Fernet\nkey, *lines = sys.stdin.read().split('\\n')\nf = Fernet(key)\nfor line in lines: ${statement}`;
    const run = spawnSync(PYTHON, ['-c', script], { input: [encodeFernetKey(key), ...lines].join('\n') });
    assert.equal(run.status, 0, run.stderr.toString());
    return run.stdout.toString().trimEnd().split('\n');
  };

  test('opens our tokens', () => {
    const tokens = messages.map((message) => sealFernet(key, Buffer.from(message), Date.now() / 1000));
    const opened = python('print(f.decrypt(line.encode(), ttl=60).hex())', ...tokens);
    assert.deepEqual(
      opened.map((line) => Buffer.from(line, 'hex').toString()),
      messages,
    );
  });

  test('makes tokens that we open', () => {
    const tokens = python(
      'print(f.encrypt(bytes.fromhex(line)).decode())',
      ...messages.map((m) => Buffer.from(m).toString('hex')),
    );
    const age = { now: Date.now() / 1000, maxAgeSeconds: 60 };
    assert.deepEqual(
      tokens.map((token) => openFernet(key, token, age).toString()),
      messages,
    );
  });
});
