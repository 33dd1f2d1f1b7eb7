// SPDX-License-Identifier: Apache-2.0
import { type ExecuteOptions, executeTemplate } from '#cli/template/execute.ts';
import { FUNCTIONS, HEADER_FUNCTIONS } from '#cli/template/functions.ts';
import { type ParsedTemplate, parseTemplate } from '#cli/template/parse.ts';

const NAMES: ReadonlySet<string> = new Set([...FUNCTIONS.keys(), 'and', 'or']);

/** A Go template with Docker's functions (https://docs.docker.com/go/formatting/). */
export class Template {
  readonly #parsed: ParsedTemplate;

  /** Throws `TemplateError` if `source` is not a template. */
  constructor(source: string, name = '') {
    this.#parsed = parseTemplate(source, NAMES, name);
  }

  /** Throws `TemplateError` if `data` doesn't have what the template asks for. */
  execute(data: unknown, options: ExecuteOptions = {}): string {
    return executeTemplate(this.#parsed, data, options);
  }

  /** The header line of a table: `titles` holds the title of each column. */
  executeHeader(titles: unknown): string {
    return executeTemplate(this.#parsed, titles, { functions: HEADER_FUNCTIONS });
  }
}
