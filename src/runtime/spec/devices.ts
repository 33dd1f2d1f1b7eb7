// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { DeviceMapping, HostConfig } from '#model/container.ts';
import type { DeviceNode, HostProbe } from '#runtime/spec/host-probe.ts';
import type { OciDevice, OciDeviceRule } from '#runtime/spec/oci.ts';
import type { HostFacts } from '#runtime/types.ts';

export interface ContainerDevices {
  devices: OciDevice[];
  rules: OciDeviceRule[];
}

const character = (major: number, minor: number, allow = true): OciDeviceRule => ({
  allow,
  type: 'c',
  major,
  minor,
  access: 'rwm',
});

/** Nothing but zero, null, urandom, random, tty and console; /dev/fuse is named because a runtime may open it by default. */
export const DEFAULT_DEVICE_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  character(1, 5),
  character(1, 3),
  character(1, 9),
  character(1, 8),
  character(5, 0),
  character(5, 1),
  character(10, 229, false),
];

/** Device nodes and the rules of the devices control group. A device that doesn't exist is refused. */
export function containerDevices(
  hostConfig: Pick<HostConfig, 'devices' | 'deviceCgroupRules' | 'privileged'>,
  host: Pick<HostFacts, 'devices'>,
  probe: HostProbe,
): ContainerDevices {
  if (hostConfig.privileged) return privilegedDevices(hostConfig.devices, host, probe);
  const found = hostConfig.devices.flatMap((mapping) =>
    devicesOf(mapping, probe).map((device) => ({ device, access: checkedAccess(mapping) })),
  );
  return {
    devices: found.map(({ device }) => device),
    rules: [
      ...DEFAULT_DEVICE_RULES,
      ...found.flatMap(({ device, access }) => (device.type === 'p' ? [] : [ruleFor(device, device.type, access)])),
      ...hostConfig.deviceCgroupRules.map(parseDeviceRule),
    ],
  };
}

function privilegedDevices(
  mappings: readonly DeviceMapping[],
  host: Pick<HostFacts, 'devices'>,
  probe: HostProbe,
): ContainerDevices {
  const renamed = mappings.filter((mapping) => mapping.pathOnHost !== mapping.pathInContainer);
  const devices = [
    ...host.devices().map((node) => ociDevice(node, node.path)),
    ...renamed.flatMap((mapping) => devicesOf(mapping, probe)),
  ];
  return { devices, rules: [{ allow: true, access: 'rwm' }] };
}

const ruleFor = ({ major, minor }: OciDevice, type: 'c' | 'b', access: string): OciDeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
});

const ociDevice = ({ mode, type, major, minor, uid, gid }: DeviceNode, path: string): OciDevice => ({
  path,
  type,
  major,
  minor,
  fileMode: mode,
  uid,
  gid,
});

/** One device, or all of a directory. */
function devicesOf({ pathOnHost, pathInContainer }: DeviceMapping, probe: HostProbe): OciDevice[] {
  const found = probe.device(pathOnHost);
  if (found === undefined) throw noDevice(pathOnHost, 'no such file or directory');
  if (found === 'other') throw noDevice(pathOnHost, 'not a device node');
  if (found !== 'directory') return [ociDevice(found, pathInContainer)];
  const below = probe.devicesBelow(pathOnHost);
  if (below.length === 0) throw noDevice(pathOnHost, 'not a device node');
  const prefix = commonDirectory(pathOnHost, below);
  return below.map((node) => ociDevice(node, `${pathInContainer}${node.path.slice(prefix.length)}`));
}

/** The nodes may be found under another name than asked for, when the directory is a link. */
function commonDirectory(asked: string, nodes: readonly DeviceNode[]): string {
  const wanted = asked.replace(/\/+$/, '');
  if (nodes.every((node) => node.path.startsWith(`${wanted}/`))) return wanted;
  const [first = ''] = nodes.map((node) => node.path);
  let prefix = first.slice(0, first.lastIndexOf('/'));
  while (!nodes.every((node) => node.path.startsWith(`${prefix}/`))) prefix = prefix.slice(0, prefix.lastIndexOf('/'));
  return prefix;
}

function checkedAccess({ cgroupPermissions }: DeviceMapping): string {
  if (!/^[rwm]{1,3}$/.test(cgroupPermissions)) {
    throw invalidParameter(`invalid device mode: ${cgroupPermissions}`);
  }
  return cgroupPermissions;
}

const noDevice = (path: string, reason: string) =>
  invalidParameter(`error gathering device information while adding custom device ${JSON.stringify(path)}: ${reason}`);

const RULE = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/;

/** `c 1:3 rwm`, with `*` for any number. */
export function parseDeviceRule(rule: string): OciDeviceRule {
  const match = RULE.exec(rule);
  if (match === null) throw invalidParameter(`invalid device cgroup rule format: '${rule}'`);
  const [, type, major = '*', minor = '*', access = ''] = match;
  return {
    allow: true,
    type: type as 'a' | 'c' | 'b',
    ...(major === '*' ? {} : { major: deviceNumber(major, 'major', rule) }),
    ...(minor === '*' ? {} : { minor: deviceNumber(minor, 'minor', rule) }),
    access,
  };
}

function deviceNumber(text: string, which: 'major' | 'minor', rule: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number))
    throw invalidParameter(`invalid ${which} value in device cgroup rule format: '${rule}'`);
  return number;
}
