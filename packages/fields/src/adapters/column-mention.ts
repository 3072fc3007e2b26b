/**
 * Finds `alias.column`, quoted or not, and a column without alias, in SQL text; not parameters, and not columns of other
 * aliases. The name that was found is the first or the second group.
 */
export function columnMention(alias: string, names: ReadonlySet<string>): RegExp {
  const name = `(${[...names].map(escaped).join('|')})`;
  const quote = '["`\\[]?';
  const end = '(?![\\w$])';
  const withAlias = `(?<![\\w$])${escaped(alias)}["\`\\]]?\\s*\\.\\s*${quote}${name}${end}`;
  const alone = `(?<![\\w$.:'])(?<!\\.\\s*["\`\\[])${quote}${name}${end}(?!["\`\\]]?\\s*[.('])`;
  return new RegExp(`${withAlias}|${alone}`, 'i');
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, '\\$&');
}
