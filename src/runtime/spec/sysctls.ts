// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { HostProbe } from '#runtime/spec/host-probe.ts';
import type { SpecInput } from '#runtime/types.ts';

const IPC_SYSCTLS = new Set([
  ...['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem'],
  ...['kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'],
]);

/** Kernel parameters of a container: ping and low ports for everyone in a network of its own, then what was asked for. */
export function containerSysctls(input: SpecInput, probe: HostProbe): Record<string, string> {
  const { config, hostConfig, namespaces } = input;
  const sysctls: Record<string, string> = {};
  if (config.domainname !== '' && namespaces.uts === 'private') sysctls['kernel.domainname'] = config.domainname;
  if (hasNetworkOfItsOwn(input)) {
    if (probe.hasSysctl('net.ipv4.ping_group_range')) sysctls['net.ipv4.ping_group_range'] = '0 2147483647';
    if (probe.hasSysctl('net.ipv4.ip_unprivileged_port_start')) sysctls['net.ipv4.ip_unprivileged_port_start'] = '0';
  }
  for (const [name, value] of Object.entries(hostConfig.sysctls)) {
    checkSysctl(name, namespaces);
    sysctls[dotted(name)] = value;
  }
  return sysctls;
}

const hasNetworkOfItsOwn = ({ hostConfig, namespaces }: SpecInput): boolean =>
  namespaces.network !== 'host' && !hostConfig.networkMode.startsWith('container:');

/** Refuses parameters that would change the host, in the words of the runtimes. */
export function checkSysctl(name: string, namespaces: Pick<SpecInput['namespaces'], 'network' | 'ipc' | 'uts'>): void {
  const plain = dotted(name);
  if (plain === 'kernel.hostname') {
    throw invalidParameter(
      `sysctl ${JSON.stringify(name)} is not allowed as it conflicts with the OCI "hostname" field`,
    );
  }
  const isMalformed = name.includes('..') || plain.split('.').includes('');
  const kind = isMalformed ? undefined : namespaceOf(plain);
  if (kind === undefined)
    throw invalidParameter(`sysctl ${JSON.stringify(name)} is not in a separate kernel namespace`);
  if (namespaces[kind] === 'host') {
    throw invalidParameter(`sysctl ${JSON.stringify(name)} not allowed in host ${kind} namespace`);
  }
}

/** Which namespace keeps a value of its own for this parameter. */
function namespaceOf(name: string): 'network' | 'ipc' | 'uts' | undefined {
  if (name.startsWith('net.')) return 'network';
  if (IPC_SYSCTLS.has(name) || name.startsWith('fs.mqueue.')) return 'ipc';
  return name === 'kernel.domainname' ? 'uts' : undefined;
}

/** `net/ipv4/ip_forward` is the same as `net.ipv4.ip_forward`; what comes first decides what separates. */
function dotted(name: string): string {
  const firstSeparator = /[./]/.exec(name)?.[0];
  return firstSeparator === '/' ? name.replace(/[./]/g, (found) => (found === '/' ? '.' : '/')) : name;
}
