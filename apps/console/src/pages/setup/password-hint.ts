/** Fewest characters the server accepts (protocol's NewPassword). */
export const PASSWORD_MIN = 12;

export interface PasswordHint {
  /** 0: will be refused; 1: will do; 2: good; 3: strong. */
  level: 0 | 1 | 2 | 3;
  text: string;
}

const CALLED = ['Too weak', 'Acceptable', 'Good', 'Strong'] as const;

/**
 * A hint while typing, by what makes guessing long: length, and characters that differ. The server has the last word,
 * with its list of well-known passwords. No rules about kinds of characters (NIST SP 800-63B, 3.1.1.2).
 */
export function passwordHint(password: string, username: string): PasswordHint {
  const missing = PASSWORD_MIN - [...password].length;
  if (password === '') return { level: 0, text: `At least ${PASSWORD_MIN} characters. A few unrelated words do well.` };
  if (missing > 0) return { level: 0, text: `${missing} more ${missing === 1 ? 'character' : 'characters'} needed.` };

  const lower = password.toLowerCase();
  if (username.length >= 3 && lower.includes(username.toLowerCase())) {
    return { level: 0, text: 'Leave your user name out of it.' };
  }
  const distinct = new Set(lower).size;
  if (distinct < 6) return { level: 0, text: 'Too many repeated characters.' };
  if (isSequence(lower)) return { level: 0, text: 'A row of neighbouring characters is easy to guess.' };

  const length = [...password].length;
  const level = length >= 20 && distinct >= 10 ? 3 : length >= 16 && distinct >= 8 ? 2 : 1;
  return { level, text: level === 3 ? 'Strong.' : `${CALLED[level]}. Longer is better.` };
}

/** abcdefghijkl, 123456789012, and the same backwards: most steps are of one. */
function isSequence(text: string): boolean {
  let steps = 0;
  for (let index = 1; index < text.length; index++) {
    if (Math.abs(text.charCodeAt(index) - text.charCodeAt(index - 1)) === 1) steps += 1;
  }
  return steps > text.length * 0.6;
}
