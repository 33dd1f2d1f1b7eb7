// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { invalidParameter } from '#core/errors.ts';
import { O_PATH, O_RDONLY, openInRoot } from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';

/** A line of /etc/passwd: `name:password:uid:gid:comment:home:shell`. */
export interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** A line of /etc/group: `name:password:gid:member,member`. */
export interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

interface Entries {
  passwd: PasswdEntry;
  group: GroupEntry;
}

const BLOCK_BYTES = 64 * 1024;
/** A group may list many members. A longer line is refused rather than held. */
const MAX_LINE_BYTES = 1024 * 1024;
/** A hundred thousand accounts. A longer file is refused: containers can change theirs, and each exec would read it all. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

const readAsync = promisify(read);

/**
 * Hands the well-formed lines of /etc/passwd or /etc/group inside the root to `visit`, in order, until it returns true. Links
 * lead nowhere else, and what is not a regular file (a FIFO would hang, a device might do anything) counts as missing.
 */
export async function visitEntries<K extends keyof Entries>(
  rootFd: number,
  kind: K,
  visit: (entry: Entries[K]) => boolean | undefined,
): Promise<void> {
  const fd = openRegularFile(rootFd, `/etc/${kind}`);
  if (fd === undefined) return;
  try {
    await visitLines(fd, kind, (line) => {
      const entry = PARSERS[kind](line);
      return entry !== undefined && visit(entry) === true;
    });
  } finally {
    closeSync(fd);
  }
}

function openRegularFile(rootFd: number, path: string): number | undefined {
  let place: number;
  try {
    place = openInRoot(rootFd, path, O_PATH);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'EACCES')) return undefined;
    throw error;
  }
  try {
    return fstatSync(place).isFile() ? openSync(`/proc/self/fd/${place}`, O_RDONLY) : undefined;
  } finally {
    closeSync(place);
  }
}

async function visitLines(fd: number, kind: string, visit: (line: string) => boolean): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let rest = '';
  for (let total = 0; ; ) {
    const { bytesRead } = await readAsync(fd, block, 0, BLOCK_BYTES, null);
    total += bytesRead;
    if (total > MAX_FILE_BYTES) throw invalidParameter(`the ${kind} file of the image is too large`);
    const lines = (rest + block.toString('latin1', 0, bytesRead)).split('\n');
    rest = bytesRead === 0 ? '' : (lines.pop() ?? '');
    if (lines.some(visit) || bytesRead === 0) return;
    if (rest.length > MAX_LINE_BYTES) {
      throw invalidParameter(`the ${kind} file of the image has a line that is too long`);
    }
  }
}

const PARSERS: { [K in keyof Entries]: (line: string) => Entries[K] | undefined } = {
  passwd(line) {
    const [name = '', , uid = '', gid = '', , home = ''] = fields(line) ?? [];
    if (name === '' || !isNumber(uid)) return undefined;
    return { name: decode(name), uid: Number(uid), gid: isNumber(gid) ? Number(gid) : 0, home: decode(home) };
  },
  group(line) {
    const [name = '', , gid = '', members = ''] = fields(line) ?? [];
    if (name === '' || !isNumber(gid)) return undefined;
    return { name: decode(name), gid: Number(gid), members: decode(members).split(',') };
  },
};

function fields(line: string): string[] | undefined {
  const text = line.trim();
  return text === '' || text.startsWith('#') ? undefined : text.split(':');
}

const isNumber = (text: string): boolean => /^-?\d+$/.test(text);

/** Lines are split as bytes; what is shown or compared is UTF-8. */
const decode = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();
