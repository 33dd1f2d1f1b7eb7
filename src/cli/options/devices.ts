// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { parseMemory } from '#cli/format/units.ts';
import { cut } from '#cli/options/csv.ts';

export interface DeviceJson {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

const isMode = (text: string): boolean => /^(?!.*(.).*\1)[rwm]{1,3}$/.test(text);
/** `vendor.com/class=name`: a device that a CDI file on the engine's host describes. */
const CDI_NAME = /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w-]*=[a-zA-Z0-9][\w.:-]*$/;

export const isCdiName = (text: string): boolean => CDI_NAME.test(text);

/** `--device HOST[:CONTAINER][:rwm]`. */
export function parseDevice(text: string): DeviceJson {
  const parts = text.split(':');
  const [host = '', second, third] = parts;
  if (parts.length > 3 || host === '') throw new Error(`bad format for path: ${text}`);
  if (third !== undefined && !isMode(third)) throw new Error(`bad mode specified: ${third}`);
  const hasPath = second !== undefined && (third !== undefined || !isMode(second));
  const path = hasPath ? second : host;
  if (!path.startsWith('/')) throw new Error(`${path} is not an absolute path`);
  const mode = third ?? (hasPath ? undefined : second);
  const source = hasPath ? host : posix.normalize(host);
  return {
    PathOnHost: source,
    PathInContainer: third === undefined ? posix.normalize(path) : path,
    CgroupPermissions: mode ?? 'rwm',
  };
}

/** `--device-cgroup-rule 'c 1:3 rwm'`. */
export function checkDeviceRule(text: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new Error(`invalid device cgroup format '${text}'`);
}

function devicePath(text: string): [path: string, value: string] {
  const [path, value] = cut(text, ':');
  if (value === undefined || path === '') throw new Error(`bad format: ${text}`);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`);
  return [path, value];
}

/** `--blkio-weight-device /dev/sda:500`. */
export function parseWeightDevice(text: string): { Path: string; Weight: number } {
  const [path, weight] = devicePath(text);
  const number = Number(weight);
  if (!/^\d+$/.test(weight) || (number > 0 && (number < 10 || number > 1000))) {
    throw new Error(`invalid weight for device: ${text}`);
  }
  return { Path: path, Weight: number };
}

/** `--device-read-bps /dev/sda:1mb`. */
export function parseByteRate(text: string): { Path: string; Rate: number } {
  const [path, rate] = devicePath(text);
  try {
    return { Path: path, Rate: parseMemory(rate) };
  } catch (error) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
      { cause: error },
    );
  }
}

/** `--device-read-iops /dev/sda:100`. */
export function parseOperationRate(text: string): { Path: string; Rate: number } {
  const [path, rate] = devicePath(text);
  if (!/^\d+$/.test(rate)) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return { Path: path, Rate: Number(rate) };
}
