// SPDX-License-Identifier: Apache-2.0
import { parseFormat, wrapErrors } from '#cli/format/render.ts';
import { TemplateError } from '#cli/template/errors.ts';
import type { Template } from '#cli/template/template.ts';
import { isRecord, Struct, type StructType } from '#cli/template/value.ts';
import { parseJson } from '#client/json.ts';

/** Collects what was inspected and gives all of it at the end. */
export interface InspectPrinter {
  /** Adds one engine answer; throws if the template doesn't fit it. */
  add(text: string, type: StructType): void;
  finish(): string;
}

/** By default indented JSON, with `json` compact JSON, else what a template makes of each. */
export function createPrinter(format: string): InspectPrinter {
  if (format === '' || format === 'json') return new JsonPrinter(format === 'json');
  return new TemplatePrinter(parseFormat(format));
}

class JsonPrinter implements InspectPrinter {
  readonly #isCompact: boolean;
  readonly #values: string[] = [];

  constructor(isCompact: boolean) {
    this.#isCompact = isCompact;
  }

  add(text: string): void {
    this.#values.push(text.trim());
  }

  /** The engine's text is laid out anew but not read: order and numbers stay as they were sent. */
  finish(): string {
    const text = `[${this.#values.join(',')}]`;
    return `${this.#isCompact ? layOut(text, '', '', '') : layOut(text, '\n', '    ', ' ')}\n`;
  }
}

class TemplatePrinter implements InspectPrinter {
  readonly #template: Template;
  #output = '';

  constructor(template: Template) {
    this.#template = template;
  }

  add(text: string, type: StructType): void {
    this.#output += `${this.#execute(parseJson(text), type)}\n`;
  }

  finish(): string {
    return this.#output || '\n';
  }

  /** A field that Go's types don't have may still be in the JSON, under its name there. */
  #execute(value: unknown, type: StructType): string {
    try {
      return this.#template.execute(isRecord(value) ? new Struct(type, value) : value);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return wrapErrors(() => this.#template.execute(value, { missingKeyIsError: true }));
    }
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g;

/** JSON text with other white space. */
function layOut(text: string, newline: string, indent: string, afterColon: string): string {
  let depth = 0;
  let output = '';
  let previous = '';
  const line = (): string => newline + indent.repeat(depth);
  for (const [token] of text.matchAll(TOKEN)) {
    const opened = previous === '[' || previous === '{';
    if (token === ']' || token === '}') {
      depth--;
      output += opened ? token : line() + token;
    } else if (token === ',') output += token;
    else if (token === ':') output += token + afterColon;
    else {
      output += opened || previous === ',' ? line() + token : token;
      if (token === '[' || token === '{') depth++;
    }
    previous = token;
  }
  return output;
}
