// SPDX-License-Identifier: Apache-2.0
import { TemplateError } from '#cli/template/errors.ts';
import { lex, type Token, type TokenKind } from '#cli/template/lex.ts';
import type { Command, Operand, Pipeline, Statement } from '#cli/template/nodes.ts';
import { unquote } from '#cli/template/quote.ts';

export interface ParsedTemplate {
  name: string;
  source: string;
  statements: Statement[];
}

/** Parses a Go template that may call the functions of these names. Throws `TemplateError`. */
export function parseTemplate(source: string, functions: ReadonlySet<string>, name = ''): ParsedTemplate {
  const fail = (pos: number, message: string): TemplateError =>
    new TemplateError(`template: ${name}:${lineOf(source, pos)}: ${message}`);
  const parser = new Parser(lex(source, fail), functions, fail);
  return { name, source, statements: parser.parse() };
}

export const lineOf = (source: string, pos: number): number => source.slice(0, pos).split('\n').length;

/** Tokens that a command can begin with; of the keywords only `nil`. */
const BEGINS_OPERAND: ReadonlySet<TokenKind> = new Set([
  ...(['identifier', 'field', 'variable', 'dot', 'string', 'number', 'char', 'leftParen'] as const),
]);

type BlockEnd = 'end' | 'else' | 'eof';

class Parser {
  readonly #tokens: Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #fail: (pos: number, message: string) => TemplateError;
  #next = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;

  constructor(tokens: Token[], functions: ReadonlySet<string>, fail: (pos: number, message: string) => TemplateError) {
    this.#tokens = tokens;
    this.#functions = functions;
    this.#fail = fail;
  }

  parse(): Statement[] {
    const { statements, end } = this.#parseBlock();
    if (end !== 'eof') throw this.#error(`unexpected {{${end}}}`);
    return statements;
  }

  /** Statements up to `{{end}}`, `{{else` or the end of the template. */
  #parseBlock(): { statements: Statement[]; end: BlockEnd } {
    const statements: Statement[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') return { statements, end: 'eof' };
      if (token.kind === 'text') {
        statements.push({ kind: 'text', text: token.text, pos: token.pos });
        continue;
      }
      this.#skipSpace();
      const keyword = this.#peek();
      if (keyword.kind === 'keyword' && keyword.text === 'end') {
        this.#take();
        this.#expectClose('end');
        return { statements, end: 'end' };
      }
      if (keyword.kind === 'keyword' && keyword.text === 'else') {
        this.#take();
        return { statements, end: 'else' };
      }
      statements.push(this.#parseStatement(keyword));
    }
  }

  #parseStatement(first: Token): Statement {
    if (first.kind !== 'keyword' || first.text === 'nil') {
      return { kind: 'action', pos: first.pos, pipeline: this.#parsePipeline('command', 'close') };
    }
    this.#take();
    switch (first.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#parseControl(first.text, first.pos);
      case 'break':
      case 'continue':
        if (this.#rangeDepth === 0) throw this.#error(`{{${first.text}}} outside {{range}}`);
        this.#expectClose(first.text);
        return { kind: first.text, pos: first.pos };
      default:
        throw this.#error(`unexpected {{${first.text}}}`);
    }
  }

  #parseControl(kind: 'if' | 'with' | 'range', pos: number): Statement {
    const scope = this.#variables.length;
    const pipeline = this.#parsePipeline(kind, 'close');
    if (kind === 'range') this.#rangeDepth++;
    const { statements: body, end } = this.#parseBlock();
    if (kind === 'range') this.#rangeDepth--;
    if (end === 'eof') throw this.#error('unexpected EOF');
    const otherwise = end === 'else' ? this.#parseElse(kind) : [];
    this.#variables.length = scope;
    return { kind, pos, pipeline, body, otherwise };
  }

  #parseElse(kind: 'if' | 'with' | 'range'): Statement[] {
    this.#skipSpace();
    const next = this.#peek();
    if (next.kind === 'keyword' && next.text === kind && kind !== 'range') {
      // `{{else if x}}` is `{{else}}{{if x}}` whose `{{end}}` closes both.
      this.#take();
      return [this.#parseControl(kind, next.pos)];
    }
    this.#expectClose('else');
    const { statements, end } = this.#parseBlock();
    if (end === 'eof') throw this.#error('unexpected EOF');
    if (end === 'else') throw this.#error('expected end; found {{else}}');
    return statements;
  }

  #parsePipeline(context: string, close: TokenKind): Pipeline {
    this.#skipSpace();
    const pos = this.#peek().pos;
    const { variables, assigns } = this.#parseVariables(context);
    const commands: Command[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind === close) {
        this.#take();
        break;
      }
      if (token.kind === 'end') throw this.#error(close === 'rightParen' ? 'unclosed left paren' : 'unexpected EOF');
      if (token.kind === 'close') throw this.#error('unclosed left paren');
      if (!BEGINS_OPERAND.has(token.kind) && token.text !== 'nil') {
        throw this.#error(`unexpected ${describeToken(token.kind, token.text)} in ${context}`);
      }
      commands.push(this.#parseCommand(close));
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    this.#refuseLiteralStages(commands);
    return { pos, variables, assigns, commands };
  }

  #refuseLiteralStages(commands: Command[]): void {
    for (const [index, command] of commands.entries()) {
      const { kind } = command.operands[0];
      if (
        index > 0 &&
        (kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number' || kind === 'string')
      ) {
        throw this.#error(`non executable command in pipeline stage ${index + 1}`);
      }
    }
  }

  #parseVariables(context: string): { variables: string[]; assigns: boolean } {
    const start = this.#next;
    const names: string[] = [];
    for (;;) {
      this.#skipSpace();
      const variable = this.#peek();
      if (variable.kind !== 'variable') break;
      this.#take();
      names.push(variable.text);
      this.#skipSpace();
      const operator = this.#peek();
      if (operator.kind === 'declare' || operator.kind === 'assign') {
        this.#take();
        if (operator.kind === 'declare') this.#variables.push(...names);
        return { variables: names, assigns: operator.kind === 'assign' };
      }
      if (operator.kind !== 'comma' || context !== 'range' || names.length > 1) break;
      this.#take();
    }
    this.#next = start;
    return { variables: [], assigns: false };
  }

  #parseCommand(close: TokenKind): Command {
    const operands: Operand[] = [];
    const pos = this.#peek().pos;
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind === close || token.kind === 'close' || token.kind === 'end') break;
      if (token.kind === 'pipe') {
        this.#take();
        break;
      }
      operands.push(this.#parseOperand());
      this.#expectSeparator();
    }
    const [first, ...others] = operands;
    if (!first) throw this.#error('empty command');
    return { pos, operands: [first, ...others] };
  }

  #expectSeparator(): void {
    const { kind, text } = this.#peek();
    if (kind === 'space' || kind === 'pipe' || kind === 'close' || kind === 'rightParen' || kind === 'end') return;
    throw this.#error(`unexpected ${JSON.stringify(text)} in operand`);
  }

  #parseOperand(): Operand {
    const operand = this.#parseTerm();
    const pos = this.#peek().pos;
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    if (names.length === 0) return operand;
    switch (operand.kind) {
      case 'field':
        return { kind: 'field', pos, names: [...operand.names, ...names] };
      case 'variable':
        return { kind: 'variable', pos, name: operand.name, names };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw this.#error(
          `unexpected . after term ${JSON.stringify(this.#tokens[this.#next - names.length - 1]?.text)}`,
        );
      default:
        return { kind: 'chain', pos, operand, names };
    }
  }

  #parseTerm(): Operand {
    const { kind, text, pos } = this.#take();
    switch (kind) {
      case 'identifier':
        if (text === 'true' || text === 'false') return { kind: 'bool', pos, value: text === 'true' };
        if (!this.#functions.has(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
        return { kind: 'function', pos, name: text };
      case 'keyword':
        if (text === 'nil') return { kind: 'nil', pos };
        break;
      case 'dot':
        return { kind: 'dot', pos };
      case 'field':
        return { kind: 'field', pos, names: [text.slice(1)] };
      case 'variable':
        if (!this.#variables.includes(text)) throw this.#error(`undefined variable ${JSON.stringify(text)}`);
        return { kind: 'variable', pos, name: text, names: [] };
      case 'string':
        return { kind: 'string', pos, quoted: text, value: unquote(text) };
      case 'char':
        return { kind: 'number', pos, text, value: unquote(text).codePointAt(0) ?? 0 };
      case 'number':
        return { kind: 'number', pos, text, value: this.#parseNumber(text) };
      case 'leftParen':
        return { kind: 'pipeline', pos, pipeline: this.#parsePipeline('parenthesized pipeline', 'rightParen') };
    }
    throw this.#error(`unexpected ${describeToken(kind, text)} in operand`);
  }

  #parseNumber(text: string): number {
    const value = Number(text.replaceAll('_', ''));
    if (Number.isNaN(value)) throw this.#error(`bad number syntax: ${JSON.stringify(text)}`);
    return value;
  }

  #expectClose(context: string): void {
    this.#skipSpace();
    const token = this.#take();
    if (token.kind !== 'close') throw this.#error(`unexpected ${describeToken(token.kind, token.text)} in ${context}`);
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next++;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', pos: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #error(message: string): TemplateError {
    return this.#fail(this.#tokens[Math.max(0, this.#next - 1)]?.pos ?? 0, message);
  }
}

function describeToken(kind: TokenKind, text: string): string {
  if (kind === 'end') return 'EOF';
  return kind === 'keyword' ? `<${text}>` : JSON.stringify(text);
}
