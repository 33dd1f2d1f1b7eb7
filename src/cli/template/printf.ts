// SPDX-License-Identifier: Apache-2.0
import { formatNumber, formatValue } from '#cli/template/print.ts';
import { quote } from '#cli/template/quote.ts';
import { NilPointer, Struct, TypedList, typeNameOf } from '#cli/template/value.ts';

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([\s\S])?/gu;

/** Go's `fmt.Sprintf` for the values that templates have. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const take = (): unknown => values[next++];
  const text = format.replace(VERB, (all, flags: string, width: string, precision: string, verb: string) => {
    if (verb === undefined) return '%!(NOVERB)';
    if (verb === '%') return '%';
    const widthNumber = width === '*' ? Number(take()) : width === undefined ? undefined : Number(width);
    const hasPrecision = all.includes('.');
    const precisionNumber = !hasPrecision ? undefined : precision === '*' ? Number(take()) : Number(precision ?? 0);
    if (next >= values.length) return `%!${verb}(MISSING)`;
    return pad(formatVerb(verb, take(), flags, precisionNumber), flags, widthNumber, verb);
  });
  if (next >= values.length) return text;
  const extra = values.slice(next).map((value) => `${typeNameOf(value)}=${formatValue(value)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function pad(text: string, flags: string, width: number | undefined, verb: string): string {
  const missing = (width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (flags.includes('0') && /[dxXobfFeEgG]/.test(verb)) {
    const sign = /^[+-]/.exec(text)?.[0] ?? '';
    return sign + '0'.repeat(missing) + text.slice(sign.length);
  }
  return ' '.repeat(missing) + text;
}

function formatVerb(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  if (value instanceof TypedList || Array.isArray(value)) {
    const items = value instanceof TypedList ? value.items : value;
    if (verb !== 'v') return `[${items.map((item) => formatVerb(verb, item, flags, precision)).join(' ')}]`;
  }
  switch (verb) {
    case 'v':
      return flags.includes('+')
        ? formatWithNames(value)
        : flags.includes('#')
          ? formatSyntax(value)
          : formatValue(value);
    case 's':
      return isText(value) ? cut(String(value), precision) : wrongType(verb, value);
    case 'q':
      return isText(value) ? quote(cut(String(value), precision)) : wrongType(verb, value);
    case 'd':
      return isInteger(value) ? signed(String(value), flags) : wrongType(verb, value);
    case 'x':
    case 'X':
      return formatHex(verb, value);
    case 'o':
    case 'b':
      return isInteger(value) ? value.toString(verb === 'o' ? 8 : 2) : wrongType(verb, value);
    case 'c':
      return isInteger(value) ? String.fromCodePoint(Number(value)) : wrongType(verb, value);
    case 't':
      return typeof value === 'boolean' ? String(value) : wrongType(verb, value);
    case 'f':
    case 'F':
      return isFloat(value) ? signed(value.toFixed(precision ?? 6), flags) : wrongType(verb, value);
    case 'e':
      return isFloat(value)
        ? value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
        : wrongType(verb, value);
    case 'g':
      return isFloat(value) ? formatGeneral(value, precision) : wrongType(verb, value);
    case 'T':
      return typeNameOf(value);
    default:
      return wrongType(verb, value);
  }
}

function formatHex(verb: string, value: unknown): string {
  const hex = isInteger(value)
    ? value.toString(16)
    : typeof value === 'string'
      ? Buffer.from(value).toString('hex')
      : undefined;
  if (hex === undefined) return wrongType(verb, value);
  return verb === 'X' ? hex.toUpperCase() : hex;
}

/** `%.*g`: that many significant digits without trailing zeros; an exponent when it is below -4 or too large. */
export function formatGeneral(value: number, precision?: number): string {
  if (precision === undefined) return formatNumber(value);
  const digits = Math.max(precision, 1);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) {
    const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
    return `${trimZeros(mantissa)}e${power.replace(/^([+-])(\d)$/, '$10$2')}`;
  }
  return trimZeros(value.toPrecision(digits));
}

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

function formatWithNames(value: unknown): string {
  if (!(value instanceof Struct)) return formatValue(value);
  return `{${[...value.type.fields.keys()].map((name) => `${name}:${formatWithNames(value.get(name))}`).join(' ')}}`;
}

const formatSyntax = (value: unknown): string => (typeof value === 'string' ? quote(value) : formatValue(value));

const isText = (value: unknown): boolean => typeof value === 'string';
const isInteger = (value: unknown): value is number | bigint => typeof value === 'bigint' || Number.isInteger(value);
const isFloat = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

const cut = (text: string, precision: number | undefined): string =>
  precision === undefined ? text : [...text].slice(0, precision).join('');

const signed = (text: string, flags: string): string =>
  text.startsWith('-') ? text : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;

function wrongType(verb: string, value: unknown): string {
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  if (value instanceof NilPointer) return `%!${verb}(${typeNameOf(value)}=<nil>)`;
  return `%!${verb}(${typeNameOf(value)}=${formatValue(value)})`;
}
