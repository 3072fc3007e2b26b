/** Bytes of a vector as its source prints it: hex, with spaces and line breaks wherever they help. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ''), 'hex');
}
