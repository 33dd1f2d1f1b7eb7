// SPDX-License-Identifier: Apache-2.0
import type { OciNamespace } from '#runtime/spec/oci.ts';
import type { SpecInput } from '#runtime/types.ts';

const KINDS = ['network', 'uts', 'pid', 'ipc', 'cgroup'] as const;

/** A mount namespace always; of the others a new one, the one at a path, or the host's by leaving it out. */
export function containerNamespaces(namespaces: SpecInput['namespaces']): OciNamespace[] {
  const list: OciNamespace[] = [{ type: 'mount' }];
  for (const type of KINDS) {
    const wanted = namespaces[type];
    if (wanted === 'private') list.push({ type });
    else if (wanted !== 'host') list.push({ type, path: wanted });
  }
  // A new user namespace needs ID maps; only one that exists already can be joined.
  if (namespaces.user.startsWith('/')) list.push({ type: 'user', path: namespaces.user });
  return list;
}
