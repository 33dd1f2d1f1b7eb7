// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TarEntry, TarSink } from '#tar/entry.ts';
import { encodePax } from '#tar/pax.ts';
import { TarReader } from '#tar/reader.ts';
import { END_OF_ARCHIVE, header, member, padding, tarEntry } from '#tar/writer.ts';

interface Read {
  entry: TarEntry;
  data: Buffer;
}

/** Collects the members, with holes filled. */
class Collector implements TarSink {
  readonly members: Read[] = [];
  #current: Read | undefined;
  entry(entry: TarEntry): void {
    this.#current = { entry, data: Buffer.alloc(entry.sizeBytes) };
  }
  data(chunk: Uint8Array, offset: number): void {
    this.#current?.data.set(chunk, offset);
  }
  endEntry(): void {
    if (this.#current) this.members.push(this.#current);
  }
}

function read(archive: Buffer, chunkBytes = archive.length): Read[] {
  const collector = new Collector();
  const reader = new TarReader(collector);
  for (let at = 0; at < archive.length; at += chunkBytes) reader.write(archive.subarray(at, at + chunkBytes));
  reader.end();
  return collector.members;
}

const names = (members: Read[]): string[] => members.map(({ entry }) => entry.name.toString());

function inDirectory<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-tar-'));
  try {
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}`;

for (const format of ['v7', 'ustar', 'gnu', 'oldgnu', 'posix']) {
  test(`what GNU tar writes in format ${format} is read as it was`, () => {
    inDirectory((directory) => {
      writeFileSync(join(directory, 'file'), 'hello', { mode: 0o640 });
      mkdirSync(join(directory, 'sub'));
      symlinkSync('../target', join(directory, 'sub', 'link'));
      linkSync(join(directory, 'file'), join(directory, 'sub', 'same'));
      execFileSync('mkfifo', [join(directory, 'pipe')]);
      const withFifo = format === 'v7' ? [] : ['pipe'];
      const archive = execFileSync('tar', [
        '-C',
        directory,
        '-c',
        `--format=${format}`,
        '--owner=7',
        '--group=9',
        'file',
        'sub/link',
        'sub/same',
        ...withFifo,
      ]);
      const found = read(archive).map(({ entry, data }) => [
        entry.type,
        `${entry.name}`,
        `${entry.linkName}`,
        entry.uid,
        entry.gid,
        data.toString(),
      ]);
      assert.deepEqual(found, [
        ['file', 'file', '', 7, 9, 'hello'],
        ['symbolic-link', 'sub/link', '../target', 7, 9, ''],
        ['hard-link', 'sub/same', 'file', 7, 9, ''],
        ...(format === 'v7' ? [] : [['fifo', 'pipe', '', 7, 9, '']]),
      ]);
    });
  });
}

for (const format of ['gnu', 'posix']) {
  test(`long names and links of format ${format} are whole`, () => {
    inDirectory((directory) => {
      mkdirSync(join(directory, LONG, '..'), { recursive: true });
      symlinkSync(`/${LONG}`, join(directory, LONG));
      const archive = execFileSync('tar', ['-C', directory, '-c', `--format=${format}`, LONG]);
      const [found] = read(archive, 700);
      assert.equal(`${found?.entry.name}`, LONG);
      assert.equal(`${found?.entry.linkName}`, `/${LONG}`);
    });
  });
}

const SPARSE_FORMATS = [
  ['gnu', []],
  ['posix', ['--sparse-version=0.0']],
  ['posix', ['--sparse-version=0.1']],
  ['posix', ['--sparse-version=1.0']],
] as const;

for (const [format, options] of SPARSE_FORMATS) {
  test(`a sparse file of format ${format} ${options.join('')} is expanded, in chunks of any size`, () => {
    inDirectory((directory) => {
      const path = join(directory, 'holes');
      const expected = Buffer.alloc(1_300_000);
      for (let i = 0; i < 30; i++) expected.write(`data ${i}`, i * 40_960);
      writeFileSync(path, '');
      truncateSync(path, expected.length);
      const fd = openSync(path, 'r+');
      for (let i = 0; i < 30; i++) writeSync(fd, `data ${i}`, i * 40_960);
      closeSync(fd);
      const archive = execFileSync('tar', ['-C', directory, '-cS', `--format=${format}`, ...options, 'holes'], {
        maxBuffer: 1 << 24,
      });
      assert.ok(archive.length < expected.length, 'tar found the holes');
      for (const chunkBytes of [archive.length, 512, 777]) {
        const [found] = read(archive, chunkBytes);
        assert.equal(`${found?.entry.name}`, 'holes');
        assert.ok((found?.entry.regions?.length ?? 0) >= 30);
        assert.ok(found?.data.equals(expected));
      }
    });
  });
}

test('binary extended attributes are kept byte for byte', () => {
  const value = Buffer.from([1, 0xff, 0, 0x80, 0x0a, 0x3d]);
  const entry = tarEntry({ name: 'x', xattrs: new Map([['user.raw', value]]) });
  const [found] = read(Buffer.concat([member(entry), END_OF_ARCHIVE]));
  assert.deepEqual(found?.entry.xattrs.get('user.raw'), value);
});

test('what was written is read again, whatever the fields are and however it is cut', () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))));
  const entries = fc.array(
    fc.record({
      name,
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.integer({ min: 0, max: 0xffff_ffff }),
      gid: fc.integer({ min: 0, max: 0xffff_ffff }),
      modifyNs: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n }),
      data: fc.uint8Array({ maxLength: 1500 }),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 2000 }), (fields, chunkBytes) => {
      const archive = Buffer.concat([
        ...fields.map(({ data, ...entry }) => member(tarEntry(entry), data)),
        END_OF_ARCHIVE,
      ]);
      const found = read(archive, chunkBytes);
      assert.deepEqual(
        found.map(({ entry, data }) => ({
          name: entry.name,
          mode: entry.mode,
          uid: entry.uid,
          gid: entry.gid,
          modifyNs: entry.modifyNs,
          data: new Uint8Array(data),
        })),
        fields.map(({ data, ...entry }) => ({ ...entry, data: new Uint8Array(data) })),
      );
    }),
    { numRuns: 150 },
  );
});

test('GNU tar lists what the writer wrote', () => {
  inDirectory((directory) => {
    const archive = Buffer.concat([
      member(tarEntry({ name: 'd/', type: 'directory' })),
      member(tarEntry({ name: LONG, uid: 3_000_000, modifyNs: 1_500_000_000_123_456_789n }), Buffer.from('abc')),
      member(tarEntry({ name: 'l', type: 'symbolic-link', linkName: `/${LONG}` })),
      member(tarEntry({ name: 'n', type: 'character-device', deviceMajor: 1, deviceMinor: 3 })),
      END_OF_ARCHIVE,
    ]);
    writeFileSync(join(directory, 'a.tar'), archive);
    const lines = execFileSync('tar', ['--full-time', '--numeric-owner', '-tvf', join(directory, 'a.tar')], {
      env: { TZ: 'UTC', PATH: process.env.PATH },
    })
      .toString()
      .trim()
      .split('\n');
    assert.deepEqual(
      lines.map((line) => line.replace(/\s+/g, ' ')),
      [
        'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 d/',
        `-rw-r--r-- 3000000/0 3 2017-07-14 02:40:00.123456789 ${LONG}`,
        `lrw-r--r-- 0/0 0 1970-01-01 00:00:00 l -> /${LONG}`,
        'crw-r--r-- 0/0 1,3 1970-01-01 00:00:00 n',
      ],
    );
  });
});

test('numbers in base-256 are read, also those too big for octal', () => {
  const block = header(tarEntry({ name: 'big' }));
  block.fill(0, 108, 116);
  block.writeUInt8(0x80, 108);
  block.writeUInt32BE(4_000_000_000, 112);
  reseal(block);
  assert.equal(read(Buffer.concat([block, END_OF_ARCHIVE]))[0]?.entry.uid, 4_000_000_000);
});

test('a global header is skipped', () => {
  const global = header(tarEntry({ name: 'pax_global_header', sizeBytes: 30 }));
  global.write('g', 156);
  reseal(global);
  const body = encodePax([['comment', 'x'.repeat(17)]]);
  assert.equal(body.length, 30 - 1);
  const archive = Buffer.concat([
    global,
    body,
    Buffer.alloc(1),
    padding(30),
    member(tarEntry({ name: 'after' })),
    END_OF_ARCHIVE,
  ]);
  assert.deepEqual(names(read(archive)), ['after']);
});

test('a missing end of archive is accepted between members only', () => {
  const whole = member(tarEntry({ name: 'a' }), Buffer.from('12345'));
  assert.deepEqual(names(read(whole)), ['a']);
  for (const length of [1, 511, 513, 600, whole.length - 1]) {
    assert.throws(() => read(whole.subarray(0, length)), /unexpected EOF/, `cut at ${length}`);
  }
});

function extended(flag: string, body: Buffer): Buffer {
  const block = header(tarEntry({ name: 'ext', sizeBytes: body.length }));
  block.write(flag, 156);
  reseal(block);
  return Buffer.concat([block, body, padding(body.length)]);
}

function reseal(block: Buffer): void {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

const plain = member(tarEntry({ name: 'victim' }), Buffer.from('data'));

const HOSTILE: [title: string, archive: Buffer][] = [
  ['random bytes', Buffer.alloc(1024, 0xa5)],
  ['a wrong checksum', Buffer.from(plain).fill(0x41, 0, 1)],
  ['a PAX length beyond the header', extended('x', Buffer.from('99 path=a\n'))],
  ['a PAX length of zero', extended('x', Buffer.from('0 path=a\n'))],
  ['a PAX record without an end', extended('x', Buffer.from('8 path=ab'))],
  ['a PAX size that is negative', Buffer.concat([extended('x', encodePax([['size', '-5']])), plain])],
  ['a PAX size that is no number', Buffer.concat([extended('x', encodePax([['size', '1e9']])), plain])],
  ['a PAX size beyond every number', Buffer.concat([extended('x', encodePax([['size', '9'.repeat(40)]])), plain])],
  ['a PAX time that is no number', Buffer.concat([extended('x', encodePax([['mtime', 'now']])), plain])],
  [
    'sparse regions that overlap',
    Buffer.concat([
      extended(
        'x',
        encodePax([
          ['GNU.sparse.map', '0,3,1,1'],
          ['GNU.sparse.size', '9'],
        ]),
      ),
      plain,
    ]),
  ],
  [
    'sparse regions beyond the file',
    Buffer.concat([
      extended(
        'x',
        encodePax([
          ['GNU.sparse.map', '8,4'],
          ['GNU.sparse.size', '9'],
        ]),
      ),
      plain,
    ]),
  ],
  [
    'a sparse map without its data',
    Buffer.concat([
      extended(
        'x',
        encodePax([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.realsize', '9'],
        ]),
      ),
      plain,
    ]),
  ],
  [
    'a member of unknown type',
    (() => {
      const block = Buffer.from(plain);
      block.write('?', 156);
      reseal(block);
      return block;
    })(),
  ],
];

for (const [title, archive] of HOSTILE) {
  test(`${title} is refused as invalid`, () => {
    assert.throws(() => read(archive), { name: 'EngineError', code: 'invalid-parameter' });
  });
}

test('an extended header above the limit is refused before it is read', () => {
  const block = header(tarEntry({ name: 'huge', sizeBytes: 1 << 30 }));
  block.write('x', 156);
  reseal(block);
  assert.throws(() => new TarReader(new Collector()).write(block), /extended header is too large/);
});

test('no bytes at all make the reader do anything but read or refuse', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
      const archive = Buffer.concat([
        extended(
          'x',
          encodePax([
            ['path', 'abc'],
            ['size', '4'],
          ]),
        ),
        plain,
      ]);
      for (const [at, byte] of changes) archive[at] = byte;
      reseal(archive.subarray(0, 512));
      try {
        read(archive);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid-parameter', `${error}`);
      }
    }),
    { numRuns: 500 },
  );
});
