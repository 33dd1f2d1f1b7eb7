// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { EngineError, invalidParameter, messageOf } from '#core/errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const CHUNK_BYTES = 1024 * 1024;
const MAGIC_BYTES = 6;
/** 128 MiB: what `zstd` itself accepts, and more than any tool uses unless it is told to. */
const ZSTD_WINDOW_LOG = 27;
const XZ_MEMORY_LIMIT = '--memlimit-decompress=512MiB';

/** Output far above input is a bomb: real layers stay below 100:1, and gzip can't do better than 1032:1. */
const MAX_RATIO = 200;
const RATIO_FREE_BYTES = 1024 ** 3;

const MAGICS: readonly [Compression, string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];

export function compressionOf(start: Buffer): Compression {
  const hex = start.toString('hex', 0, MAGIC_BYTES);
  return MAGICS.find(([, magic]) => hex.startsWith(magic))?.[0] ?? 'none';
}

/**
 * The source's bytes, decompressed if its first bytes say that they need to be. Throws `invalid-parameter` for bad
 * data.
 */
export async function* decompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [start, rest] = await peek(source);
  const compression = compressionOf(start);
  if (compression === 'none') {
    yield* rest;
    return;
  }
  if (compression === 'bzip2') throw invalidParameter('bzip2 compression is not supported: use gzip, zstd or xz');
  let readBytes = 0;
  const counted = tap(rest, (chunk) => {
    readBytes += chunk.length;
  });
  let writtenBytes = 0;
  for await (const chunk of compression === 'xz' ? throughXz(counted) : throughZlib(counted, compression)) {
    writtenBytes += chunk.length;
    if (writtenBytes > RATIO_FREE_BYTES && writtenBytes > readBytes * MAX_RATIO) {
      throw invalidParameter(`refusing to decompress more than ${MAX_RATIO} times the compressed size`);
    }
    yield chunk;
  }
}

/** The first bytes, and the whole source again. */
async function peek(source: AsyncIterable<Buffer>): Promise<[Buffer, AsyncGenerator<Buffer>]> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return [start, replay(start, iterator)];
}

async function* replay(start: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* tap(source: AsyncIterable<Buffer>, see: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

async function* throughZlib(source: AsyncIterable<Buffer>, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const decompressor: Transform =
    compression === 'gzip'
      ? createGunzip({ chunkSize: CHUNK_BYTES })
      : createZstdDecompress({
          chunkSize: CHUNK_BYTES,
          params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
        });
  const feeding = pipeline(source, decompressor).catch((error) => decompressor.destroy(error));
  try {
    yield* decompressor;
    await feeding;
  } catch (error) {
    throw corrupt(compression, error);
  } finally {
    decompressor.destroy();
  }
}

/** `xz` of the host, found by the engine's own PATH; it sees only its standard streams. */
async function* throughXz(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const child = spawn('xz', ['--decompress', '--stdout', '--quiet', XZ_MEMORY_LIMIT], { cwd: '/', stdio: 'pipe' });
  const started = once(child, 'spawn').catch((error) => {
    throw new EngineError(
      'unavailable',
      `cannot run xz to decompress: ${messageOf(error)}; install the package xz-utils`,
    );
  });
  await started;
  const ended = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(0, 500);
  });
  let sourceError: unknown;
  const feeding = pipeline(Readable.from(source, { objectMode: false }), child.stdin).catch((error) => {
    // When xz stops early its exit says why; every other failure is the source's.
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') sourceError = error;
    child.kill('SIGKILL');
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await ended;
    await feeding;
    if (sourceError !== undefined) throw sourceError;
    if (code !== 0) throw invalidParameter(`xz: ${complaint.trim().replace(/^xz: /, '') || 'unexpected EOF'}`);
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

function corrupt(compression: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  if (code === 'Z_BUF_ERROR' || code === 'ZSTD_error_srcSize_wrong')
    return invalidParameter(`${compression}: unexpected EOF`);
  return /^Z(STD)?_/.test(code) ? invalidParameter(`${compression}: ${messageOf(error)}`) : error;
}
