// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { type GroupEntry, type PasswdEntry, visitEntries } from '#container/user-files.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { ResolvedUser } from '#runtime/types.ts';

/** Docker takes no ID above this (runc: "uids and gids must be in range 0-2147483647"). */
const MAX_ID = 2 ** 31 - 1;
/** The kernel's own limit of supplementary groups (NGROUPS_MAX). */
const MAX_GROUPS = 65_536;

/**
 * Resolves `user`, `uid`, `user:group`, … and additional groups in the /etc/passwd and /etc/group of a root file system that
 * nobody vouches for. Digits are always an ID, never a name. Memory is bounded whatever the files hold. Throws Docker's words
 * (`unable to find user x: no matching entries in passwd file`).
 */
export async function lookupUser(rootfs: string, user: string, groupAdd: readonly string[]): Promise<ResolvedUser> {
  const rootFd = openSync(rootfs, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const [userText = '', groupText = ''] = user.split(':');
    const account = await findAccount(rootFd, userText);
    const groups = await findGroups(rootFd, groupText, account.name, groupAdd);
    return {
      uid: account.uid,
      gid: groups.gid ?? account.gid,
      additionalGids: groups.additionalGids,
      home: account.home,
    };
  } finally {
    closeSync(rootFd);
  }
}

/** The number that digits stand for, `undefined` for a name. */
function parseId(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > MAX_ID) throw invalidParameter(`uids and gids must be in range 0-${MAX_ID}`);
  return id;
}

interface Account {
  uid: number;
  gid: number;
  home: string;
  /** Its name in passwd, by which groups list it. */
  name?: string;
}

async function findAccount(rootFd: number, text: string): Promise<Account> {
  const uid = text === '' ? 0 : parseId(text);
  let found: PasswdEntry | undefined;
  await visitEntries(rootFd, 'passwd', (entry) => {
    if (uid === undefined ? entry.name !== text : entry.uid !== uid) return false;
    found = entry;
    return true;
  });
  if (found) return acceptedAccount(found);
  if (uid !== undefined) return { uid, gid: 0, home: '/' };
  throw notFound('user', text, 'passwd');
}

function acceptedAccount(entry: PasswdEntry): Account {
  checkId(entry.uid, `user ${entry.name}`);
  checkId(entry.gid, `user ${entry.name}`);
  return { ...entry, home: entry.home || '/' };
}

function checkId(id: number, of: string): void {
  if (id >= 0 && id <= MAX_ID) return;
  throw invalidParameter(`${of}: uids and gids must be in range 0-${MAX_ID}`);
}

/** Who wants a group: the group after the colon, an additional one by name or number, or membership by user name. */
async function findGroups(
  rootFd: number,
  groupText: string,
  userName: string | undefined,
  groupAdd: readonly string[],
): Promise<{ gid?: number; additionalGids: number[] }> {
  const wanted = new Map<string, number | undefined>();
  for (const text of groupText === '' ? groupAdd : [groupText, ...groupAdd]) wanted.set(text, parseId(text));
  const member = groupText === '' ? userName : undefined;
  const missing = new Set([...wanted].filter(([, id]) => id === undefined).map(([text]) => text));
  const additional = new Set<number>();
  if (missing.size > 0 || member !== undefined) {
    await visitEntries(rootFd, 'group', (entry) => {
      if (missing.delete(entry.name)) wanted.set(entry.name, acceptedGid(entry));
      if (member !== undefined && entry.members.includes(member)) additional.add(acceptedGid(entry));
      if (additional.size > MAX_GROUPS) throw invalidParameter(`user ${member} is in more than ${MAX_GROUPS} groups`);
      return missing.size === 0 && member === undefined;
    });
  }
  for (const text of missing) throw notFound('group', text, 'group');
  for (const text of groupAdd) additional.add(wanted.get(text) ?? 0);
  const gid = wanted.get(groupText);
  return { additionalGids: [...additional], ...(groupText !== '' && gid !== undefined ? { gid } : {}) };
}

function acceptedGid(entry: GroupEntry): number {
  checkId(entry.gid, `group ${entry.name}`);
  return entry.gid;
}

const notFound = (kind: 'user' | 'group', text: string, file: 'passwd' | 'group'): EngineError =>
  new EngineError('invalid-parameter', `unable to find ${kind} ${text}: no matching entries in ${file} file`);
