import { COMMON_WORDS } from './common-passwords.ts';

const LENGTH_MIN = 12;
/** A password of this many guessable words in a row is still guessable. */
const WORDS_MAX = 3;
const PRODUCT = 'bulwark';
/** Keys in the order of keyboards and alphabets, both ways. */
const RUNS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiopasdfghjklzxcvbnm', '1qaz2wsx3edc4rfv5tgb6yhn'];
const LOOKALIKES: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

/**
 * Why a new password is refused, in words for its owner; undefined where it is good. It has to be long and not among
 * those tried first (NIST SP 800-63B, 3.1.1.2); no kinds of characters are asked for.
 */
export function weaknessOf(password: string, username: string): string | undefined {
  const text = fold(password);
  if ([...text].length < LENGTH_MIN) return `A password has at least ${LENGTH_MIN} characters.`;
  if (isRepetition(text)) return 'This password repeats itself.';
  if (isRun(text)) return 'This password follows the keyboard or the alphabet.';
  const ownWords = [fold(username), lettersOf(fold(username)), PRODUCT];
  const guessable = new Set([...COMMON_WORDS, ...ownWords.filter((word) => word.length >= 3)]);
  const isGuessable = readings(text).some((reading) => isMadeOf(reading, guessable, WORDS_MAX));
  return isGuessable ? 'This password is one of the first that are tried.' : undefined;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}]/gu, '');
}

/** The letters that a text can be read as: as it stands, and with digits and signs for letters, within words or all. */
function readings(text: string): string[] {
  const inner = text.replace(/^[^\p{L}@$]+|[^\p{L}@$]+$/gu, '');
  const spelled = [text, inner].flatMap((form) => ['i', 'l'].map((one) => replaceLookalikes(form, one)));
  return [text, ...[text, ...spelled].map(lettersOf)];
}

/** @param one What 1 and ! stand for. */
function replaceLookalikes(text: string, one: string): string {
  return text.replace(/[1!]/g, one).replace(/./gu, (character) => LOOKALIKES[character] ?? character);
}

/** The same one to six characters over and over. */
function isRepetition(text: string): boolean {
  return /^(.{1,6}?)\1+.{0,5}$/su.test(text) && new Set(text).size <= 6;
}

/** Mostly steps to a neighbour in one of the runs. */
function isRun(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) {
    const pair = text.slice(at - 1, at + 1);
    const back = pair[1] === undefined ? pair : `${pair[1]}${pair[0]}`;
    if (RUNS.some((run) => run.includes(pair) || run.includes(back))) steps++;
  }
  return steps >= (text.length - 1) * 0.8;
}

/** Whether a text is one to `most` of the words, one after the other. Without any letter it is made of nothing. */
function isMadeOf(text: string, words: ReadonlySet<string>, most: number): boolean {
  if (text === '' || most === 0) return false;
  if (words.has(text)) return true;
  for (let end = 3; end <= text.length - 3; end++) {
    if (words.has(text.slice(0, end)) && isMadeOf(text.slice(end), words, most - 1)) return true;
  }
  return false;
}
