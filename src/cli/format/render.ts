// SPDX-License-Identifier: Apache-2.0
import { alignTabs, LIST_LAYOUT } from '#cli/format/table.ts';
import { TemplateError } from '#cli/template/errors.ts';
import { Template } from '#cli/template/template.ts';
import { Row } from '#cli/template/value.ts';

/** Titles of the columns, and how Go names the rows' type in messages. */
export type Titles = Readonly<Record<string, string>>;

export const isTableFormat = (format: string): boolean => format.startsWith('table');

/** Rows in a format: `table TEMPLATE` with a header, `json`, or a template that is run for each row. */
export function renderRows(format: string, titles: Titles, rows: Iterable<Row>): string {
  const template = parseFormat(templateOf(format));
  let body = '';
  for (const row of rows) body += `${wrapErrors(() => template.execute(row))}\n`;
  if (!isTableFormat(format)) return body;
  const header = template.executeHeader(headerRow(titles));
  return alignTabs(`${header}\n${body}`, LIST_LAYOUT);
}

/** The template within a format. Docker lets `\t` and `\n` be written out. */
export function templateOf(format: string): string {
  if (format === 'json') return '{{json .}}';
  const template = isTableFormat(format) ? format.slice('table'.length) : format;
  return template
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
}

export function parseFormat(source: string, name = ''): Template {
  return wrapErrors(() => new Template(source, name));
}

/** What Docker puts before a template's own message. */
export function wrapErrors<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof TemplateError) throw new TemplateError(`template parsing error: ${error.message}`);
    throw error;
  }
}

/** A row whose columns are their own titles; a label is titled by the last part of its name. */
function headerRow(titles: Titles): Row {
  const columns = Object.fromEntries(Object.entries(titles).map(([name, title]) => [name, () => title]));
  return new Row('formatter.SubHeaderContext', columns, {
    Label: (name) => (name.split('.').at(-1) ?? '').replace(/[-_]/g, ' '),
  });
}
