// SPDX-License-Identifier: Apache-2.0

/** A template that can't be parsed, or that doesn't fit the data. Its message is the one of Go's text/template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** What a template function throws for arguments it can't work with; execution adds where it happened. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}
