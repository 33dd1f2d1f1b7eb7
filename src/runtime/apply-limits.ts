// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { conflict, EngineError, invalidParameter } from '#core/errors.ts';
import { type CgroupLayout, cgroupDirectory } from '#linux/cgroup.ts';
import { hasErrno } from '#linux/errno.ts';
import type { Resources } from '#model/container.ts';
import { type CurrentLimits, type LimitWrite, limitWrites } from '#runtime/limit-writes.ts';
import { type HostProbe, hostProbe } from '#runtime/spec/host-probe.ts';

/**
 * Puts limits in force on a running container: all of them, or, when the kernel refuses one, none, and an `EngineError`
 * that names it.
 */
export function applyLimits(
  layout: CgroupLayout,
  cgroupsPath: string,
  resources: Resources,
  probe: HostProbe = hostProbe,
): void {
  const current = currentLimits(layout, cgroupsPath);
  const undo: { file: string; value: string }[] = [];
  for (const write of limitWrites(layout.version, resources, current, probe)) {
    const file = fileOf(layout, cgroupsPath, write);
    const before = readFileSync(file, 'utf8').trim();
    try {
      writeFileSync(file, write.value);
    } catch (error) {
      for (const { file, value } of undo.toReversed()) restore(file, value);
      throw refused(error, file, write.value);
    }
    // Files with a line for each device hold more than one write can bring back.
    if (!before.includes('\n')) undo.push({ file, value: before });
  }
}

function fileOf(layout: CgroupLayout, cgroupsPath: string, { controller, files }: LimitWrite): string {
  const directory = cgroupDirectory(layout, controller, cgroupsPath);
  const file = files.map((name) => join(directory ?? '/nonexistent', name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw invalidParameter(`the limit ${files[0]} can't be changed: the kernel has no such control for this container`);
  }
  return file;
}

function restore(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch {
    // The error that led here is the one to tell of.
  }
}

function refused(error: unknown, file: string, value: string): EngineError {
  const name = basename(file);
  const reason = `failed to write ${JSON.stringify(value)} to ${name}`;
  if (hasErrno(error, 'EBUSY') && name === 'memory.limit_in_bytes') {
    const usage = readFileSync(join(file, '../memory.usage_in_bytes'), 'utf8').trim();
    return conflict(`unable to set memory limit to ${value} (current usage: ${usage})`, { cause: error });
  }
  if (hasErrno(error, 'EINVAL', 'ERANGE', 'ENODEV', 'EBUSY')) {
    return invalidParameter(`${reason}: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
  return new EngineError('internal', `${reason}: ${(error as Error).message}`, { cause: error });
}

function currentLimits(layout: CgroupLayout, cgroupsPath: string): CurrentLimits {
  const read = (controller: string, file: string): string | undefined => {
    const directory = cgroupDirectory(layout, controller, cgroupsPath);
    const path = directory && join(directory, file);
    return path && existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  };
  const number = (text: string | undefined): number | undefined =>
    text === undefined || text === 'max' ? undefined : Number(text);
  if (layout.version === 1)
    return definedOnly({ memorySwapBytes: number(read('memory', 'memory.memsw.limit_in_bytes')) });
  const [quota, period] = read('cpu', 'cpu.max')?.split(' ') ?? [];
  return definedOnly({
    memoryBytes: number(read('memory', 'memory.max')),
    cpuQuotaUs: number(quota),
    cpuPeriodUs: number(period),
  });
}

function definedOnly(limits: Record<string, number | undefined>): CurrentLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
