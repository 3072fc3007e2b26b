/**
 * Text as it may be shown on a terminal. Names of files and keys may come from anybody, and an escape sequence in one
 * would be obeyed. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '?');
}
