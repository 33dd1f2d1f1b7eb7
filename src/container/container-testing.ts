// SPDX-License-Identifier: Apache-2.0
import { newId } from '#core/ids.ts';
import type { ContainerConfig, ContainerRecord, HostConfig } from '#model/container.ts';
import type { Image, ImageRunConfig } from '#model/image.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';

/** Values for tests: complete, and with only what a test is about said in the test. */

export const containerConfig = (more: Partial<ContainerConfig> = {}): ContainerConfig => ({
  ...structuredClone(PLAIN_CONFIG),
  image: 'busybox',
  workingDir: '',
  ...more,
});

export const hostConfig = (more: Partial<HostConfig> = {}): HostConfig => ({
  ...structuredClone(PLAIN_HOST_CONFIG),
  logConfig: { driver: 'json-file', options: {} },
  ipcMode: '',
  shmSizeBytes: 0,
  ...more,
});

export const imageConfig = (more: Partial<ImageRunConfig> = {}): ImageRunConfig => ({
  user: '',
  exposedPorts: [],
  env: [],
  volumes: [],
  workingDir: '',
  labels: {},
  onBuild: [],
  ...more,
});

export const testImage = (more: Partial<ImageRunConfig> = {}): Image => ({
  id: `sha256:${'1'.repeat(64)}`,
  platform: { os: 'linux', architecture: 'amd64' },
  author: '',
  config: imageConfig({ cmd: ['sh'], ...more }),
  diffIds: [`sha256:${'2'.repeat(64)}`],
  history: [],
  sizeBytes: 1000,
  repoTags: ['busybox:latest'],
  repoDigests: [],
  targetDigest: `sha256:${'3'.repeat(64)}`,
});

export function containerRecord(more: Partial<ContainerRecord> = {}): ContainerRecord {
  const id = more.id ?? newId();
  return {
    id,
    name: `c_${id.slice(0, 8)}`,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    imageId: `sha256:${'1'.repeat(64)}`,
    platform: { os: 'linux', architecture: 'amd64' },
    config: containerConfig(),
    hostConfig: hostConfig(),
    path: 'sh',
    args: [],
    state: { status: 'created', error: '', exitCode: 0 },
    restartCount: 0,
    hasBeenManuallyStopped: false,
    networks: {},
    logPath: '',
    apparmorProfile: '',
    ...more,
  };
}
