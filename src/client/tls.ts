// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { TlsFiles } from '#client/host.ts';

export interface TlsMaterial {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  rejectUnauthorized: boolean;
}

/** Reads the files of a TLS connection. Client certificates are optional; the CA is needed to verify the engine. */
export async function loadTls(files: TlsFiles): Promise<TlsMaterial> {
  const ca = files.verify ? await readNeeded(files.ca, 'CA certificate') : undefined;
  const [cert, key] = await Promise.all([readIfThere(files.cert), readIfThere(files.key)]);
  return { rejectUnauthorized: files.verify, ...(ca && { ca }), ...(cert && key && { cert, key }) };
}

async function readNeeded(path: string | undefined, what: string): Promise<Buffer | undefined> {
  if (!path) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`could not read ${what} "${path}": ${(error as Error).message}`, { cause: error });
  }
}

async function readIfThere(path: string | undefined): Promise<Buffer | undefined> {
  if (!path) return undefined;
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
