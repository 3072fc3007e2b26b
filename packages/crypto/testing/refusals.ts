import { createCipheriv, createHmac } from 'node:crypto';
import { unwrapKey, wrapKey } from '../src/aes-key-wrap.ts';
import { generateAgreementKeyPair } from '../src/agreement.ts';
import { encodePaddedBase64Url } from '../src/base64.ts';
import type { Cell } from '../src/cell.ts';
import { CHUNK_BYTES, MESSAGE_HEADER_BYTES } from '../src/chunk-cipher.ts';
import { openFernet, sealFernetBytes } from '../src/fernet.ts';
import { deriveFieldKey, openField, sealField } from '../src/field.ts';
import { FIELD_SUITES, type FieldSuite } from '../src/field-suite.ts';
import { generateHybridKeyPair, openWithHybrid, sealToHybrid } from '../src/hybrid-box.ts';
import { openMessage, sealMessage } from '../src/message.ts';
import { MessageOpener } from '../src/message-stream.ts';
import { generateKey, randomNonce } from '../src/random.ts';
import { openWith, sealTo } from '../src/sealed-box.ts';
import { flipBit } from './tampering.ts';

/** One way in which opening fails: bytes, and the call that refuses them. */
export interface Refusal {
  readonly name: string;
  readonly bytes: Buffer;
  readonly open: Open;
}

type Open = (sealed: Uint8Array) => unknown;

/** Two ways in which opening fails that an attacker could learn from, could he tell them apart. */
export interface RefusalPair {
  readonly format: string;
  readonly ways: readonly [Refusal, Refusal];
  /** Set where the two take different times, and that is no secret. */
  readonly whyItMayShow?: string;
}

/** A sealed value, how it opens, and two ways in which it does not. */
interface Sealed {
  readonly bytes: Buffer;
  readonly open: Open;
  readonly underAnotherKey: Open;
  /** Where the format has a context. */
  readonly elsewhere?: Open;
  /** Length of the tag or MAC that ends it; 16 by default. */
  readonly tagBytes?: number;
}

const PLAINTEXT = Buffer.from('ada');
const CONTEXT = Buffer.from('context 1');
const OTHER_CONTEXT = Buffer.from('context 2');
const FERNET_MAC_BYTES = 32;
const FERNET_IV_END = 25;

/** For each format, the pairs whose difference would depend on a key, a plaintext or a MAC. */
export function refusalPairs(): RefusalPair[] {
  const suites = Object.keys(FIELD_SUITES) as FieldSuite[];
  return [
    ...suites.flatMap((suite) => tagPairs(`field, ${suite}`, sealedField(suite))),
    paddingPair('field, FERNET', sealedField('FERNET'), 21),
    ...fernetPairs(),
    ...messagePairs(),
    ...tagPairs('sealed box', sealedBox()),
    ...tagPairs('hybrid box', hybridBox()),
    ...keyWrapPairs(),
  ];
}

function tagPairs(format: string, sealed: Sealed): RefusalPair[] {
  const { bytes, open, underAnotherKey, elsewhere, tagBytes = 16 } = sealed;
  open(bytes); // so that what is refused below is refused for its change
  const tagAt = bytes.length - tagBytes;
  const anotherKey = { name: 'another key', bytes, open: underAnotherKey };
  return [
    pair(format, changed(sealed, tagAt, 'first byte of the tag'), changed(sealed, bytes.length - 1, 'last byte of it')),
    pair(format, changed(sealed, tagAt - 1, 'ciphertext'), changed(sealed, tagAt, 'tag')),
    pair(
      format,
      anotherKey,
      elsewhere ? { name: 'another context', bytes, open: elsewhere } : changed(sealed, tagAt, 'tag'),
    ),
  ];
}

function changed({ bytes, open }: Sealed, at: number, name: string): Refusal {
  return { name, bytes: flipBit(bytes, at * 8), open };
}

function pair(format: string, a: Refusal, b: Refusal, whyItMayShow?: string): RefusalPair {
  return { format, ways: [a, b], ...(whyItMayShow !== undefined && { whyItMayShow }) };
}

function sealedField(suite: FieldSuite): Sealed {
  const row = FIELD_SUITES[suite].bindsRow ? '41' : undefined;
  const cell: Cell = { scope: 'acme', table: 'users', column: 'email', row, extra: '1' };
  const otherCell = { ...cell, extra: '2' };
  const key = deriveFieldKey(generateKey(), suite);
  // An honest key has a kid of its own and is refused for that, which is no secret.
  const otherKey = { ...deriveFieldKey(generateKey(), suite), kid: key.kid };
  const bytes = sealField(key, cell, PLAINTEXT);
  return {
    bytes,
    open: (sealed) => openField(() => key, cell, sealed),
    underAnotherKey: (sealed) => openField(() => otherKey, cell, sealed),
    elsewhere: (sealed) => openField(() => key, otherCell, sealed),
    tagBytes: suite === 'FERNET' ? FERNET_MAC_BYTES : 16,
  };
}

/** Whether the padding is right must not show while the MAC is wrong: that is the padding oracle. */
function paddingPair(format: string, sealed: Sealed, start: number): RefusalPair {
  // The IV is mixed into the only block, so the last byte of the padding changes and no other.
  return pair(
    format,
    changed(sealed, sealed.bytes.length - 1, 'MAC wrong, padding right'),
    changed(sealed, start + FERNET_IV_END - 1, 'MAC wrong, padding wrong'),
  );
}

function fernetPairs(): RefusalPair[] {
  const key = generateKey();
  const bytes = sealFernetBytes(key, PLAINTEXT, 0, randomNonce(16));
  const opening = (key: Uint8Array) => (token: Uint8Array) => openFernet(key, encodePaddedBase64Url(token));
  const open = opening(key);
  const token: Sealed = { bytes, open, underAnotherKey: opening(generateKey()), tagBytes: FERNET_MAC_BYTES };

  const signed = flipBit(bytes.subarray(0, -FERNET_MAC_BYTES), (FERNET_IV_END - 1) * 8);
  const mac = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
  const badlyPadded = { ...token, bytes: Buffer.concat([signed, mac]) };
  return [
    ...tagPairs('Fernet token', token),
    paddingPair('Fernet token', token, 0),
    pair(
      'Fernet token',
      { name: 'MAC right, padding wrong', bytes: badlyPadded.bytes, open },
      changed(badlyPadded, bytes.length - 1, 'MAC wrong, padding wrong'),
      'only who has the key makes a right MAC',
    ),
  ];
}

function messagePairs(): RefusalPair[] {
  const [key, otherKey] = [generateKey(), generateKey()];
  const message = (bytes: Buffer): Sealed => ({
    bytes,
    open: (sealed) => openMessage(key, sealed, CONTEXT),
    underAnotherKey: (sealed) => openMessage(otherKey, sealed, CONTEXT),
    elsewhere: (sealed) => openMessage(key, sealed, OTHER_CONTEXT),
  });
  const short = message(sealMessage(key, PLAINTEXT, CONTEXT));
  const long = sealMessage(key, Buffer.alloc(CHUNK_BYTES + 100), CONTEXT);
  const openStream = (sealed: Uint8Array, streamKey = key, context = CONTEXT) => {
    const opener = new MessageOpener(streamKey, context);
    return [opener.update(sealed), opener.final()];
  };
  const commitmentAt = MESSAGE_HEADER_BYTES - 32;
  return [
    ...tagPairs('message', short),
    pair(
      'message',
      changed(short, commitmentAt, 'first byte of the commitment'),
      changed(short, MESSAGE_HEADER_BYTES - 1, 'last byte of it'),
    ),
    ...tagPairs('message stream', {
      bytes: long,
      open: openStream,
      underAnotherKey: (sealed) => openStream(sealed, otherKey),
      elsewhere: (sealed) => openStream(sealed, key, OTHER_CONTEXT),
    }),
  ];
}

function sealedBox(): Sealed {
  const [recipient, other] = [generateAgreementKeyPair(), generateAgreementKeyPair()];
  const bytes = sealTo(recipient.publicKey, PLAINTEXT, CONTEXT, CONTEXT);
  return {
    bytes,
    open: (sealed) => openWith(recipient.privateKey, sealed, CONTEXT, CONTEXT),
    underAnotherKey: (sealed) => openWith(other.privateKey, sealed, CONTEXT, CONTEXT),
    elsewhere: (sealed) => openWith(recipient.privateKey, sealed, OTHER_CONTEXT, CONTEXT),
  };
}

function hybridBox(): Sealed {
  const [recipient, other] = [generateHybridKeyPair(), generateHybridKeyPair()];
  const bytes = sealToHybrid(recipient.publicKey, PLAINTEXT, CONTEXT, CONTEXT);
  return {
    bytes,
    open: (sealed) => openWithHybrid(recipient.privateKey, sealed, CONTEXT, CONTEXT),
    underAnotherKey: (sealed) => openWithHybrid(other.privateKey, sealed, CONTEXT, CONTEXT),
    elsewhere: (sealed) => openWithHybrid(recipient.privateKey, sealed, OTHER_CONTEXT, CONTEXT),
  };
}

// Key wrap has no tag: what shows a change is a constant in front of the key, once all of it is unwrapped.
function keyWrapPairs(): RefusalPair[] {
  const [wrappingKey, otherKey, key] = [generateKey(), generateKey(), generateKey()];
  const pairs = (['KW', 'KWP'] as const).flatMap((form) => {
    const bytes = wrapKey(wrappingKey, key, form);
    const format = `key wrap, ${form}`;
    const wrapped: Sealed = {
      bytes,
      open: (sealed) => unwrapKey(wrappingKey, sealed, form),
      underAnotherKey: (sealed) => unwrapKey(otherKey, sealed, form),
    };
    wrapped.open(bytes);
    const lastByte = changed(wrapped, bytes.length - 1, 'last byte');
    return [
      pair(format, changed(wrapped, 0, 'first byte'), lastByte),
      pair(format, { name: 'another key', bytes, open: wrapped.underAnotherKey }, lastByte),
    ];
  });

  // RFC 5649 unwrapped: a constant and the key's length, in 4 bytes each.
  const unwrapping = (name: string, front: string): Refusal => {
    const cipher = createCipheriv('aes256-wrap', wrappingKey, Buffer.from(front, 'hex'));
    const bytes = Buffer.concat([cipher.update(key), cipher.final()]);
    return { name, bytes, open: (sealed) => unwrapKey(wrappingKey, sealed, 'KWP') };
  };
  return [
    ...pairs,
    pair(
      'key wrap, KWP',
      unwrapping('constant wrong', 'a65959a700000020'),
      unwrapping('length wrong', 'a65959a600000040'),
    ),
  ];
}
