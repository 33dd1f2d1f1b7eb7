// SPDX-License-Identifier: Apache-2.0
import type { TemplateError } from '#cli/template/errors.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'string'
  | 'number'
  | 'char'
  | 'pipe'
  | 'comma'
  | 'assign'
  | 'declare'
  | 'leftParen'
  | 'rightParen'
  | 'other'
  | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  /** Where it begins, in characters from the start of the template. */
  pos: number;
}

const KEYWORDS = new Set([
  'if',
  'else',
  'end',
  'range',
  'with',
  'break',
  'continue',
  'nil',
  'define',
  'template',
  'block',
]);

/** Tokens of one shape; the first that matches is taken. */
const SHAPES: readonly [TokenKind, RegExp][] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['leftParen', /\(/y],
  ['rightParen', /\)/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['identifier', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\[^\n])+'/y],
];

/** Splits a template into literal text and the tokens of its actions. */
export function lex(source: string, fail: (pos: number, message: string) => TemplateError): Token[] {
  const tokens: Token[] = [];
  let pos = 0;
  let trimNext = false;
  for (;;) {
    const open = source.indexOf('{{', pos);
    const opensTrimmed = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    let text = open < 0 ? source.slice(pos) : source.slice(pos, open);
    if (trimNext) text = text.trimStart();
    if (opensTrimmed) text = text.trimEnd();
    if (text) tokens.push({ kind: 'text', text, pos });
    if (open < 0) break;
    const action = lexAction(source, open, opensTrimmed ? 3 : 2, fail);
    tokens.push(...action.tokens);
    pos = action.end;
    trimNext = action.trimsNext;
  }
  tokens.push({ kind: 'end', text: '', pos: source.length });
  return tokens;
}

interface Action {
  tokens: Token[];
  end: number;
  trimsNext: boolean;
}

function lexAction(
  source: string,
  open: number,
  openLength: number,
  fail: (pos: number, message: string) => TemplateError,
): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\}\}/y;
  comment.lastIndex = open + openLength;
  const found = comment.exec(source);
  if (found) return { tokens: [], end: comment.lastIndex, trimsNext: Boolean(found[1]) };

  const tokens: Token[] = [{ kind: 'open', text: '{{', pos: open }];
  let pos = open + openLength;
  let depth = 0;
  for (;;) {
    const close = /(\s+-)?\}\}/y;
    close.lastIndex = pos;
    const closing = close.exec(source);
    if (closing) {
      if (depth > 0) throw fail(pos, 'unclosed left paren');
      tokens.push({ kind: 'close', text: '}}', pos });
      return { tokens, end: close.lastIndex, trimsNext: Boolean(closing[1]) };
    }
    if (pos >= source.length) throw fail(pos, 'unclosed action');
    const token = nextToken(source, pos);
    if (!token) throw fail(pos, describeBadCharacter(source, pos));
    if (token.kind === 'leftParen') depth++;
    if (token.kind === 'rightParen' && --depth < 0) throw fail(pos, 'unexpected right paren');
    tokens.push(token);
    pos += token.text.length;
    if (WORDS.has(token.kind) && !isTerminated(source, pos))
      throw fail(pos, `bad character ${nameCharacter(source, pos)}`);
  }
}

function nextToken(source: string, pos: number): Token | undefined {
  for (const [kind, shape] of SHAPES) {
    shape.lastIndex = pos;
    const text = shape.exec(source)?.[0];
    if (text === undefined) continue;
    return { kind: kind === 'identifier' && KEYWORDS.has(text) ? 'keyword' : kind, text, pos };
  }
  const character = source[pos] ?? '';
  return /^[!#-&*;-@[-_{-~]$/.test(character) ? { kind: 'other', text: character, pos } : undefined;
}

/** Names, after which another token must begin. */
const WORDS: ReadonlySet<TokenKind> = new Set(['identifier', 'keyword', 'field', 'variable']);

const isTerminated = (source: string, pos: number): boolean =>
  pos >= source.length || /^(?:[\s.,|:()=]|\}\})/.test(source.slice(pos, pos + 2));

function describeBadCharacter(source: string, pos: number): string {
  const character = String.fromCodePoint(source.codePointAt(pos) ?? 0);
  if (character === '"') return 'unterminated quoted string';
  if (character === '`') return 'unterminated raw quoted string';
  if (character === "'") return 'unterminated character constant';
  if (character === ':') return 'expected :=';
  return `unrecognized character in action: ${nameCharacter(source, pos)}`;
}

function nameCharacter(source: string, pos: number): string {
  const code = source.codePointAt(pos) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
