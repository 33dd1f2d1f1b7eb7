// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig, containerRecord, hostConfig } from '#container/container-testing.ts';
import { checkLogsReadable, logAttributes, parseLogOptions } from '#container/log-options.ts';
import { isEngineError } from '#core/errors.ts';
import type { LogConfig } from '#model/container.ts';

const parse = (options: Record<string, string>, driver: LogConfig['driver'] = 'json-file') =>
  parseLogOptions({ driver, options });

test('without options a log is rotated before it fills the disk', () => {
  const { maxSizeBytes, maxFiles, compress } = parse({});
  assert.ok(maxSizeBytes > 0 && maxSizeBytes * maxFiles <= 1e9);
  assert.ok(maxSizeBytes * maxFiles >= 5e8, 'a few hundred megabytes of output are kept');
  assert.equal(compress, false);
});

test('sizes, numbers and booleans are read as Docker reads them', () => {
  const cases: [options: Record<string, string>, expected: object][] = [
    [{ 'max-size': '10m' }, { maxSizeBytes: 1e7, maxFiles: 1, compress: false }],
    [
      { 'max-size': '1.5 GB', 'max-file': '3' },
      { maxSizeBytes: 1.5e9, maxFiles: 3, compress: false },
    ],
    [{ 'max-size': '100' }, { maxSizeBytes: 100, maxFiles: 1, compress: false }],
    [
      { 'max-size': '10KiB', 'max-file': '+2', compress: 'T' },
      { maxSizeBytes: 10_000, maxFiles: 2, compress: true },
    ],
    [{ 'max-size': '-1' }, { maxSizeBytes: 0, maxFiles: 1, compress: false }],
    [
      { 'max-size': '1k', compress: '0', mode: 'blocking' },
      { maxSizeBytes: 1000, maxFiles: 1, compress: false },
    ],
    [
      { mode: 'non-blocking', 'max-buffer-size': '4m', 'max-size': '1k' },
      { maxSizeBytes: 1000, maxFiles: 1, compress: false },
    ],
  ];
  for (const [options, expected] of cases) assert.deepEqual(parse(options), expected, JSON.stringify(options));
  assert.equal(parse({ anything: 'x' }, 'none').compress, false);
});

test('the local driver has Docker’s defaults, compression among them where there is something to compress', () => {
  const cases: [options: Record<string, string>, expected: object][] = [
    [{}, { maxSizeBytes: 2e7, maxFiles: 5, compress: true }],
    [{ 'max-size': '1m' }, { maxSizeBytes: 1e6, maxFiles: 5, compress: true }],
    [{ 'max-file': '1' }, { maxSizeBytes: 2e7, maxFiles: 1, compress: false }],
    [{ 'max-size': '-1' }, { maxSizeBytes: 0, maxFiles: 5, compress: false }],
    [{ compress: 'false' }, { maxSizeBytes: 2e7, maxFiles: 5, compress: false }],
  ];
  for (const [options, expected] of cases) assert.deepEqual(parse(options, 'local'), expected, JSON.stringify(options));
  assert.throws(() => parse({ compress: 'true', 'max-file': '1' }, 'local'), /compress cannot be true/);
});

test('bad options are refused with the words that Docker uses', () => {
  const cases: [options: Record<string, string>, driver: LogConfig['driver'], message: string | RegExp][] = [
    [{ 'no-such': '1' }, 'json-file', "unknown log opt 'no-such' for json-file log driver"],
    [{ labels: 'a' }, 'local', "unknown log opt 'labels' for local log driver"],
    [{ 'max-size': 'big' }, 'json-file', "invalid size: 'big'"],
    [{ 'max-size': '0' }, 'json-file', 'max-size must be a positive number'],
    [{ 'max-size': '99999999p' }, 'json-file', 'max-size must be a positive number'],
    [{ 'max-file': 'x' }, 'json-file', 'strconv.Atoi: parsing "x": invalid syntax'],
    [{ 'max-file': '0' }, 'json-file', 'max-file cannot be less than 1'],
    [{ 'max-file': '100000' }, 'json-file', 'max-file cannot be more than 1000'],
    [{ compress: 'yes' }, 'json-file', 'strconv.ParseBool: parsing "yes": invalid syntax'],
    [
      { compress: 'true', 'max-file': '1' },
      'json-file',
      /^compress cannot be true when max-file is less than 2 or max-size is not set$/,
    ],
    [{ mode: 'fast' }, 'json-file', 'logger: logging mode not supported: fast'],
    [
      { 'max-buffer-size': '1m' },
      'json-file',
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    ],
    [{ 'labels-regex': '(' }, 'json-file', 'error parsing regexp: "("'],
    [{ 'env-regex': 'x'.repeat(2000) }, 'json-file', /^error parsing regexp: "xxx/],
    [{ tag: '{{.NoSuch}}' }, 'json-file', /^unsupported log tag/],
    [{ tag: '{{ range .X }}' }, 'json-file', /^unsupported log tag/],
  ];
  for (const [options, driver, message] of cases) {
    assert.throws(
      () => parse(options, driver),
      (error) =>
        isEngineError(error, 'invalid-parameter') &&
        (typeof message === 'string' ? error.message === message : message.test(error.message)),
      JSON.stringify(options),
    );
  }
});

test('attributes are the labels and variables that the options name', () => {
  const attributes = (options: Record<string, string>): Record<string, string> =>
    logAttributes(
      containerRecord({
        id: 'c0ffee'.padEnd(64, '0'),
        name: 'web',
        imageId: `sha256:${'ab'.repeat(32)}`,
        config: containerConfig({
          image: 'nginx:1',
          labels: { tier: 'front', team: 'a', constructor: 'x' },
          env: ['PORT=80', 'EMPTY=', 'BARE', 'A=b=c'],
        }),
        hostConfig: hostConfig({ logConfig: { driver: 'json-file', options } }),
      }),
    );
  const cases: [options: Record<string, string>, expected: Record<string, string>][] = [
    [{}, {}],
    [{ labels: 'tier,missing,,toString' }, { tier: 'front' }],
    [{ 'labels-regex': '^te' }, { team: 'a' }],
    [
      { env: 'PORT,BARE,A', labels: 'tier' },
      { tier: 'front', PORT: '80', A: 'b=c' },
    ],
    [{ 'env-regex': 'P' }, { PORT: '80', EMPTY: '' }],
    [{ tag: 'x' }, { tag: 'x' }],
    [{ tag: '{{.Name}}/{{ .ID }}/{{.ImageName}}/{{.ImageID}}' }, { tag: 'web/c0ffee000000/nginx:1/abababababab' }],
  ];
  for (const [options, expected] of cases) assert.deepEqual(attributes(options), expected, JSON.stringify(options));
});

test('what was not kept can not be read', () => {
  for (const driver of ['json-file', 'local'] as const) checkLogsReadable({ driver, options: {} });
  assert.throws(
    () => checkLogsReadable({ driver: 'none', options: {} }),
    (error) =>
      isEngineError(error, 'not-implemented') && error.message === 'configured logging driver does not support reading',
  );
});
