// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompress } from '#layer/decompress.ts';

async function* chunks(data: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

async function collect(data: Buffer, size?: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of decompress(chunks(data, size))) parts.push(part);
  return Buffer.concat(parts);
}

const DATA = Buffer.concat([randomBytes(30_000), Buffer.alloc(3_000_000, 'abc')]);

const FORMATS: [name: string, compress: (data: Buffer) => Buffer][] = [
  ['plain', (data) => data],
  ['gzip', (data) => gzipSync(data)],
  ['gzip of two members', (data) => Buffer.concat([gzipSync(data.subarray(0, 1000)), gzipSync(data.subarray(1000))])],
  ['zstd', (data) => zstdCompressSync(data)],
  ['xz', (data) => execFileSync('xz', ['-0', '-c'], { input: data, maxBuffer: 1 << 24 })],
];

for (const [name, compress] of FORMATS) {
  test(`${name} is recognised and expanded, in chunks of any size`, async () => {
    const data = compress(DATA);
    assert.ok((await collect(data)).equals(DATA));
    assert.ok((await collect(data.subarray(0), 1 << 20)).equals(DATA));
  });

  if (name === 'plain') continue;
  test(`${name} that is cut off or damaged is refused as invalid`, async () => {
    const data = compress(DATA);
    await assert.rejects(collect(data.subarray(0, -20)), { code: 'invalid-parameter' });
    const damaged = Buffer.from(data);
    damaged.fill(0xff, 8, 60);
    await assert.rejects(collect(damaged), { code: 'invalid-parameter' });
  });
}

test('one byte at a time is enough', async () => {
  assert.equal((await collect(gzipSync(Buffer.from('hello')), 1)).toString(), 'hello');
  assert.equal((await collect(Buffer.from('x'))).toString(), 'x');
  assert.equal((await collect(Buffer.alloc(0))).length, 0);
});

test('a bomb is refused once its ratio gives it away', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(1 << 30));
  let writtenBytes = 0;
  const expand = async (): Promise<void> => {
    for await (const chunk of decompress(chunks(Buffer.concat([bomb, bomb, bomb]), 1 << 16)))
      writtenBytes += chunk.length;
  };
  await assert.rejects(expand(), /more than 200 times/);
  assert.ok(writtenBytes <= 1.1 * 2 ** 30);
});

test('a zstd window larger than 128 MiB is refused before memory is spent on it', async () => {
  const data = execFileSync('zstd', ['--ultra', '--long=30', '-c', '-3', '--no-check'], {
    input: Buffer.alloc(1 << 28, 'ab'),
    maxBuffer: 1 << 24,
  });
  await assert.rejects(collect(data), { code: 'invalid-parameter' });
});

test('bzip2 is refused with what to use instead', async () => {
  await assert.rejects(collect(Buffer.from('BZh91AY&SY')), /use gzip, zstd or xz/);
});

test('a source that fails is not mistaken for bad data', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield gzipSync(DATA).subarray(0, 1000);
    throw new Error('the client went away');
  }
  const expand = async (): Promise<void> => {
    for await (const _ of decompress(failing()));
  };
  await assert.rejects(expand(), /the client went away/);
});
