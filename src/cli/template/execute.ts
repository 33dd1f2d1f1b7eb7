// SPDX-License-Identifier: Apache-2.0
import { FunctionError, TemplateError } from '#cli/template/errors.ts';
import { FUNCTIONS, isTrue, type TemplateFunction } from '#cli/template/functions.ts';
import {
  type Command,
  describeCommand,
  describeOperand,
  type Operand,
  type Pipeline,
  type Statement,
} from '#cli/template/nodes.ts';
import { lineOf, type ParsedTemplate } from '#cli/template/parse.ts';
import { compareStrings, printValue } from '#cli/template/print.ts';
import { isRecord, NilPointer, Row, Struct, TypedList, TypedMap, typeName, typeNameOf } from '#cli/template/value.ts';

export interface ExecuteOptions {
  functions?: ReadonlyMap<string, TemplateFunction>;
  /** A map without the key that is asked for is an error rather than `<no value>`. */
  missingKeyIsError?: boolean;
}

type Flow = 'next' | 'break' | 'continue';

interface Variable {
  name: string;
  value: unknown;
}

/** No value was piped into the command. */
const NOTHING = Symbol('nothing');

/** Runs a template on `data`. Throws `TemplateError` with Go's words when they don't fit. */
export function executeTemplate(template: ParsedTemplate, data: unknown, options: ExecuteOptions = {}): string {
  const execution = new Execution(template, data, options);
  return execution.run();
}

class Execution {
  readonly #template: ParsedTemplate;
  readonly #data: unknown;
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #missingKeyIsError: boolean;
  readonly #variables: Variable[];
  #output = '';

  constructor(template: ParsedTemplate, data: unknown, options: ExecuteOptions) {
    this.#template = template;
    this.#data = data;
    this.#functions = options.functions ?? FUNCTIONS;
    this.#missingKeyIsError = options.missingKeyIsError ?? false;
    this.#variables = [{ name: '$', value: data }];
  }

  run(): string {
    this.#walk(this.#template.statements, this.#data);
    return this.#output;
  }

  #walk(statements: readonly Statement[], dot: unknown): Flow {
    for (const statement of statements) {
      const flow = this.#step(statement, dot);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #step(statement: Statement, dot: unknown): Flow {
    switch (statement.kind) {
      case 'text':
        this.#output += statement.text;
        return 'next';
      case 'action': {
        const value = this.#evaluatePipeline(statement.pipeline, dot);
        if (statement.pipeline.variables.length === 0) this.#output += printValue(value);
        return 'next';
      }
      case 'break':
      case 'continue':
        return statement.kind;
      case 'range':
        return this.#range(statement, dot);
      default: {
        const depth = this.#variables.length;
        const value = this.#evaluatePipeline(statement.pipeline, dot);
        const inner = statement.kind === 'with' && isTrue(value) ? value : dot;
        const flow = this.#walk(isTrue(value) ? statement.body : statement.otherwise, inner);
        this.#variables.length = depth;
        return flow;
      }
    }
  }

  #range(statement: Extract<Statement, { pipeline: Pipeline; body: Statement[] }>, dot: unknown): Flow {
    const depth = this.#variables.length;
    const value = this.#evaluatePipeline({ ...statement.pipeline, variables: [] }, dot);
    const entries = this.#entriesOf(value, statement.pipeline);
    for (const [key, item] of entries) {
      const [first, second] = statement.pipeline.variables;
      if (second !== undefined && first !== undefined) {
        this.#set(first, key, statement.pipeline.assigns);
        this.#set(second, item, statement.pipeline.assigns);
      } else if (first !== undefined) this.#set(first, item, statement.pipeline.assigns);
      const flow = this.#walk(statement.body, item);
      this.#variables.length = depth;
      if (flow === 'break') break;
    }
    const flow = entries.length === 0 ? this.#walk(statement.otherwise, dot) : 'next';
    this.#variables.length = depth;
    return flow;
  }

  #entriesOf(value: unknown, pipeline: Pipeline): [unknown, unknown][] {
    if (value instanceof TypedList) return value.items.map((item, index) => [index, item]);
    if (Array.isArray(value)) return value.map((item, index) => [index, item]);
    if (value instanceof TypedMap) return sortedKeys(value.raw).map((key) => [key, value.get(key)]);
    if (isRecord(value)) return sortedKeys(value).map((key) => [key, value[key]]);
    if (value === null || value === undefined) return [];
    if (typeof value === 'number') return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index]);
    const [command] = pipeline.commands;
    const shown = command ? describeCommand(command) : '';
    throw this.#error(command?.operands[0].pos ?? pipeline.pos, shown, `range can't iterate over ${printValue(value)}`);
  }

  #set(name: string, value: unknown, assigns: boolean): void {
    const existing = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (existing) existing.value = value;
    else this.#variables.push({ name, value });
  }

  #evaluatePipeline(pipeline: Pipeline, dot: unknown): unknown {
    let value: unknown = NOTHING;
    for (const command of pipeline.commands) value = this.#evaluateCommand(command, dot, value);
    for (const name of pipeline.variables) this.#set(name, value, pipeline.assigns);
    return value;
  }

  #evaluateCommand(command: Command, dot: unknown, final: unknown): unknown {
    const [first, ...rest] = command.operands;
    switch (first.kind) {
      case 'function':
        return this.#callFunction(first, rest, dot, final);
      case 'field':
        return this.#fields(dot, first.names, first, this.#arguments(rest, dot, final));
      case 'chain':
        return this.#fields(this.#evaluate(first.operand, dot), first.names, first, this.#arguments(rest, dot, final));
      case 'variable':
        return this.#fields(this.#lookUp(first.name), first.names, first, this.#arguments(rest, dot, final));
      case 'nil':
        throw this.#error(first.pos, 'nil', 'nil is not a command');
      default:
        if (rest.length > 0 || final !== NOTHING) {
          throw this.#error(
            first.pos,
            describeOperand(first),
            `can't give argument to non-function ${describeOperand(first)}`,
          );
        }
        return this.#evaluate(first, dot);
    }
  }

  #arguments(operands: readonly Operand[], dot: unknown, final: unknown): unknown[] {
    const values = operands.map((operand) => this.#evaluate(operand, dot));
    return final === NOTHING ? values : [...values, final];
  }

  #evaluate(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'pipeline':
        return this.#evaluatePipeline(operand.pipeline, dot);
      default:
        return this.#evaluateCommand({ pos: operand.pos, operands: [operand] }, dot, NOTHING);
    }
  }

  #lookUp(name: string): unknown {
    return this.#variables.findLast((variable) => variable.name === name)?.value;
  }

  #fields(start: unknown, names: readonly string[], node: Operand, values: readonly unknown[]): unknown {
    return names.reduce(
      (value, name, index) => this.#field(value, name, node, index === names.length - 1 ? values : []),
      names.length === 0 && values.length > 0 ? this.#refuseArguments(node) : start,
    );
  }

  #refuseArguments(node: Operand): never {
    throw this.#error(node.pos, describeOperand(node), `can't give argument to non-function ${describeOperand(node)}`);
  }

  #field(value: unknown, name: string, node: Operand, values: readonly unknown[]): unknown {
    const fail = (message: string): TemplateError => this.#error(node.pos, describeOperand(node), message);
    if (value instanceof Row) return this.#column(value, name, values, fail);
    if (values.length > 0) throw fail(`${name} is not a method but has arguments`);
    if (value instanceof Struct) {
      if (!value.has(name)) throw fail(`can't evaluate field ${name} in type ${typeNameOf(value)}`);
      return value.get(name);
    }
    if (value instanceof TypedMap || isRecord(value)) {
      const raw = value instanceof TypedMap ? value.raw : value;
      if (Object.hasOwn(raw, name)) return value instanceof TypedMap ? value.get(name) : raw[name];
      if (this.#missingKeyIsError) throw fail(`map has no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (value instanceof NilPointer) throw fail(`nil pointer evaluating *${typeName(value.type)}.${name}`);
    if (value === null) throw fail(`nil pointer evaluating interface {}.${name}`);
    if (value === undefined) {
      if (this.#missingKeyIsError) throw fail(`map has no entry for key ${JSON.stringify(name)}`);
      throw fail(`nil data; no entry for key ${JSON.stringify(name)}`);
    }
    throw fail(`can't evaluate field ${name} in type ${this.#missingKeyIsError ? 'interface {}' : typeNameOf(value)}`);
  }

  #column(row: Row, name: string, values: readonly unknown[], fail: (message: string) => TemplateError): unknown {
    const column = Object.hasOwn(row.columns, name) ? row.columns[name] : undefined;
    if (column) {
      if (values.length > 0) throw fail(`wrong number of args for ${name}: want 0 got ${values.length}`);
      return column();
    }
    const method = Object.hasOwn(row.methods, name) ? row.methods[name] : undefined;
    if (!method) throw fail(`can't evaluate field ${name} in type ${row.typeName}`);
    if (values.length !== 1) throw fail(`wrong number of args for ${name}: want 1 got ${values.length}`);
    return method(String(values[0]));
  }

  #callFunction(
    node: Operand & { kind: 'function' },
    operands: readonly Operand[],
    dot: unknown,
    final: unknown,
  ): unknown {
    const count = operands.length + (final === NOTHING ? 0 : 1);
    const shown = describeOperand(node);
    if (node.name === 'and' || node.name === 'or') {
      if (count === 0)
        throw this.#error(node.pos, shown, `wrong number of args for ${node.name}: want at least 1 got 0`);
      return this.#shortCircuit(node.name, operands, dot, final);
    }
    const called = this.#functions.get(node.name);
    if (!called) throw this.#error(node.pos, shown, `${JSON.stringify(node.name)} is not a defined function`);
    if (count < called.minimum || count > called.maximum) {
      const want = called.minimum === called.maximum ? `${called.minimum}` : `at least ${called.minimum}`;
      throw this.#error(node.pos, shown, `wrong number of args for ${node.name}: want ${want} got ${count}`);
    }
    const values = this.#arguments(operands, dot, final);
    try {
      return called.call(...values);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      throw this.#callError(node, operands, error);
    }
  }

  #callError(node: Operand & { kind: 'function' }, operands: readonly Operand[], error: FunctionError): TemplateError {
    const wanted = /^wrong type for value; expected (\S+);/.exec(error.message)?.[1];
    const [first = node] = operands;
    if (wanted === undefined) {
      return this.#error(node.pos, describeCall(node.name, operands), `error calling ${node.name}: ${error.message}`);
    }
    const isLiteral = first.kind === 'number' || first.kind === 'bool';
    const shown = describeOperand(first);
    return this.#error(first.pos, shown, isLiteral ? `expected ${wanted}; found ${shown}` : error.message);
  }

  /** `and` and `or` stop at the first operand that decides, and don't evaluate the others. */
  #shortCircuit(name: 'and' | 'or', operands: readonly Operand[], dot: unknown, final: unknown): unknown {
    let value: unknown;
    for (const operand of operands) {
      value = this.#evaluate(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === NOTHING ? value : final;
  }

  #error(pos: number, context: string, message: string): TemplateError {
    const { name, source } = this.#template;
    const line = lineOf(source, pos);
    const column = Buffer.byteLength(source.slice(source.lastIndexOf('\n', pos - 1) + 1, pos));
    return new TemplateError(
      `template: ${name}:${line}:${column}: executing ${JSON.stringify(name)} at <${context}>: ${message}`,
    );
  }
}

const describeCall = (name: string, operands: readonly Operand[]): string =>
  [name, ...operands.map(describeOperand)].join(' ');

const sortedKeys = (map: object): string[] => Object.keys(map).sort(compareStrings);
