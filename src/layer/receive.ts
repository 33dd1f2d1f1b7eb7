// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { posix } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import { type Compression, compressionOf, decompress } from '#layer/decompress.ts';
import { type ExtractLimits, tooLarge } from '#layer/extract.ts';
import { withinFreeSpace } from '#layer/unpack.ts';
import type { ReceiveEvent, ReceiveTask } from '#layer/worker-protocol.ts';
import { startWriteback } from '#linux/writeback.ts';
import type { TarEntry, TarSink } from '#tar/entry.ts';
import { TarReader } from '#tar/reader.ts';

/** Writes what streams in to files that are hashed on the way. Runs in a worker thread. */
export async function receive(
  task: ReceiveTask,
  source: AsyncIterable<Buffer>,
  checkCancelled: () => void,
  emit: (event: ReceiveEvent) => void,
): Promise<void> {
  const limits = withinFreeSpace(task.limits, task.directory);
  using members = new ArchiveMembers(task.directory, limits, emit);
  const reader = new TarReader(members);
  if (task.form === 'layer') members.begin('layer.tar');
  for await (const chunk of decompress(source)) {
    checkCancelled();
    if (task.form === 'layer') members.append(chunk);
    else reader.write(chunk);
  }
  if (task.form === 'layer') members.endEntry();
  else reader.end();
}

const MAX_NAME_BYTES = 4096;
/** An image has a few files for each layer. */
const MAX_MEMBERS = 100_000;
/** So much is written at least before the disk is asked to begin: less than that would make it seek. */
const WRITEBACK_BYTES = 8 * 1024 * 1024;
const TAR_MAGIC = { offset: 257, text: 'ustar' } as const;

interface OpenFile {
  name: string;
  path: string;
  fd: number;
  hash: Hash;
  sizeBytes: number;
  /** As far as writing to disk was begun. */
  startedBytes: number;
  start: Buffer;
}

/** The members of an image archive. Their names are only names here: the files are numbered. */
class ArchiveMembers implements TarSink {
  readonly #directory: string;
  readonly #limits: ExtractLimits;
  readonly #emit: (event: ReceiveEvent) => void;
  #count = 0;
  #totalBytes = 0;
  #file: OpenFile | undefined;

  constructor(directory: string, limits: ExtractLimits, emit: (event: ReceiveEvent) => void) {
    this.#directory = directory;
    this.#limits = limits;
    this.#emit = emit;
  }

  entry(entry: TarEntry): void {
    if (entry.name.length > MAX_NAME_BYTES) throw invalidParameter('invalid archive: a name is too long');
    if (++this.#count > Math.min(MAX_MEMBERS, this.#limits.maxEntries))
      throw invalidParameter('invalid archive: too many entries');
    const name = memberName(entry.name.toString());
    if (entry.type === 'file') {
      if (entry.regions !== undefined) throw invalidParameter('invalid archive: sparse files are not supported in it');
      this.begin(name);
    } else if (entry.type === 'symbolic-link') {
      this.#emit({ link: { name, target: memberName(posix.join(posix.dirname(name), `${entry.linkName}`)) } });
    } else if (entry.type === 'hard-link') this.#emit({ link: { name, target: memberName(`${entry.linkName}`) } });
  }

  begin(name: string): void {
    const path = `${this.#directory}/${this.#count}`;
    const fd = openSync(path, 'wx', 0o600);
    this.#file = { name, path, fd, hash: createHash('sha256'), sizeBytes: 0, startedBytes: 0, start: Buffer.alloc(0) };
  }

  data(chunk: Uint8Array): void {
    this.append(chunk);
  }

  append(chunk: Uint8Array): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > this.#limits.maxBytes) throw tooLarge('archive', this.#limits);
    if (file.start.length < 512) file.start = Buffer.concat([file.start, chunk.subarray(0, 512)]);
    file.hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += writeSync(file.fd, chunk, at);
    file.sizeBytes += chunk.length;
    if (file.sizeBytes - file.startedBytes >= WRITEBACK_BYTES) {
      startWriteback(file.fd, file.startedBytes, file.sizeBytes - file.startedBytes);
      file.startedBytes = file.sizeBytes;
    }
  }

  endEntry(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    closeSync(file.fd);
    const { name, path, sizeBytes, start } = file;
    const compression = startOf(start);
    const digest = `sha256:${file.hash.digest('hex')}`;
    this.#emit({ file: { name, path, sizeBytes, digest, ...(compression && { compression }) } });
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }
}

/** One spelling for a name in an archive: no `./`, no slash at either end, and nothing above the root. */
export const memberName = (name: string): string => posix.join('/', name).replace(/\/$/, '').slice(1);

function startOf(start: Buffer): Compression | undefined {
  const compression = compressionOf(start);
  if (compression !== 'none') return compression;
  const isTar = start.toString('latin1', TAR_MAGIC.offset, TAR_MAGIC.offset + TAR_MAGIC.text.length) === TAR_MAGIC.text;
  return isTar ? 'none' : undefined;
}
