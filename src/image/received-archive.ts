// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { wrongDigest } from '#content/blob-store.ts';
import { invalidParameter } from '#core/errors.ts';
import { memberName } from '#layer/receive.ts';
import type { ReceivedFile, ReceiveEvent } from '#layer/worker-protocol.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import { MAX_JSON_BYTES } from '#oci/json.ts';

const MAX_LINKS = 16;

/** Of all documents together: they are kept in memory until the archive is loaded. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** The members of an archive that was received, by name. */
export class ReceivedArchive {
  readonly #files = new Map<string, ReceivedFile>();
  readonly #links = new Map<string, string>();
  #documentBytes = 0;

  /** As in tar, the last member of a name wins. */
  add(event: ReceiveEvent): void {
    const { name } = 'file' in event ? event.file : event.link;
    this.#files.delete(name);
    this.#links.delete(name);
    if ('file' in event) this.#files.set(name, event.file);
    else this.#links.set(name, event.link.target);
  }

  /** Follows links inside the archive. */
  find(name: string): ReceivedFile | undefined {
    let at = memberName(name);
    for (let i = 0; i < MAX_LINKS; i++) {
      const file = this.#files.get(at);
      if (file !== undefined) return file;
      const target = this.#links.get(at);
      if (target === undefined) return undefined;
      at = target;
    }
    return undefined;
  }

  get(name: string): ReceivedFile {
    const file = this.find(name);
    if (file === undefined)
      throw invalidParameter(`invalid archive: does not contain ${JSON.stringify(name.slice(0, 300))}`);
    return file;
  }

  /** A blob of the OCI layout; throws if what is under the digest's name isn't that. */
  blob(digest: Digest): ReceivedFile | undefined {
    const file = this.find(`blobs/sha256/${hexOf(digest)}`);
    if (file !== undefined && file.digest !== digest) throw wrongDigest(file.digest, digest);
    return file;
  }

  /** A small file's bytes. */
  async read(file: ReceivedFile): Promise<Buffer> {
    if (file.sizeBytes > MAX_JSON_BYTES)
      throw invalidParameter(`invalid archive: ${JSON.stringify(file.name)} is too large`);
    this.#documentBytes += file.sizeBytes;
    if (this.#documentBytes > MAX_DOCUMENT_BYTES)
      throw invalidParameter('invalid archive: too many manifests and configs');
    return readFile(file.path);
  }

  names(): string[] {
    return [...this.#files.keys()];
  }
}
