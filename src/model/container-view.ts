// SPDX-License-Identifier: Apache-2.0
import type { ContainerRecord } from '#model/container.ts';

/** A record together with what only a look at the system can tell. */
export interface ContainerView {
  record: ContainerRecord;
  /** IDs of execs that are running. */
  execIds: string[];
  /** Where the container's files are, for inspect; absent for a dead one. */
  paths: { resolvConf: string; hostname: string; hosts: string };
  /** Overlay directories, for `GraphDriver.Data`. */
  graph: { driver: string; data: Record<string, string> };
  /** Only when sizes were asked for. */
  size?: { rwBytes: number; rootFsBytes: number };
  /** Mounts as they were made: resolved, for inspect's and ls's `Mounts`. */
  mounts: MountView[];
  /** The image reference to show in `ls`: what the caller wrote if it still names this image, else the ID. */
  imageShown: string;
}

export interface MountView {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  name?: string;
  source: string;
  destination: string;
  driver?: string;
  mode: string;
  readWrite: boolean;
  propagation: string;
}
