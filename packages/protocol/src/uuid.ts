/** The 16 bytes of a UUID in its usual text form. The text is trusted: it comes from a schema or from the database. */
export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
