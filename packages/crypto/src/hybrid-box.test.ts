import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { assertRefused, assertTamperProof } from '../testing/tampering.ts';
import { generateHybridKeyPair, hybridPublicKey, openWithHybrid, sealToHybrid } from './hybrid-box.ts';
import { decapXWing } from './x-wing.ts';

const recipient = generateHybridKeyPair();
const info = Buffer.from('bulwark backup');
const none = Buffer.alloc(0);

// draft-connolly-cfrg-xwing-kem-08, appendix C, second vector. Encapsulation is random in Node, so decapsulation
// is what can be compared: it takes in the expansion of the seed, both key pairs and the combiner.
describe('X-Wing, as its draft has it,', () => {
  const seed = hex('badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea');
  const enc = hex(`
    c93beb22326705699bbc3d1d0aa6339be7a405debe61a7c337e1a91453c097a6f77c1306
    39d1aaeb193175f1a987aa1fd789a63c9cd487ebd6965f5d8389c8d7c8cfacbba4b44d2f
    be0ae84de9e96fb11215d9b76acd51887b752329c1a3e0468ccc49392c1e0f1aad61a73c
    10831e60a9798cb2e7ec07596b5803db3e243ecbb94166feade0c9197378700f8eb65a43
    502bbac4605992e2de2b906ab30ba401d7e1ff3c98f42cfc4b30b974d3316f331461ac05
    f43e0db7b41d3da702a4f567b6ee7295199c7be92f6b4a47e7307d34278e03c872fb4864
    7c446a64a3937dccd7c6d8de4d34b9dea45a0b065ef15b9e94d1b6df6dca7174d9bc9d14
    c6225e3a78a58785c3fe4e2fe6a0706f3365389e4258fbb61ecf1a1957715982b3f18444
    24e03acd83da7eee50573f6cd3ff396841e9a00ad679da92274129da277833d0524674fe
    ea09a98d25b888616f338412d8e65e151e65736c8c6fb448c9260fa20e7b2712148bcd3a
    0853865f50c1fc9e4f201aee3757120e034fd509d954b7a749ff776561382c4cb64cebcb
    b6aa82d04cd5c2b40395ecaf231bde8334ecfd955d09efa8c6e7935b1cb0298fb8b6740b
    e4593360eed5f129d59d98822a6cea37c57674e919e84d6b90f695fca58e7d29092bd70f
    7c97c6dfb021b9f87216a6271d8b144a364d03b6bf084f972dc59800b14a2c008bbd0992
    b5b82801020978f2bdddb3ca3367d876cffb3548dab695a29882cae2eb5ba7c847c3c71b
    d0150fa9c33aac8e6240e0c269b8e295ddb7b77e9c17bd310be65e28c0802136d086777b
    e5652d6f1ac879d3263e9c712d1af736eac048fe848a577d6afaea1428dc71db8c430edd
    7b584ae6e6aeaf7257aff0fd8fe25c30840e30ccfa1d95118ef0f6657367e9070f3d97a2
    e9a7bae19957bd707b00e31b6b0ebb9d7df4bd22e44c060830a194b5b8288353255b5295
    4ff5905ab2b126d9aa049e44599368c27d6cb033eae5182c2e1504ee4e3745f51488997b
    8f958f0209064f6f44a7e4de5226d5594d1ad9b42ac59a2d100a2f190df873a2e141552f
    33c923b4c927e8747c6f830c441a8bd3c5b371f6b3ab8103ebcfb18543aefc1beb6f776b
    bfd5344779f4aa23daaf395f69ec31dc046b491f0e5cc9c651dfc306bd8f2105be7bc7a4
    f4e21957f87278c771528a8740a92e2daefa76a3525f1fae17ec4362a2700988001d8600
    11d6ca3a95f79a0205bcf634cef373a8ea273ff0f4250eb8617d0fb92102a6aa09cf0c3e
    e2cad1ad96438c8e4dfd6ee0fcc85833c3103dd6c1600cd305bc2df4cda89b55ca237a3f
    9c3f82390074ff30825fc750130ebaf13d0cf7556d2c52a98a4bad39ca5d44aaadeaef77
    5c695e64d06e966acfcd552a14e2df6c63ae541f0fa88fc48263089685704506a21a0385
    6ce65d4f06d54f3157eeabd62491cb4ac7bf029e79f9fbd4c77e2a3588790c710e611da8
    b2040c76a61507a8020758dcc30894ad018fef98e401cc54106e20d94bd544a8f0e1fd05
    00342d123f618aa8c91bdf6e0e03200693c9651e469aee6f91c98bea4127ae66312f4ae3
    ea155b67`);

  test('finds the shared secret', () => {
    const sharedSecret = 'f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150';
    assert.equal(decapXWing(seed, enc).toString('hex'), sharedSecret);
  });

  test('finds the public key', () => {
    const publicKey = hybridPublicKey(seed).toString('hex');
    assert.match(publicKey, /^0333285fa253661508c9fb444852caa4061636cb060e69943b431400134ae1fb/);
    assert.match(publicKey, /cbb48fd4c562a576549f85b528c953926d96ea8a160b8843f1c89c62$/);
    assert.equal(publicKey.length, 2 * 1216);
  });
});

describe('a hybrid box', () => {
  test('opens with the private key, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => sealToHybrid(recipient.publicKey, plaintext, info, aad),
      (sealed, aad) => openWithHybrid(recipient.privateKey, sealed, info, aad),
      'ERR_OPEN_FAILED',
    );
  });

  test('is 1136 bytes longer than its plaintext', () => {
    assert.equal(sealToHybrid(recipient.publicKey, Buffer.alloc(10), info, none).length, 1146);
  });

  test('refuses another purpose and another recipient', () => {
    const sealed = sealToHybrid(recipient.publicKey, none, info, none);
    assertRefused(() => openWithHybrid(recipient.privateKey, sealed, none, none), 'ERR_OPEN_FAILED');
    assertRefused(() => openWithHybrid(generateHybridKeyPair().privateKey, sealed, info, none), 'ERR_OPEN_FAILED');
  });

  test('refuses an ephemeral key of small order like any other change', () => {
    const sealed = sealToHybrid(recipient.publicKey, none, info, none).fill(0, 1088, 1120);
    assertRefused(() => openWithHybrid(recipient.privateKey, sealed, info, none), 'ERR_OPEN_FAILED');
  });

  test('is not made for keys that are none', () => {
    const outOfRange = Buffer.from(recipient.publicKey).fill(0xff, 0, 1184);
    const smallOrder = Buffer.from(recipient.publicKey).fill(0, 1184);
    assertRefused(() => sealToHybrid(outOfRange, none, info, none), 'ERR_PUBLIC_KEY');
    assertRefused(() => sealToHybrid(smallOrder, none, info, none), 'ERR_PUBLIC_KEY');
    assertRefused(() => sealToHybrid(Buffer.alloc(32), none, info, none), 'ERR_KEY_LENGTH');
    assertRefused(() => hybridPublicKey(Buffer.alloc(64)), 'ERR_KEY_LENGTH');
  });
});
