// SPDX-License-Identifier: Apache-2.0

const TEMPLATES = `'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`;

/** Help for `--format` of commands that print one thing. */
export const FORMAT_USAGE = `Format output using a custom template:
'json':             Print in JSON format
${TEMPLATES}`;

/** Help for `--format` of commands that print a list. */
export const TABLE_FORMAT_USAGE = `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
${TEMPLATES}`;
