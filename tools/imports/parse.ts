/** One import or re-export: the text between the quotes, and its line (1-based). */
export interface Import {
  specifier: string;
  line: number;
}

// The formatter runs in the same gate, so a static import or re-export starts in column 0 and ends with its quoted
// specifier. That lets a pattern stand in for a parser, and keeps fixtures inside template strings (indented) out.
const STATIC = /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm;
// Also `typeof import('x')` and `import('x').Type`: an arrow is an arrow, types included.
const DYNAMIC = /\bimport\(\s*(['"])([^'"\n]+)\1/g;
const COMMENT_LINE = /^\s*(?:\/\/|\/\*|\*)/;

/** The specifiers that formatted TypeScript or TSX source imports: static, re-exported, dynamic and type-only. */
export function parseImports(text: string): Import[] {
  const found: Import[] = [];
  for (const pattern of [STATIC, DYNAMIC]) {
    for (const match of text.matchAll(pattern)) {
      const line = text.slice(0, match.index).split('\n').length;
      if (!isComment(text, match.index)) found.push({ specifier: match[2] as string, line });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** `text` with whole-line comments emptied, so that prose is not taken for code; line numbers stay. */
export function withoutCommentLines(text: string): string {
  return text
    .split('\n')
    .map((line) => (COMMENT_LINE.test(line) ? '' : line))
    .join('\n');
}

function isComment(text: string, index: number): boolean {
  const lineStart = text.lastIndexOf('\n', index) + 1;
  return COMMENT_LINE.test(text.slice(lineStart, index + 1)) || text.slice(lineStart, index).includes('//');
}
