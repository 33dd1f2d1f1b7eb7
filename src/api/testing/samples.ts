// SPDX-License-Identifier: Apache-2.0

import { toContainerConfig } from '#api/containers/container-config.ts';
import { toHostConfig } from '#api/containers/host-config.ts';
import type { Mapping } from '#api/containers/mapping.ts';
import { LATEST } from '#api/version.ts';
import type { ContainerRecord, ExecRecord } from '#model/container.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { ImageView } from '#model/image.ts';
import type { SystemInfo } from '#model/system.ts';

/** Made-up facts of an engine for tests of the API. */

export const CONTAINER_ID = 'c0ffee'.repeat(10).concat('beef');
export const EXEC_ID = 'e8ec'.repeat(16);
export const IMAGE_ID = `sha256:${'1a'.repeat(32)}`;
export const CREATED = new Date('2026-03-04T05:06:07.089Z');

export const mapping = (version = LATEST): Mapping => ({
  version,
  defaultLog: { driver: 'json-file', options: {} },
  warnings: [],
});

export function sampleRecord(overrides: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id: CONTAINER_ID,
    name: 'web',
    createdAt: CREATED,
    imageId: IMAGE_ID,
    platform: { os: 'linux', architecture: 'amd64' },
    config: toContainerConfig({ Image: 'hoy/busybox', Cmd: ['sleep', '1 h'], Hostname: 'c0ffeec0ffee' }, mapping()),
    hostConfig: toHostConfig({ NetworkMode: 'none', CgroupnsMode: 'private' }, {}, mapping()),
    path: 'sleep',
    args: ['1 h', '-v'],
    state: { status: 'running', pid: 4242, startedAt: CREATED },
    restartCount: 0,
    hasBeenManuallyStopped: false,
    networks: {},
    logPath: '/var/lib/hoy/containers/c0ffee/json.log',
    apparmorProfile: '',
    ...overrides,
  };
}

export function sampleView(overrides: Partial<ContainerRecord> = {}): ContainerView {
  return {
    record: sampleRecord(overrides),
    execIds: [],
    paths: { resolvConf: '/r/resolv.conf', hostname: '/r/hostname', hosts: '/r/hosts' },
    graph: { driver: 'overlay2', data: { MergedDir: '/m', UpperDir: '/u', WorkDir: '/w', LowerDir: '/l' } },
    mounts: [
      { type: 'bind', source: '/srv', destination: '/data', mode: 'ro', readWrite: false, propagation: 'rprivate' },
    ],
    imageShown: 'hoy/busybox',
  };
}

export const sampleExec = (overrides: Partial<ExecRecord> = {}): ExecRecord => ({
  id: EXEC_ID,
  containerId: CONTAINER_ID,
  config: {
    tty: false,
    attachStdin: true,
    attachStdout: true,
    attachStderr: true,
    detachKeys: '',
    env: [],
    argv: ['sh', '-c', 'true'],
    privileged: false,
    user: '',
    workingDir: '',
  },
  state: { status: 'running', pid: 77 },
  ...overrides,
});

export function sampleImage(): ImageView {
  return {
    image: {
      id: IMAGE_ID,
      platform: { os: 'linux', architecture: 'amd64' },
      created: CREATED,
      author: '',
      config: {
        user: '',
        exposedPorts: ['80/tcp'],
        env: ['PATH=/bin'],
        cmd: ['sh'],
        volumes: [],
        workingDir: '',
        labels: {},
        onBuild: [],
      },
      diffIds: [`sha256:${'2b'.repeat(32)}`],
      history: [{ created: CREATED, createdBy: 'ADD / /', author: '', comment: 'base', emptyLayer: false }],
      sizeBytes: 1_234_567,
      repoTags: ['hoy/busybox:latest'],
      repoDigests: [`hoy/busybox@sha256:${'3c'.repeat(32)}`],
      targetDigest: `sha256:${'3c'.repeat(32)}`,
      lastTaggedAt: CREATED,
    },
    containers: 2,
    sharedSizeBytes: -1,
    manifests: [],
    graph: { driver: 'overlay2', data: { UpperDir: '/u' } },
  };
}

export const sampleInfo = (): SystemInfo => ({
  id: '8f14e45f-ceea-467f-a0e6-8b1a2c3d4e5f',
  name: 'host1',
  version: '0.1.0',
  gitCommit: 'abcdef0',
  builtAt: '2026-03-04T00:00:00.000000000+00:00',
  startedAt: CREATED,
  containers: { total: 3, running: 1, paused: 1, stopped: 1 },
  images: 2,
  storageDriver: 'overlay2',
  storageStatus: [['Backing Filesystem', 'extfs']],
  dataRoot: '/var/lib/hoy',
  logDrivers: ['json-file', 'local', 'none'],
  loggingDriver: 'json-file',
  networkDrivers: ['host', 'null'],
  volumeDrivers: ['local'],
  cgroup: { driver: 'cgroupfs', version: 2 },
  host: {
    kernelVersion: '6.18.0',
    operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
    osVersion: '12',
    osType: 'linux',
    machine: 'x86_64',
    architecture: 'amd64',
    cpus: 2,
    memoryBytes: 24 << 20,
  },
  features: {
    memoryLimit: true,
    swapLimit: true,
    cpuCfsPeriod: true,
    cpuCfsQuota: true,
    cpuShares: true,
    cpuSet: true,
    pidsLimit: true,
    oomKillDisable: false,
    ipv4Forwarding: true,
  },
  runtimes: { crun: { path: '/usr/bin/crun', args: [], version: '1.8.1' } },
  defaultRuntime: 'crun',
  runtimeVersion: { name: 'crun', version: '1.8.1', commit: 'f8a096be' },
  initBinary: 'hoy-init',
  securityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
  labels: [],
  liveRestore: true,
  debug: false,
  experimental: false,
  eventListeners: 0,
  fileDescriptors: 30,
  registry: { insecure: [], mirrors: [] },
  warnings: [],
});
