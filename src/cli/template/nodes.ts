// SPDX-License-Identifier: Apache-2.0

interface Positioned {
  pos: number;
}

/** What a command or an argument of one can be. */
export type Operand = Positioned &
  (
    | { kind: 'dot' }
    | { kind: 'nil' }
    | { kind: 'bool'; value: boolean }
    | { kind: 'number'; text: string; value: number | bigint }
    | { kind: 'string'; quoted: string; value: string }
    | { kind: 'field'; names: string[] }
    | { kind: 'variable'; name: string; names: string[] }
    | { kind: 'chain'; operand: Operand; names: string[] }
    | { kind: 'function'; name: string }
    | { kind: 'pipeline'; pipeline: Pipeline }
  );

export interface Command extends Positioned {
  operands: [Operand, ...Operand[]];
}

export interface Pipeline extends Positioned {
  /** Variables that take the value: one, or for `range` two. */
  variables: string[];
  /** `=` rather than `:=`. */
  assigns: boolean;
  commands: Command[];
}

export type Statement = Positioned &
  (
    | { kind: 'text'; text: string }
    | { kind: 'action'; pipeline: Pipeline }
    | { kind: 'if' | 'with' | 'range'; pipeline: Pipeline; body: Statement[]; otherwise: Statement[] }
    | { kind: 'break' | 'continue' }
  );

/** A node as Go's template package writes it in messages. */
export function describeOperand(node: Operand): string {
  switch (node.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [node.name, ...node.names].join('.');
    case 'chain':
      return `${describeOperand(node.operand)}${node.names.map((name) => `.${name}`).join('')}`;
    case 'function':
      return node.name;
    case 'pipeline':
      return `(${describePipeline(node.pipeline)})`;
  }
}

export const describeCommand = (command: Command): string => command.operands.map(describeOperand).join(' ');

export function describePipeline(pipeline: Pipeline): string {
  const target =
    pipeline.variables.length > 0 ? `${pipeline.variables.join(', ')} ${pipeline.assigns ? '=' : ':='} ` : '';
  return target + pipeline.commands.map(describeCommand).join(' | ');
}
