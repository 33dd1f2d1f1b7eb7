// SPDX-License-Identifier: Apache-2.0
import {
  BLOCK_BYTES,
  invalidHeader,
  paddingFor,
  type SparseRegion,
  type TarEntry,
  type TarSink,
  truncated,
} from '#tar/entry.ts';
import { decodeHeader, entryTypeOf, isZeroBlock, type RawHeader } from '#tar/header.ts';
import { decodePax, type PaxRecords, paxInteger, paxSize, paxTime, SPARSE_MAP } from '#tar/pax.ts';
import {
  checkRegions,
  MAX_SPARSE_REGIONS,
  oldGnuExtension,
  oldGnuSparse,
  parseSparseList,
  parseSparsePrefix,
} from '#tar/sparse.ts';

export interface TarLimits {
  /** Of one extended header or long name. @default 1 MiB, as Go's reader has it */
  maxHeaderBytes?: number;
}

const DEFAULT_MAX_HEADER_BYTES = 1024 * 1024;
const XATTR_PREFIX = 'SCHILY.xattr.';
const NS_PER_SECOND = 1_000_000_000n;

/** What the bytes that come next are. */
type State = 'header' | 'extended' | 'sparse-extension' | 'sparse-prefix' | 'data' | 'padding' | 'end';

/**
 * Reads a tar archive that is pushed into it: v7, ustar, PAX (local headers), GNU long names, and sparse files in all
 * four forms. Synchronous: a sink has everything that a chunk completes when `write` returns. Global PAX headers are
 * ignored, as Docker does. Nothing in the input is trusted, and memory stays bounded by `maxHeaderBytes` plus one
 * sparse map.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #maxHeaderBytes: number;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #blockBytes = 0;
  #state: State = 'header';
  /** Bytes of the present member's data, extended header or padding that are still to come. */
  #remaining = 0;
  #padding = 0;
  #parts: Buffer[] = [];
  #extendedFlag = '';
  #pax: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  #sparse: { header: RawHeader; regions: SparseRegion[]; realBytes: number } | undefined;
  #regions: SparseRegion[] | undefined;
  #regionIndex = 0;
  #offset = 0;

  constructor(sink: TarSink, limits: TarLimits = {}) {
    this.#sink = sink;
    this.#maxHeaderBytes = limits.maxHeaderBytes ?? DEFAULT_MAX_HEADER_BYTES;
  }

  /** Whether the archive's end was reached; what follows is ignored. */
  get isEnded(): boolean {
    return this.#state === 'end';
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state !== 'end') {
      if (this.#state === 'header' || this.#state === 'sparse-extension') at += this.#fillBlock(chunk, at);
      else at += this.#consume(chunk.subarray(at, at + this.#remaining));
    }
  }

  /** Says that no more comes. Throws if the archive stops in the middle of a member. */
  end(): void {
    if (this.#state === 'end') return;
    const hasPending = this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
    if (this.#state !== 'header' || this.#blockBytes > 0 || hasPending) throw truncated();
    this.#state = 'end';
  }

  #fillBlock(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#block, this.#blockBytes, at, at + BLOCK_BYTES - this.#blockBytes);
    this.#blockBytes += taken;
    if (this.#blockBytes === BLOCK_BYTES) {
      this.#blockBytes = 0;
      if (this.#state === 'header') this.#header(this.#block);
      else this.#sparseExtension(this.#block);
    }
    return taken;
  }

  #consume(chunk: Buffer): number {
    this.#remaining -= chunk.length;
    if (this.#state === 'extended') this.#parts.push(Buffer.from(chunk));
    else if (this.#state === 'sparse-prefix') this.#sparsePrefix(chunk);
    else if (this.#state === 'data') this.#deliver(chunk);
    if (this.#remaining === 0) this.#finishState();
    return chunk.length;
  }

  #finishState(): void {
    if (this.#state === 'sparse-prefix') throw invalidHeader('bad sparse map');
    if (this.#state === 'extended') this.#extendedHeader(Buffer.concat(this.#parts));
    if (this.#state === 'data') this.#sink.endEntry();
    if (this.#state !== 'padding' && this.#padding > 0) {
      this.#state = 'padding';
      this.#remaining = this.#padding;
      this.#padding = 0;
    } else this.#state = 'header';
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) {
      // GNU tar and Go stop at two; one alone with an archive's worth of data behind it is nobody's format.
      this.#state = 'end';
      return;
    }
    const header = decodeHeader(block);
    if ('xXgLK'.includes(header.flag)) this.#beginExtended(header);
    else if (header.flag === 'V') this.#skip(header);
    else if (header.flag === 'S') this.#beginOldSparse(header, block);
    else this.#beginMember(header);
  }

  #beginExtended(header: RawHeader): void {
    if (header.storedBytes > this.#maxHeaderBytes) throw invalidHeader('extended header is too large');
    this.#extendedFlag = header.flag;
    this.#parts = [];
    this.#expect('extended', header.storedBytes);
  }

  #skip(header: RawHeader): void {
    this.#extendedFlag = 'g';
    this.#expect('padding', header.storedBytes + paddingFor(header.storedBytes));
    this.#padding = 0;
  }

  #extendedHeader(bytes: Buffer): void {
    this.#parts = [];
    if (this.#extendedFlag === 'x' || this.#extendedFlag === 'X') this.#pax = decodePax(bytes);
    else if (this.#extendedFlag === 'L') this.#longName = withoutNul(bytes);
    else if (this.#extendedFlag === 'K') this.#longLink = withoutNul(bytes);
  }

  #beginOldSparse(header: RawHeader, block: Buffer): void {
    const { regions, realBytes, isExtended } = oldGnuSparse(block);
    this.#sparse = { header, regions, realBytes };
    if (isExtended) this.#state = 'sparse-extension';
    else this.#finishOldSparse();
  }

  #sparseExtension(block: Buffer): void {
    const { regions, isExtended } = oldGnuExtension(block);
    this.#sparse?.regions.push(...regions);
    if ((this.#sparse?.regions.length ?? 0) > MAX_SPARSE_REGIONS) throw invalidHeader('bad sparse map');
    if (!isExtended) this.#finishOldSparse();
  }

  #finishOldSparse(): void {
    const sparse = this.#sparse;
    this.#sparse = undefined;
    if (sparse !== undefined) this.#beginMember(sparse.header, sparse);
  }

  #beginMember(header: RawHeader, sparse?: { regions: SparseRegion[]; realBytes: number }): void {
    const pax: PaxRecords = this.#pax ?? new Map();
    const entry = this.#entryFrom(header, pax);
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    if (entry.type === 'file') {
      const storedBytes = apply(pax, 'size', paxSize) ?? header.storedBytes;
      this.#beginFile(entry, storedBytes, pax, sparse);
    } else {
      this.#sink.entry(entry);
      this.#sink.endEntry();
      // Go and Docker take a size on what has no data as 0; GNU tar writes none.
      this.#state = 'header';
    }
  }

  #beginFile(
    entry: TarEntry,
    storedBytes: number,
    pax: PaxRecords,
    old?: { regions: SparseRegion[]; realBytes: number },
  ): void {
    this.#regions = undefined;
    this.#regionIndex = 0;
    this.#offset = 0;
    const realBytes =
      old?.realBytes ?? apply(pax, 'GNU.sparse.realsize', paxSize) ?? apply(pax, 'GNU.sparse.size', paxSize);
    entry.sizeBytes = realBytes ?? storedBytes;
    if (pax.get('GNU.sparse.major')?.toString() === '1') {
      this.#pending = { entry, storedBytes };
      this.#parts = [];
      this.#expect('sparse-prefix', storedBytes);
      return;
    }
    const map = pax.get(SPARSE_MAP);
    const regions = old?.regions ?? (map && parseSparseList(map.toString('latin1')));
    if (regions !== undefined) this.#useRegions(entry, regions, storedBytes);
    this.#sink.entry(entry);
    this.#beginData(storedBytes, storedBytes);
  }

  #pending: { entry: TarEntry; storedBytes: number } | undefined;

  #sparsePrefix(chunk: Buffer): void {
    this.#parts.push(Buffer.from(chunk));
    const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? chunk) : Buffer.concat(this.#parts);
    this.#parts = [bytes];
    const map = parseSparsePrefix(bytes);
    const pending = this.#pending;
    if (map === undefined || pending === undefined) return;
    const { entry, storedBytes } = pending;
    this.#pending = undefined;
    this.#parts = [];
    this.#useRegions(entry, map.regions, storedBytes - map.mapBytes);
    this.#sink.entry(entry);
    this.#state = 'data';
    const data = bytes.subarray(map.mapBytes);
    if (data.length > 0) this.#deliver(data);
  }

  #useRegions(entry: TarEntry, regions: SparseRegion[], dataBytes: number): void {
    checkRegions(regions, entry.sizeBytes, dataBytes);
    entry.regions = regions;
    this.#regions = regions.filter((region) => region.length > 0);
    this.#offset = this.#regions[0]?.offset ?? 0;
  }

  #beginData(dataBytes: number, storedBytes: number): void {
    this.#state = 'data';
    this.#remaining = dataBytes;
    this.#padding = paddingFor(storedBytes);
    if (dataBytes === 0) this.#finishState();
  }

  #expect(state: State, bytes: number): void {
    this.#state = state;
    this.#remaining = bytes;
    this.#padding = paddingFor(bytes);
    if (bytes === 0) this.#finishState();
  }

  /** Hands out data, cut where a sparse file has a hole. */
  #deliver(chunk: Buffer): void {
    if (this.#regions === undefined) {
      this.#sink.data(chunk, this.#offset);
      this.#offset += chunk.length;
      return;
    }
    for (let at = 0; at < chunk.length; ) {
      const region = this.#regions[this.#regionIndex];
      if (region === undefined) throw invalidHeader('sparse map does not match the data');
      const left = region.offset + region.length - this.#offset;
      const part = chunk.subarray(at, at + left);
      this.#sink.data(part, this.#offset);
      at += part.length;
      this.#offset += part.length;
      if (part.length === left) this.#offset = this.#regions[++this.#regionIndex]?.offset ?? 0;
    }
  }

  #entryFrom(header: RawHeader, pax: PaxRecords): TarEntry {
    const name = pax.get('GNU.sparse.name') ?? nonEmpty(pax.get('path')) ?? this.#longName ?? header.name;
    return {
      type: entryTypeOf(header.flag, name),
      name,
      linkName: nonEmpty(pax.get('linkpath')) ?? this.#longLink ?? header.linkName,
      mode: header.mode,
      uid: apply(pax, 'uid', paxInteger) ?? header.uid,
      gid: apply(pax, 'gid', paxInteger) ?? header.gid,
      userName: pax.get('uname')?.toString() ?? header.userName,
      groupName: pax.get('gname')?.toString() ?? header.groupName,
      sizeBytes: 0,
      modifyNs: apply(pax, 'mtime', paxTime) ?? BigInt(header.modifySeconds) * NS_PER_SECOND,
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: xattrsOf(pax),
    };
  }
}

const nonEmpty = (value: Buffer | undefined): Buffer | undefined => (value && value.length > 0 ? value : undefined);

/** The record's meaning, if it is there: an empty value takes back what an earlier header said. */
function apply<T>(pax: PaxRecords, key: string, parse: (value: Buffer) => T): T | undefined {
  const value = nonEmpty(pax.get(key));
  return value && parse(value);
}

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

function xattrsOf(pax: PaxRecords): Map<string, Buffer> {
  if (pax.size === 0) return NO_XATTRS as Map<string, Buffer>;
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of pax) if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
  return xattrs;
}

function withoutNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
