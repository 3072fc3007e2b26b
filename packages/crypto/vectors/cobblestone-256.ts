import { inflateSync } from 'node:zlib';

/** One case of Wycheproof's Cobblestone-256 file. */
export interface CobblestoneVector {
  readonly name: string;
  readonly key: Buffer;
  readonly context: Buffer;
  readonly sealed: Buffer;
  /** Length and SHA-512 of the message, or of the longest prefix that may come out before the error. */
  readonly message: { readonly length: number; readonly sha512: string } | undefined;
  readonly valid: boolean;
  /** The header is refused, before any chunk is opened. */
  readonly headerFailure: boolean;
  /** The last chunk is in order, and so the length may be found authentic. */
  readonly validFinalChunk: boolean;
}

const YELLOW = '59454c4c4f57205355424d4152494e452059454c4c4f57205355424d4152494e';
const ORANGE = '4f52414e4745205355424d4152494e45204f52414e4745205355424d4152494e';

interface Case {
  tcId: number;
  comment: string;
  key?: string;
  ctx?: string;
  /** The message, compressed with zlib. */
  ct: string;
  message?: [length: number, sha512: string];
  flags?: string[];
}

const valid: Case[] = [
  {
    tcId: 1,
    comment: 'empty message',
    ct: '78da004800b7ff43a2e39431cbae0389d3fc86adf46f7c3a24de88d9311617e53f3164cc1d5dc738a66b97f0bf786565c31799c2f463d50a7e10046011dc6fc3c939e3a5db7affb6191551669554fb010000ffff4bc124df',
    message: [0, 'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e'],
  },
  {
    tcId: 2,
    comment: 'short message, single chunk',
    ct: '78da004f00b0ffa1a1b56f6db58cd1ede0c5c9db62aef20d3f96a6c594bb9252bb38122de91236502b42a1d7fcab820ffa292940d2f86add212cfa42c38df19d3cc9139ee61a5990d3db57433514229beea49a8a72bd010000ffffdb4f2a44',
    message: [7, 'e85f32a85f1d4f7c9b2d36d20eca8435d81253e7075e9dea069eb1b6da48daf92ef1797367b520d8a46c4f72cecb85b1daff8887fcb41721d39943d1952fc180'],
  },
  {
    tcId: 3,
    comment: 'full chunk followed by short chunk',
    ct: '78daecc0312b05010000e0ab33889449c9a0cb22b9ba89943f70a5fc02db1918582c6e757465a0db6eb11ad5a52e1383b2dca26c66a4647b75f55ebdf733def27d4f7ff71fd7e9db7137b778b1558707cdd27cf270d4177b2f7751f738d80e376f9ed7aaaf7c793dfa0d47ef2797b3e57ed6bf360100000000000000000000000000000030750bc9613ffc6cafd232cb57ebd3b320de5d29cedbf876a7da18ff7fffcc4c020000ffffea552abb',
    message: [16385, 'db9e441f318209d02c8eaedfa94be7a08d3414057835c80ecea2deb0b16438ff97ae6dac13a749efe4a24686b01dc0dfab756703e810cc164466cd5cce99b3e8'],
  },
  {
    tcId: 4,
    comment: 'two full chunks followed by empty terminating chunk',
    ct: '78daecd0bf2b05010000e057b7d8defc5296b788cda88ce495e10d4a51865726b2d09592e1ba18c8c5250bc748dde094410ccaea57ec2283888c57a6f767dcf27d7fc277bed777fc96e565eb3b5d1b7e1e8c5e6677ff3b0737ad93c7e946efd15d732359df1f5f196a4ffc66a7f5ab9db9783e9d7c2a1a5b35000000000000000000000000000000a0726998070f97f7edbf7acff2f6d8f58711000000000000000000000000000000a8dee7ebe6ed623093f49f45f1577938b2f053d49a03e1d4fb45dc590d9646bb010000ffff046e3552',
    message: [32768, 'ccf53be90b5c9bc1aad1fb9b37e86fd60ca86a41401051e636c41e8ddc61b574d6767d16f035f18391c21ff24d1fa5171c5a537685e7197532884845bf7e990b'],
  },
  {
    tcId: 6,
    comment: 'full chunk followed by empty terminating chunk',
    ct: '78daecc0ad4a0301000060c560f019c49faca0ed821ea2588c62100541cc2746413841835a7c018b20076a325dd4032d8eb5856361db2d6d6c8b2b838ded3156beeff3fce3e4eb20e9fcf5aaedb07ffb589b1f657190fee7f16f763d3bdcf9ce8aabe5d74a145e5e1cdd6fad6c2c1ebead8d8b87c60c00000000000000000000000000000030759bfb7bc7ade6dcfa69ba5abf7bff79d92e3d07e585a7ddbcbb743648a29b49000000ffff4eef2f3b',
    message: [16384, 'd787e0bf39e0d2e9a707b94bc77329f665286160744507f0fac9608e33a98994b6d9dd4a43a6326287d32b2e15d76e0de6a8818689698bee2ca419bf9bbedc02'],
  },
];

const invalid: Case[] = [
  {
    tcId: 15,
    comment: 'corrupted first chunk followed by valid short chunk',
    ct: '78daecc0b12a06710000f0ff204a2e3603ddc262e41d9493321819aeee09d4ddcca2bcc1a574c30de8ea3098af0ccaaadcc215311b94f40ddff03dc6b7fc7e67776b7d94befda4f1c767d6dc94ab0bbbdd57f7771ebd276d7bbf3dac0ff565b5f83f7adacb9f8babeffd901ccc56af2b0f0100000000000000000000000000000098baf8224ae6778e1eebeb8d99e397d3c3109aa5eca4dcea6f37c773bfc5723e090000ffff7bd02b04',
    flags: ['ValidFinalChunk'],
  },
  {
    tcId: 16,
    comment: 'single chunk truncated to remove authentication tag',
    ct: '78dad270329c9ddec7ada418b04767c7923331ee2c87262f125d59a0c8be7373eb2fa924762df7ae29ded2bfa34de6579c357a702440af45d1be6fae3c03200000ffff94c01721',
  },
  {
    tcId: 17,
    comment: 'payload shorter than one authentication tag',
    ct: '78da004400bbff679551dfcc4221c2c5f3dfcff2f94fcd7df0dc5d0dac8ceb294cda58ffffbe199532a141b16102b69550faa5e1315a3c823e58b9e3141839e1fd278b80a7dabc12eaa4ed010000ffff54b5266f',
  },
  {
    tcId: 19,
    comment: 'valid chunk followed by 12 trailing bytes',
    ct: '78daecc0ad4a030100006093412ce7258308228851ce9f20a226355d12049bc8e11b88c1373008f702c7852bc281cd60581d0b0b3b5606bbddcae0c26069758fb1f27dc5f65995c6df978f0f27415db63793bbadde283bcc8bf1ceebdb5ef2741dfca7657d1fbf5447c9eec1797431fb1d743fbfa20d00000000000000000000000000000060ed9af0f8f674733f7c5fe4cb7e6778f53cfd69b334fa68e67ff52a0000ffff6ee028cf',
    message: [16384, 'f4f5ac1445502189d705c875815bf7b7fd0e93898b407c4af7901199d64b811558b0d10d273378744bfdf395209842e1fd0a53b5f3dc8d0f6571189b6a718d52'],
  },
  {
    tcId: 20,
    comment: 'header only, no encrypted chunks',
    ct: '78da003800c7ffe728f14e89526f8830991f461c0fd07601a246a0c94b753ba4fab29386d9e39e72d5e8955f709651b6dedb825c64c984364f74e1b6ac93d6010000ffff198a1ded',
  },
  {
    tcId: 21,
    comment: 'valid ciphertext with wrong commitment',
    ct: '78da004900b6ffa7bf214ab87afe86ae30940aba6d25aa92d1c26a7c4de03ece1f5f63bd31ca5d9517ce97effb9ce62c4f01433335d070ca3de6243f4cb67a00a4deb622c6b80140d1c88f54ade32fdc010000ffff59a52514',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 22,
    comment: 'valid ciphertext decrypted with wrong key',
    key: ORANGE,
    ct: '78da004900b6ffabeb3f4f4a3ea1f1f76bc25808b37063d4cb21425ca6a8b16271ed22f6a3f51ec7e7fa4dcef196179d3c77b5b42103766ae1975bae6ae0690079aa245e53811c13d45a553b0365b499010000ffffa0d324a1',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 23,
    comment: 'valid ciphertext encrypted with too-short key',
    key: ORANGE.slice(0, -2),
    ct: '78da004900b6ff6ef808c1cd9f44167ca6def93900220263151ac63993ec688bd665a34ce4ef6ddcdef700c0a0d03f2cf4e9a9223e5beb44cf2b8648a517d800395459ad30bf0be4ebdf76177cab6b63010000ffff4e6c248e',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 24,
    comment: 'valid ciphertext encrypted with too-long key',
    key: `${ORANGE}45`,
    ct: '78da004900b6ffa8216cfec9382688e31855498b1926ee6d34fa36b0923ab847f28096ca9cb85541317e5996a82aa8eb0aac8cdfdce37dbb44e2000c169b4a003a3e67f79899f915d167b39ea1d8cd1d010000ffff29f52485',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 25,
    comment: 'valid ciphertext decrypted with wrong context',
    ctx: '77726f6e6720636f6e74657874',
    ct: '78da004900b6ff36201844cafc0e596bec8782c560b7b1d065b90a94d227007f07a7185f0c1f449310232a0ff1d5667ece42aff4e7c0359df78ece43b312d50034c80236b5c7900f7eebe540d242b8eb010000ffffc64f22fe',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 26,
    comment: 'valid ciphertext with corrupted salt',
    ct: '78da004900b6ff7c510aa191fdb799b3715106fb9da30a3e314a08a12bf1eed6084369ad9560c21c856d0087e1206c5c1e9a994b3ca98542e0fe1ffef9e23c0091398606b7077f679901eea490bb8f6b010000fffff4792294',
    flags: ['HeaderFailure'],
  },
  { tcId: 27, comment: 'zero-length ciphertext, too short for header', ct: '78da010000ffff00000001', flags: ['HeaderFailure'] },
  {
    tcId: 28,
    comment: 'only salt, no commitment',
    ct: '78dacaefb91479802ffcd17ddfcda766ca0536acbc22d4d02b69a70e080000ffff9d580b79',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 29,
    comment: 'salt and partial commitment (40 of 56 header bytes)',
    ct: '78daba5fd8e42bfa7eee2a73b7044f1311beda6b4b2fb2b9e6f21f945dd469be9d83bdfd56d5ecc74dcbee6601020000ffff65f21245',
    flags: ['HeaderFailure'],
  },
  {
    tcId: 31,
    comment: 'full chunk without terminating empty chunk',
    ct: '78daecc0a17281010000e0ed05f6005bd8edb6b6b2956db7b2b6853581843b89eaee0fff398993088222f93d8042f0272fa0090402f5578838e73194efdb546ebb0fe7f1f772300c82bfb7ed7ba691faa9dd3ff6abedf818164abf51b957ff9f4df7f364158f16e9fccbd35df6949bdc0000000000000000000000000000000057f7997c1cc2d7a8b34e76cf5fc556f3120000ffffbcaa2611',
    message: [16384, '41195cce0a2b8de596e8126784198485d93d5654b2b2dc0921a9600309c442463d884502ac3695246feee290960bea4ef7b293b3ab2aab00944680e65e45c5b8'],
  },
  {
    tcId: 33,
    comment: 'two full chunks plus short final chunk, chunks 0 and 1 swapped',
    ct: '78daecd03f2b05010000f0b733ab4b6755a697e17c0352cacef292283bd3934591de88dea0a737bde53248397f4add7a9781c5ee884557eaf23f1fe396dfef23fc36d7c2fbe0f6baa8868eff5e8ee6d7df3e06cb930b717be37b38493a97fdf3a4d91b74b38760fcee77efabb7949e4463dd89a9d30600000000000000000000000000000050bb76da1af909f2e93c5c7cad5a8f9111000000000000000000000000000000a8dfe1ee41b49d75b63ecb99b3d99be668a37cbfa8c2fde795abd59da7b9b85ffc070000ffffa2eb3b6a',
    flags: ['ValidFinalChunk'],
  },
];

/** The cases, in the order of their file. */
export const COBBLESTONE_VECTORS: readonly CobblestoneVector[] = [
  ...valid.map((c) => vectorOf(c, true)),
  ...invalid.map((c) => vectorOf(c, false)),
];

function vectorOf({ tcId, comment, key = YELLOW, ctx = '', ct, message, flags = [] }: Case, valid: boolean) {
  return {
    name: `${tcId}: ${comment}`,
    key: Buffer.from(key, 'hex'),
    context: Buffer.from(ctx, 'hex'),
    // Written by Go with a sync flush and no end mark.
    sealed: inflateSync(Buffer.from(ct, 'hex')),
    message: message && { length: message[0], sha512: message[1] },
    valid,
    headerFailure: flags.includes('HeaderFailure'),
    validFinalChunk: flags.includes('ValidFinalChunk'),
  };
}
