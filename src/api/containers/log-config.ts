// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { LogConfig } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';

const DRIVERS: readonly string[] = ['json-file', 'local', 'none'];

/** What the request says, completed by the engine's default as far as it is for the same driver. */
export function toLogConfig(wire: WireHostConfig['LogConfig'], { defaultLog }: Mapping): LogConfig {
  const driver: string = wire?.Type || defaultLog.driver;
  if (!DRIVERS.includes(driver)) throw invalidParameter(`logger: no log driver named '${driver}' is registered`);
  const inherited = driver === defaultLog.driver ? defaultLog.options : {};
  return { driver: driver as LogConfig['driver'], options: { ...inherited, ...wire?.Config } };
}
