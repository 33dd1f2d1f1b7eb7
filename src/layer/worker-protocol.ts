// SPDX-License-Identifier: Apache-2.0
import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '#core/errors.ts';
import type { Compression } from '#layer/decompress.ts';
import type { ExtractLimits } from '#layer/extract.ts';
import type { Change } from '#model/system.ts';

/** What runs in a worker thread, so that the event loop never waits for a disk, a hash or a decompressor. */
export type Task =
  | UnpackTask
  | ReceiveTask
  | { kind: 'changes'; upper: string; lowers: string[]; scratch: string }
  | { kind: 'size'; path: string }
  | { kind: 'flatten'; layers: string[]; target: string }
  | { kind: 'compare'; before: string; after: string }
  | { kind: 'remove'; path: string };

/** Unpacks a layer's tar into the existing, empty directory `target`. */
export interface UnpackTask {
  kind: 'unpack';
  path: string;
  target: string;
  /** The digest of the file, where it was verified before: then a tar that is not compressed isn't hashed again. */
  fileDigest?: string;
  limits: ExtractLimits;
}

export interface Unpacked {
  diffId: string;
  sizeBytes: number;
}

/** Takes in a stream: an archive's members as files of their own, or one layer, decompressed. */
export interface ReceiveTask {
  kind: 'receive';
  form: 'archive' | 'layer';
  directory: string;
  limits: ExtractLimits;
}

/** A file that was received and hashed. */
export interface ReceivedFile {
  name: string;
  path: string;
  sizeBytes: number;
  digest: string;
  /** How it begins; absent if neither like a tar nor like something compressed. */
  compression?: Compression;
}

/** Another name for a member of the archive. */
export interface ReceivedLink {
  name: string;
  target: string;
}

export type ReceiveEvent = { file: ReceivedFile } | { link: ReceivedLink };

export interface TaskResults {
  unpack: Unpacked;
  receive: undefined;
  changes: Change[];
  size: number;
  flatten: undefined;
  compare: Change[];
  remove: undefined;
}

export type ResultOf<T extends Task> = TaskResults[T['kind']];

/** From the engine to a worker. `cancelled` is shared: a worker that doesn't listen still sees it. */
export interface TaskMessage {
  id: number;
  task: Task;
  cancelled: Int32Array;
  /**
   * Chunks of the task's input; an empty message ends it, an error breaks it off. The worker answers each with its
   * size.
   */
  input?: MessagePort;
}

export type InputMessage = { chunk: Uint8Array } | { end: true } | { error: string };

/** From a worker to the engine. */
export type WorkerMessage =
  | { id: number; event: ReceiveEvent }
  | { id: number; result: unknown }
  | { id: number; failure: Failure };

export interface Failure {
  code: ErrorCode | undefined;
  message: string;
  stack: string | undefined;
}
