// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { compressionOf, decompress } from '#layer/decompress.ts';
import { type ExtractLimits, LayerExtractor } from '#layer/extract.ts';
import { treeSize } from '#layer/tree.ts';
import type { Unpacked, UnpackTask } from '#layer/worker-protocol.ts';
import { O_DIRECTORY, O_RDONLY } from '#linux/at.ts';
import { statfs } from '#linux/statfs.ts';
import { TarReader } from '#tar/reader.ts';

const CHUNK_BYTES = 1024 * 1024;

/** What is left free on the file system when a layer is as large as it may be. */
const RESERVED_BYTES = 64 * 1024 * 1024;

/** Unpacks a layer and tells the digest of its uncompressed tar. Runs in a worker thread. */
export async function unpack(task: UnpackTask, checkCancelled: () => void): Promise<Unpacked> {
  const rootFd = openSync(task.target, O_RDONLY | O_DIRECTORY);
  try {
    using extractor = new LayerExtractor(rootFd, withinFreeSpace(task.limits, task.target));
    const reader = new TarReader(extractor);
    const fd = openSync(task.path, 'r');
    try {
      const diffId = await pump(fd, task, (chunk) => {
        checkCancelled();
        reader.write(chunk);
      });
      reader.end();
      extractor.finish();
      return { diffId, sizeBytes: extractor.sizeBytes };
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(rootFd);
  }
}

/** Passes the uncompressed tar to `write` and returns its digest. */
async function pump(fd: number, task: UnpackTask, write: (chunk: Buffer) => void): Promise<string> {
  const start = Buffer.alloc(16);
  readSync(fd, start, 0, start.length, 0);
  const isPlain = compressionOf(start) === 'none';
  if (isPlain && task.fileDigest !== undefined) {
    for (const chunk of fileChunks(fd)) write(chunk);
    return task.fileDigest;
  }
  const hash = createHash('sha256');
  const see = (chunk: Buffer): void => {
    hash.update(chunk);
    write(chunk);
  };
  if (isPlain) for (const chunk of fileChunks(fd)) see(chunk);
  else {
    const stream = createReadStream('', { fd, autoClose: false, start: 0, highWaterMark: CHUNK_BYTES });
    for await (const chunk of decompress(stream)) see(chunk);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** The file from its start, in one buffer that is used again and again. */
function* fileChunks(fd: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = 0; ; ) {
    const length = readSync(fd, buffer, 0, buffer.length, at);
    if (length === 0) return;
    yield buffer.subarray(0, length);
    at += length;
  }
}

/** The limits, lowered to what the disk can take. */
export function withinFreeSpace(limits: ExtractLimits, path: string): ExtractLimits {
  const freeBytes = Math.max(0, Number(statfs(path).availableBytes) - RESERVED_BYTES);
  return freeBytes < limits.maxBytes ? { ...limits, maxBytes: freeBytes, isDiskLimit: true } : limits;
}

export function sizeOfDirectory(path: string): number {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    return treeSize(fd);
  } finally {
    closeSync(fd);
  }
}
