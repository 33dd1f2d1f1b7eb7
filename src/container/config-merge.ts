// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { ContainerConfig, HealthCheck } from '#model/container.ts';
import type { ImageRunConfig } from '#model/image.ts';

/** The caller's configuration completed by the image's, by Docker's rules. Neither argument is changed. */
export function mergeConfig(caller: ContainerConfig, image: ImageRunConfig | undefined): ContainerConfig {
  if (!image) return clearsEntrypoint(caller) ? { ...caller, entrypoint: [] } : caller;
  const merged: ContainerConfig = {
    ...caller,
    user: caller.user || image.user,
    exposedPorts: union(caller.exposedPorts, image.exposedPorts),
    env: mergeEnv(caller.env, image.env),
    volumes: union(caller.volumes, image.volumes),
    workingDir: caller.workingDir || image.workingDir,
    labels: { ...image.labels, ...caller.labels },
    onBuild: caller.onBuild,
    ...mergeCommand(caller, image),
  };
  assignDefined(merged, 'stopSignal', caller.stopSignal || image.stopSignal);
  assignDefined(merged, 'shell', caller.shell ?? image.shell);
  assignDefined(merged, 'healthcheck', mergeHealthcheck(caller.healthcheck, image.healthcheck));
  return merged;
}

/** The command line that is run, program first. */
export function commandLine(config: ContainerConfig): { path: string; args: string[] } {
  const [path, ...args] = [...(config.entrypoint ?? []), ...(config.cmd ?? [])];
  if (path === undefined) throw invalidParameter('no command specified');
  return { path, args };
}

/** An entrypoint of the caller's puts the image's command out of use too; `['']` is how clients write "no entrypoint". */
function mergeCommand(caller: ContainerConfig, image: ImageRunConfig): Pick<ContainerConfig, 'cmd' | 'entrypoint'> {
  const replaced = (caller.entrypoint?.length ?? 0) > 0;
  const cmd = !replaced && (caller.cmd?.length ?? 0) === 0 ? image.cmd : caller.cmd;
  const entrypoint = clearsEntrypoint(caller) ? [] : (caller.entrypoint ?? image.entrypoint);
  return { ...(cmd && { cmd }), ...(entrypoint && { entrypoint }) };
}

const clearsEntrypoint = ({ entrypoint }: ContainerConfig): boolean => entrypoint?.length === 1 && entrypoint[0] === '';

/** The caller's variables first, then the image's that the caller did not name. */
function mergeEnv(caller: string[], image: string[]): string[] {
  const named = new Set(caller.map(variableName));
  return [...caller, ...image.filter((entry) => !named.has(variableName(entry)))];
}

const variableName = (entry: string): string => entry.split('=', 1)[0] ?? '';

const union = (a: string[], b: string[]): string[] => [...new Set([...a, ...b])];

function mergeHealthcheck(caller?: HealthCheck, image?: HealthCheck): HealthCheck | undefined {
  if (!caller || !image) return caller ?? image;
  const test = caller.test.length > 0 ? caller.test : image.test;
  return { ...withoutZeros(image), ...withoutZeros(caller), test };
}

const withoutZeros = (check: HealthCheck): HealthCheck =>
  Object.fromEntries(Object.entries(check).filter(([, value]) => value)) as unknown as HealthCheck;

function assignDefined<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value) target[key] = value;
}
