// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig, Ulimit } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';

type Security = Pick<HostConfig, 'capAdd' | 'capDrop' | 'securityOpt' | 'deviceCgroupRules' | 'devices' | 'ulimits'>;

export function toSecurity(wire: WireHostConfig): Security {
  return {
    capAdd: capabilities('CapAdd', wire.CapAdd ?? []),
    capDrop: capabilities('CapDrop', wire.CapDrop ?? []),
    securityOpt: (wire.SecurityOpt ?? []).map(securityOption),
    deviceCgroupRules: (wire.DeviceCgroupRules ?? []).map(deviceRule),
    devices: (wire.Devices ?? []).map(deviceMapping),
    ulimits: (wire.Ulimits ?? []).map(ulimit),
  };
}

const CAPABILITIES = new Set(
  (
    'AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER ' +
    'FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE ' +
    'NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE ' +
    'SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM ALL'
  ).split(' '),
);

function capabilities(field: string, names: readonly string[]): string[] {
  for (const name of names) {
    const bare = name.toUpperCase().replace(/^CAP_/, '');
    if (!CAPABILITIES.has(bare)) {
      throw invalidParameter(`invalid ${field}: unknown capability: ${JSON.stringify(`CAP_${bare}`)}`);
    }
  }
  return [...names];
}

const OPTION_NAMES = new Set(['label', 'apparmor', 'seccomp', 'no-new-privileges', 'systempaths']);

function securityOption(option: string): string {
  if (option === 'no-new-privileges' || option === 'disable') return option;
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  const quoted = JSON.stringify(option.length > 200 ? `${option.slice(0, 200)}…` : option);
  if (at < 0) throw invalidParameter(`invalid --security-opt 1: ${quoted}`);
  const [name, value] = [option.slice(0, at), option.slice(at + 1)];
  const isBoolean = /^(1|0|t|f|true|false)$/i.test(value);
  if (!OPTION_NAMES.has(name) || (name === 'no-new-privileges' && !isBoolean)) {
    throw invalidParameter(`invalid --security-opt 2: ${quoted}`);
  }
  return option;
}

function deviceRule(rule: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule)) return rule;
  throw invalidParameter(`invalid device cgroup rule format: '${rule}'`);
}

type WireDevice = NonNullable<WireHostConfig['Devices']>[number];

function deviceMapping({
  PathOnHost = '',
  PathInContainer,
  CgroupPermissions,
}: WireDevice): HostConfig['devices'][number] {
  const cgroupPermissions = CgroupPermissions || 'rwm';
  if (PathOnHost === '') throw invalidParameter('invalid device: PathOnHost must not be empty');
  if (!/^[rwm]{1,3}$/.test(cgroupPermissions)) throw invalidParameter(`invalid device mode: ${cgroupPermissions}`);
  return { pathOnHost: PathOnHost, pathInContainer: PathInContainer || PathOnHost, cgroupPermissions };
}

const ULIMITS = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

type WireUlimit = NonNullable<WireHostConfig['Ulimits']>[number];

function ulimit({ Name = '', Soft = 0, Hard = 0 }: WireUlimit): Ulimit {
  if (!ULIMITS.has(Name)) throw invalidParameter(`invalid ulimit type: ${Name}`);
  if (Hard !== -1 && (Soft === -1 || Soft > Hard)) {
    throw invalidParameter(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
  }
  return { name: Name, soft: Soft, hard: Hard };
}
