import { createReadStream } from 'node:fs';

/** Bytes looked at, and how many of them may be printable. */
const SAMPLE_BYTES = 128;
const PRINTABLE_MAX = 0.75;
const SAMPLE_MIN_BYTES = 64;

/**
 * Whether bytes are mostly printable text, as JSON and other clear forms are. Ciphertext has 37 % of printable bytes:
 * 64 random ones pass this limit by chance about once in 10^9 values. Shorter values are not judged.
 */
export function looksLikeClearText(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  if (sample.length < SAMPLE_MIN_BYTES) return false;
  let printable = 0;
  for (const byte of sample) if (byte >= 0x20 && byte < 0x7f) printable++;
  return printable > PRINTABLE_MAX * sample.length;
}

/**
 * Looks for texts in a file of any size: in clear, in hexadecimal and in base64 at each of its three alignments.
 *
 * @returns Those that occur. A missing file holds none.
 */
export async function findClearText(file: string, texts: readonly string[]): Promise<string[]> {
  const wanted = texts.flatMap((text) => formsOf(text).map((form) => ({ text, form })));
  const overlap = Math.max(0, ...wanted.map(({ form }) => form.length)) - 1;
  const found = new Set<string>();
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      const window = Buffer.concat([tail, chunk as Buffer]);
      for (const { text, form } of wanted) if (window.includes(form)) found.add(text);
      tail = Buffer.from(window.subarray(Math.max(0, window.length - overlap)));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return [...found];
}

function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  // Only the characters that this text alone decides: its neighbours share the first and the last ones.
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + bytes.length) * 8) / 6);
    return encoded.slice(first, last);
  });
  const inBase64 = base64.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
  return [bytes, Buffer.from(hex), Buffer.from(hex.toUpperCase()), ...inBase64.map((form) => Buffer.from(form))];
}
