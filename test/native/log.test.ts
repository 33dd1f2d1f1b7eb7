// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ATTACH_ALL, Lab } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

/** What the shim logs of `bytes` on standard output, line by line as it is in the file. */
async function logged(bytes: Buffer): Promise<string[]> {
  writeFileSync(join(lab.directory, 'rootfs/output'), bytes);
  const { id, shim } = await lab.run(['cat', '/output']);
  await shim.exited;
  await shim.release();
  return readFileSync(lab.logPath(id), 'utf8').split('\n').slice(0, -1);
}

/** As Go's encoder writes them; the expected text is what stands between `{"log":"` and `","stream"`. */
const ESCAPES: [name: string, bytes: string | number[], expected: string][] = [
  ['plain text', 'hello\n', 'hello\\n'],
  ['no newline at the end', 'prompt> ', 'prompt\\u003e '],
  ['an empty line', '\n', '\\n'],
  ['quotes and backslashes', '"a\\b"\n', '\\"a\\\\b\\"\\n'],
  ['what HTML cares about', '<a href="x">&</a>\n', '\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e\\n'],
  [
    'control characters',
    [0, 1, 7, 8, 9, 11, 12, 13, 27, 31, 127, 10],
    '\\u0000\\u0001\\u0007\\u0008\\t\\u000b\\u000c\\r\\u001b\\u001f\x7f\\n',
  ],
  ['valid UTF-8', 'äß€😀 \u{10ffff}\n', 'äß€😀 \u{10ffff}\\n'],
  ['line separators', 'a\u2028b\u2029c\u202a\n', 'a\\u2028b\\u2029c\u202a\\n'],
  ['a lone continuation byte', [0x80, 10], '\\ufffd\\n'],
  ['a cut sequence', [0xe2, 0x82, 10], '\\ufffd\\ufffd\\n'],
  ['an overlong form', [0xc0, 0xaf, 10], '\\ufffd\\ufffd\\n'],
  ['a surrogate', [0xed, 0xa0, 0x80, 10], '\\ufffd\\ufffd\\ufffd\\n'],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80, 10], '\\ufffd\\ufffd\\ufffd\\ufffd\\n'],
  [
    '0xff between text longer than a block',
    [...Buffer.from('0123456789abcdef0123'), 0xff, 65, 10],
    '0123456789abcdef0123\\ufffdA\\n',
  ],
];

test('every kind of byte is written as Docker writes it', async () => {
  for (const [name, bytes, expected] of ESCAPES) {
    const [line = ''] = await logged(Buffer.from(bytes as string));
    assert.equal(/^\{"log":"(.*)","stream":"stdout","time":"[^"]+"\}$/.exec(line)?.[1], expected, name);
  }
});

test('times are RFC 3339 in UTC, of now, and never go back', async () => {
  const before = Date.now() - 1000;
  const { id, shim } = await lab.run(['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.02; done']);
  await shim.exited;
  await shim.release();
  const times = (await lab.logRecords(id)).map(({ time }) => time);
  for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,8}[1-9])?Z$/);
  assert.deepEqual(times.toSorted(), times);
  assert.ok(Date.parse(times[0] ?? '') >= before && Date.parse(times[2] ?? '') <= Date.now());
});

test('long lines are cut at 16 KiB, and only the last part has the newline', async () => {
  const lines = await logged(Buffer.from(`${'x'.repeat(40_000)}\nshort\n`));
  const logs = lines.map((line) => JSON.parse(line).log as string);
  assert.deepEqual(
    logs.map((log) => [log.length, log.endsWith('\n')]),
    [
      [16384, false],
      [16384, false],
      [7233, true],
      [6, true],
    ],
  );
});

test('a character that would be cut at 16 KiB goes to the next part whole', async () => {
  const text = `${'x'.repeat(16_382)}€${'y'.repeat(10)}\n`;
  const logs = (await logged(Buffer.from(text))).map((line) => JSON.parse(line).log as string);
  assert.deepEqual(
    logs.map((log) => log.length),
    [16_382, 12],
  );
  assert.equal(logs.join(''), text);
});

test('a line that comes in many pieces is one record', async () => {
  const { id, shim } = await lab.run([
    'sh',
    '-c',
    'for i in 1 2 3; do printf "$i "; sleep 0.05; done; echo; printf end',
  ]);
  await shim.exited;
  await shim.release();
  assert.deepEqual(
    (await lab.logRecords(id)).map(({ log }) => log),
    ['1 2 3 \n', 'end'],
  );
});

const SIZE = 10_000;

test('the log is rotated before it exceeds its size, no line is lost or torn, and compressed files move along', async () => {
  const id = 'rotated';
  const log = { driver: 'json-file', path: lab.logPath(id), maxSizeBytes: SIZE, maxFiles: 4 } as const;
  writeFileSync(`${log.path}.1.gz`, 'older');
  writeFileSync(`${log.path}.3`, 'oldest');
  const { shim } = await lab.run(['sh', '-c', 'seq 1 100; read go; seq 101 300'], { id, stdin: 'open', log });
  const stdin = await shim.open({
    stdin: true,
    stdout: false,
    stderr: false,
    multiplexed: false,
    detachKeys: new Uint8Array(),
    head: Buffer.from('\n'),
  });
  await shim.exited;
  await shim.release();
  stdin.destroy();
  const files = [`${log.path}.2`, `${log.path}.1`, log.path];
  const records = (await Promise.all(files.map((file) => lab.logRecords(id, file)))).flat();
  assert.deepEqual(
    records.map(({ log }) => log),
    Array.from({ length: 300 }, (_, index) => `${index + 1}\n`),
  );
  for (const file of files) assert.ok(readFileSync(file).length <= SIZE, file);
  assert.equal(readFileSync(`${log.path}.3.gz`, 'utf8'), 'older');
  assert.ok(!existsSync(`${log.path}.3`), 'the oldest is dropped');
  assert.deepEqual(lab.rotated.filter((path) => path === log.path).length, 2);
});

test('with one file the log starts anew', async () => {
  const id = 'single';
  const log = { driver: 'json-file', path: lab.logPath(id), maxSizeBytes: SIZE, maxFiles: 1 } as const;
  const { shim } = await lab.run(['seq', '1', '400'], { id, log });
  await shim.exited;
  await shim.release();
  const records = await lab.logRecords(id);
  assert.equal(records.at(-1)?.log, '400\n');
  assert.ok(records.length < 400 && readFileSync(log.path).length <= SIZE);
  assert.ok(!existsSync(`${log.path}.1`));
});

test('with one file a reader still has what is dropped, and the new file holds what follows', async () => {
  const id = 'followed';
  const log = { driver: 'json-file', path: lab.logPath(id), maxSizeBytes: SIZE, maxFiles: 1 } as const;
  const { shim } = await lab.run(['sh', '-c', 'echo first; read go; seq 1 150'], { id, stdin: 'open', log });
  const stdin = await shim.open({ ...ATTACH_ALL, stdout: false, stderr: false });
  await lab.waitForLog(id, 'first\n');
  const reader = openSync(log.path, 'r');
  stdin.end('go\n');
  await shim.exited;
  await shim.release();
  const dropped = await lab.logRecords(id, `/proc/self/fd/${reader}`);
  closeSync(reader);
  const all = [...dropped, ...(await lab.logRecords(id))].map(({ log }) => log);
  assert.deepEqual(all, ['first\n', ...Array.from({ length: 150 }, (_, index) => `${index + 1}\n`)]);
  assert.ok(dropped.length > 1 && dropped.length < 150, `${dropped.length}`);
  assert.deepEqual(
    lab.rotated.filter((path) => path === log.path),
    [],
    'there is nothing to compress',
  );
});

test('after reopenLog the output goes to a new file', async () => {
  const { id, shim } = await lab.run(['sh', '-c', 'echo one; read go; echo two'], { stdin: 'open' });
  const stdin = await shim.open({
    stdin: true,
    stdout: true,
    stderr: false,
    multiplexed: false,
    detachKeys: new Uint8Array(),
    head: Buffer.alloc(0),
  });
  await lab.waitForLog(id, 'one\n');
  renameSync(lab.logPath(id), `${lab.logPath(id)}.moved`);
  await shim.reopenLog();
  stdin.end('go\n');
  await shim.exited;
  await shim.release();
  assert.deepEqual(
    (await lab.logRecords(id, `${lab.logPath(id)}.moved`)).map(({ log }) => log),
    ['one\n'],
  );
  assert.deepEqual(
    (await lab.logRecords(id)).map(({ log }) => log),
    ['two\n'],
  );
});

test('a line that a crash has torn is not glued to the next one', async () => {
  const id = 'torn';
  writeFileSync(lab.logPath(id), '{"log":"hal');
  const { shim } = await lab.run(['echo', 'whole'], { id });
  await shim.exited;
  await shim.release();
  const [torn, whole = ''] = readFileSync(lab.logPath(id), 'utf8').split('\n');
  assert.equal(torn, '{"log":"hal');
  assert.equal(JSON.parse(whole).log, 'whole\n');
});

test('a full disk neither stops the container nor leaves half a record, and what is lost is counted', async () => {
  const disk = join(lab.directory, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
  try {
    const path = join(disk, 'log');
    const log = { driver: 'json-file', path, maxSizeBytes: 0, maxFiles: 1 } as const;
    const { id, shim } = await lab.run(['seq', '1', '100000'], { log });
    assert.equal((await shim.exited).exitCode, 0);
    const record = JSON.parse(readFileSync(join(lab.shimDirectory(id), 'exit.json'), 'utf8'));
    assert.ok(record.lostLogBytes > 1_000_000, `${record.lostLogBytes}`);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.endsWith('}\n') && text.length > 100_000);
    for (const line of text.split('\n').slice(0, -1)) JSON.parse(line);
    await shim.release();
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test('a log that cannot be made does not stop the container', async () => {
  const log = { driver: 'json-file', path: '/nonexistent/log', maxSizeBytes: 0, maxFiles: 1 } as const;
  const { shim } = await lab.run(['echo', 'lost'], { log });
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});
