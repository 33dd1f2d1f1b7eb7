// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type CgroupLayout, cgroupDirectory } from '#linux/cgroup.ts';
import { hasErrno } from '#linux/errno.ts';
import type { BlkioEntry, NetworkCounters, StatsSample } from '#model/system.ts';

/** The kernel counts processor time in hundredths of a second where it counts ticks. */
const NS_PER_TICK = 10_000_000;

const NO_THROTTLING = { periods: 0, throttledPeriods: 0, throttledTimeNs: 0 };

/** Reads the counters of one group. A file that is missing, also because the group is gone, counts nothing. */
export async function readStats(layout: CgroupLayout, cgroupsPath: string, pid?: number): Promise<StatsSample> {
  const group: ReadFile = (controller, file) => {
    const directory = cgroupDirectory(layout, controller, cgroupsPath);
    return directory === undefined ? Promise.resolve(undefined) : readOptional(join(directory, file));
  };
  const [system, counters, pids, networks] = await Promise.all([
    readOptional('/proc/stat'),
    layout.version === 2 ? readV2(group) : readV1(group),
    readPids(group),
    pid === undefined ? {} : readNetworks(pid),
  ]);
  return {
    read: new Date(),
    pids,
    ...counters,
    cpu: { ...counters.cpu, ...parseSystemUsage(system ?? '') },
    networks,
    cgroupVersion: layout.version,
  };
}

type ReadFile = (controller: string, file: string) => Promise<string | undefined>;

interface Counters {
  cpu: Omit<StatsSample['cpu'], 'systemUsageNs' | 'onlineCpus'>;
  memory?: NonNullable<StatsSample['memory']>;
  blkio: StatsSample['blkio'];
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV', 'ESRCH', 'EINVAL', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}

async function readPids(group: ReadFile): Promise<StatsSample['pids']> {
  const [current, max] = await Promise.all([group('pids', 'pids.current'), group('pids', 'pids.max')]);
  const limit = parseLimit(max);
  return { ...(current === undefined ? {} : { current: Number(current) }), ...(limit === undefined ? {} : { limit }) };
}

async function readV2(group: ReadFile): Promise<Counters> {
  const [cpu, current, max, stat, events, io] = await Promise.all([
    group('cpu', 'cpu.stat'),
    group('memory', 'memory.current'),
    group('memory', 'memory.max'),
    group('memory', 'memory.stat'),
    group('memory', 'memory.events'),
    group('io', 'io.stat'),
  ]);
  const usage = parseTable(cpu ?? '');
  const memory = current !== undefined && {
    usageBytes: Number(current),
    limitBytes: Math.min(parseLimit(max) ?? totalmem(), totalmem()),
    failCount: parseTable(events ?? '').oom ?? 0,
    stat: parseTable(stat ?? ''),
  };
  return {
    cpu: {
      totalUsageNs: (usage.usage_usec ?? 0) * 1000,
      userNs: (usage.user_usec ?? 0) * 1000,
      systemNs: (usage.system_usec ?? 0) * 1000,
      throttling: {
        periods: usage.nr_periods ?? 0,
        throttledPeriods: usage.nr_throttled ?? 0,
        throttledTimeNs: (usage.throttled_usec ?? 0) * 1000,
      },
    },
    ...(memory ? { memory } : {}),
    blkio: parseIoStat(io ?? ''),
  };
}

async function readV1(group: ReadFile): Promise<Counters> {
  const [cpu, memory, blkio] = await Promise.all([readCpuV1(group), readMemoryV1(group), readBlkioV1(group)]);
  return { cpu, ...(memory ? { memory } : {}), blkio };
}

async function readCpuV1(group: ReadFile): Promise<Counters['cpu']> {
  const [total, perCpu, split, throttling] = await Promise.all([
    group('cpuacct', 'cpuacct.usage'),
    group('cpuacct', 'cpuacct.usage_percpu'),
    group('cpuacct', 'cpuacct.stat'),
    group('cpu', 'cpu.stat'),
  ]);
  const ticks = parseTable(split ?? '');
  const throttled = parseTable(throttling ?? '');
  return {
    totalUsageNs: Number(total ?? 0),
    perCpuUsageNs: (perCpu ?? '').split(/\s+/).filter(Boolean).map(Number),
    userNs: (ticks.user ?? 0) * NS_PER_TICK,
    systemNs: (ticks.system ?? 0) * NS_PER_TICK,
    throttling: {
      ...NO_THROTTLING,
      periods: throttled.nr_periods ?? 0,
      throttledPeriods: throttled.nr_throttled ?? 0,
      throttledTimeNs: throttled.throttled_time ?? 0,
    },
  };
}

async function readMemoryV1(group: ReadFile): Promise<Counters['memory'] | undefined> {
  const [usage, max, limit, failures, stat] = await Promise.all([
    group('memory', 'memory.usage_in_bytes'),
    group('memory', 'memory.max_usage_in_bytes'),
    group('memory', 'memory.limit_in_bytes'),
    group('memory', 'memory.failcnt'),
    group('memory', 'memory.stat'),
  ]);
  if (usage === undefined) return undefined;
  return {
    usageBytes: Number(usage),
    maxUsageBytes: Number(max ?? 0),
    limitBytes: Math.min(parseLimit(limit) ?? totalmem(), totalmem()),
    failCount: Number(failures ?? 0),
    stat: parseTable(stat ?? ''),
  };
}

async function readBlkioV1(group: ReadFile): Promise<StatsSample['blkio']> {
  const [bytes, operations] = await Promise.all([
    group('blkio', 'blkio.throttle.io_service_bytes_recursive'),
    group('blkio', 'blkio.throttle.io_serviced_recursive'),
  ]);
  return { ioServiceBytes: parseBlkio(bytes ?? ''), ioServiced: parseBlkio(operations ?? '') };
}

/** Lines of a name and a number. */
export function parseTable(text: string): Record<string, number> {
  const table: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [name, value] = line.split(' ');
    if (name && value !== undefined) table[name] = Number(value);
  }
  return table;
}

/** `max` and what is missing: no limit. */
function parseLimit(text: string | undefined): number | undefined {
  const value = text?.trim();
  return value === undefined || value === 'max' ? undefined : Number(value);
}

/** Lines such as `8:0 Read 4096`; the totals of all devices have no device and are left out. */
export function parseBlkio(text: string): BlkioEntry[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op = '', value]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: Number(value),
  }));
}

/** Lines such as `8:0 rbytes=1 wbytes=2 rios=3 wios=4`. */
export function parseIoStat(text: string): StatsSample['blkio'] {
  const blkio: StatsSample['blkio'] = { ioServiceBytes: [], ioServiced: [] };
  for (const [, major, minor, rest = ''] of text.matchAll(/^(\d+):(\d+) (.*)$/gm)) {
    const counter = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(rest)?.[1] ?? 0);
    const entry = (op: string, name: string): BlkioEntry => ({
      major: Number(major),
      minor: Number(minor),
      op,
      value: counter(name),
    });
    blkio.ioServiceBytes.push(entry('read', 'rbytes'), entry('write', 'wbytes'));
    blkio.ioServiced.push(entry('read', 'rios'), entry('write', 'wios'));
  }
  return blkio;
}

/** All the time that the host's processors spent, idling too, from /proc/stat. */
export function parseSystemUsage(stat: string): Pick<StatsSample['cpu'], 'systemUsageNs' | 'onlineCpus'> {
  const lines = stat.split('\n').filter((line) => line.startsWith('cpu'));
  const all = lines.find((line) => line.startsWith('cpu ')) ?? '';
  const [, ...ticks] = all.split(/\s+/);
  // The guests' time, at the end of the line, is part of the users' already.
  const total = ticks.slice(0, 7).reduce((sum, value) => sum + Number(value), 0);
  return { systemUsageNs: total * NS_PER_TICK, onlineCpus: lines.filter((line) => /^cpu\d/.test(line)).length };
}

async function readNetworks(pid: number): Promise<Record<string, NetworkCounters>> {
  return parseNetworks((await readOptional(`/proc/${pid}/net/dev`)) ?? '');
}

/** Every interface of /proc/net/dev but the loopback one. */
export function parseNetworks(text: string): Record<string, NetworkCounters> {
  const rows = [...text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)].filter(([, name]) => name !== 'lo');
  return Object.fromEntries(rows.map(([, name = '', columns = '']) => [name, networkCounters(columns)]));
}

function networkCounters(columns: string): NetworkCounters {
  const values = columns.split(/\s+/).map(Number);
  const at = (index: number): number => values[index] ?? 0;
  return {
    rxBytes: at(0),
    rxPackets: at(1),
    rxErrors: at(2),
    rxDropped: at(3),
    txBytes: at(8),
    txPackets: at(9),
    txErrors: at(10),
    txDropped: at(11),
  };
}
