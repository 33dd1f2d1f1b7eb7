// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { hasErrno } from '#linux/errno.ts';
import type { ProcessTable } from '#model/system.ts';

/** What the kernel calls a second in /proc/PID/stat (USER_HZ), the same on every architecture that we run on. */
const TICKS_PER_SECOND = 100;

/** The columns of `ps -ef`, from /proc. Processes that ended meanwhile are left out. */
export async function processTableFromProc(pids: readonly number[]): Promise<ProcessTable> {
  const uptimeSeconds = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const names = await userNames();
  const rows = await Promise.all(pids.map((pid) => processRow(pid, uptimeSeconds, names)));
  return {
    titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    processes: rows.filter((row) => row !== undefined),
  };
}

async function processRow(
  pid: number,
  uptimeSeconds: number,
  names: ReadonlyMap<number, string>,
): Promise<string[] | undefined> {
  try {
    const directory = `/proc/${pid}`;
    const [text, commandLine, { uid }] = await Promise.all([
      readFile(`${directory}/stat`, 'utf8'),
      readFile(`${directory}/cmdline`, 'utf8'),
      stat(directory),
    ]);
    const { name, parent, terminal, cpuSeconds, startSeconds } = parseStat(text);
    const age = Math.max(0, uptimeSeconds - startSeconds);
    return [
      names.get(uid) ?? `${uid}`,
      `${pid}`,
      `${parent}`,
      `${age > 0 ? Math.min(99, Math.floor((100 * cpuSeconds) / age)) : 0}`,
      formatStart(new Date(Date.now() - age * 1000)),
      formatTerminal(terminal),
      formatDuration(cpuSeconds),
      commandLine.replace(/\0+$/, '').replaceAll('\0', ' ') || `[${name}]`,
    ];
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** proc_pid_stat(5). The name is in parentheses and may hold some itself. */
export function parseStat(text: string): {
  name: string;
  parent: number;
  terminal: number;
  cpuSeconds: number;
  startSeconds: number;
} {
  const close = text.lastIndexOf(')');
  const field = text
    .slice(close + 2)
    .split(' ')
    .map(Number);
  return {
    name: text.slice(text.indexOf('(') + 1, close),
    parent: field[1] ?? 0,
    terminal: field[4] ?? 0,
    cpuSeconds: ((field[11] ?? 0) + (field[12] ?? 0)) / TICKS_PER_SECOND,
    startSeconds: (field[19] ?? 0) / TICKS_PER_SECOND,
  };
}

/** Major and minor number as the kernel packs them; pseudo-terminals have the majors from 136. */
function formatTerminal(device: number): string {
  if (device === 0) return '?';
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major < 144) return `pts/${(major - 136) * 256 + minor}`;
  return major === 4 ? `tty${minor}` : '?';
}

const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, '0');

const formatDuration = (seconds: number): string =>
  [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(twoDigits).join(':');

/** The time of day, or for older processes the day. */
function formatStart(start: Date): string {
  const isToday = start.toDateString() === new Date().toDateString();
  if (isToday) return `${twoDigits(start.getHours())}:${twoDigits(start.getMinutes())}`;
  return `${start.toLocaleString('en', { month: 'short' })}${twoDigits(start.getDate())}`;
}

/** The host's names of user IDs, as its own `ps` would show them. */
async function userNames(): Promise<Map<number, string>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const entries = text.split('\n').map((line) => line.split(':'));
  return new Map(entries.toReversed().map(([name = '', , uid]) => [Number(uid ?? -1), name]));
}
