// SPDX-License-Identifier: Apache-2.0
import { binarySize } from '#cli/format/units.ts';

type Fields = Record<string, unknown>;

/** The answer of `GET /info` as text; each line is there only if the engine said something about it. */
export function describeServer(info: Fields): string {
  return [
    ...describeContents(info),
    ...describePlugins(info),
    ...describeRuntime(info),
    ...describeHost(info),
    ...describeDebugging(info),
    ...describeSettings(info),
    '',
    '',
  ].join('\n');
}

const always = (label: string, value: unknown): string[] => [` ${label}: ${value ?? ''}`];
const ifAny = (label: string, value: unknown): string[] => (value ? always(label, value) : []);
const fields = (value: unknown): Fields => (value ?? {}) as Fields;
const list = <T = string>(value: unknown): T[] => (value as T[] | null | undefined) ?? [];

/** A heading with lines below, or nothing if there are none. */
const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [` ${heading}:`, ...lines.map((line) => `  ${line}`)];

function describeContents(info: Fields): string[] {
  return [
    ...always('Containers', info.Containers),
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ...always('Images', info.Images),
    ...ifAny('Server Version', info.ServerVersion),
    ...ifAny('Storage Driver', info.Driver),
    ...list<[string, string]>(info.DriverStatus).map(([key, value]) => `  ${key}: ${value}`),
    ...ifAny('Logging Driver', info.LoggingDriver),
    ...ifAny('Cgroup Driver', info.CgroupDriver),
    ...ifAny('Cgroup Version', info.CgroupVersion),
  ];
}

function describePlugins(info: Fields): string[] {
  const plugins = fields(info.Plugins);
  const line = (kind: string): string => `  ${kind}: ${list(plugins[kind]).join(' ')}`;
  return [
    ' Plugins:',
    line('Volume'),
    line('Network'),
    ...(list(plugins.Authorization).length > 0 ? [line('Authorization')] : []),
    line('Log'),
    ...section('CDI spec directories', list(info.CDISpecDirs)),
    ...section(
      'Discovered Devices',
      list<Fields>(info.DiscoveredDevices).map((device) => `${device.Source}: ${device.ID}`),
    ),
    ...always('Swarm', fields(info.Swarm).LocalNodeState),
  ];
}

function describeRuntime(info: Fields): string[] {
  const runtimes = Object.keys(fields(info.Runtimes));
  const linux = info.OSType === 'linux';
  return [
    ...(runtimes.length > 0
      ? [...always('Runtimes', runtimes.join(' ')), ...always('Default Runtime', info.DefaultRuntime)]
      : []),
    ...(linux
      ? [
          ...always('Init Binary', info.InitBinary),
          ...always('containerd version', fields(info.ContainerdCommit).ID),
          ...always('runc version', fields(info.RuncCommit).ID),
          ...always('init version', fields(info.InitCommit).ID),
          ...describeSecurity(list(info.SecurityOptions)),
        ]
      : []),
  ];
}

/** `name=seccomp,profile=builtin` as a name with its profile below. */
function describeSecurity(options: readonly string[]): string[] {
  const lines = options.flatMap((option) => {
    if (!option.includes('=')) return [option];
    const pairs = option.split(',').map((pair) => pair.split('=') as [string, string]);
    const named = pairs.filter(([key]) => key === 'name').map(([, value]) => value);
    return [...named, ...pairs.filter(([key]) => key === 'profile').map(([, value]) => ` Profile: ${value}`)];
  });
  return section('Security Options', lines);
}

function describeHost(info: Fields): string[] {
  return [
    ...ifAny('Kernel Version', info.KernelVersion),
    ...ifAny('Operating System', info.OperatingSystem),
    ...ifAny('OSType', info.OSType),
    ...ifAny('Architecture', info.Architecture),
    ...always('CPUs', info.NCPU),
    ...always('Total Memory', binarySize(Number(info.MemTotal ?? 0))),
    ...ifAny('Name', info.Name),
    ...ifAny('ID', info.ID),
    ...always('Docker Root Dir', info.DockerRootDir),
    ...always('Debug Mode', info.Debug),
  ];
}

function describeDebugging(info: Fields): string[] {
  if (!info.Debug) return [];
  return [
    `  File Descriptors: ${info.NFd}`,
    `  Goroutines: ${info.NGoroutines}`,
    `  System Time: ${info.SystemTime}`,
    `  EventsListeners: ${info.NEventsListener}`,
  ];
}

function describeSettings(info: Fields): string[] {
  const registry = fields(info.RegistryConfig);
  const indexes = Object.values(fields(registry.IndexConfigs)) as Fields[];
  const ranges = list(registry.InsecureRegistryCIDRs);
  const insecure = [...indexes.filter((index) => !index.Secure).map((index) => String(index.Name)), ...ranges];
  const pools = list<Fields>(info.DefaultAddressPools).map(({ Base, Size }) => ` Base: ${Base}, Size: ${Size}`);
  return [
    ...ifAny('HTTP Proxy', info.HttpProxy),
    ...ifAny('HTTPS Proxy', info.HttpsProxy),
    ...ifAny('No Proxy', info.NoProxy),
    ...section('Labels', list(info.Labels)),
    ...always('Experimental', info.ExperimentalBuild),
    ...(indexes.length + ranges.length > 0 ? [' Insecure Registries:', ...insecure.map((name) => `  ${name}`)] : []),
    ...section('Registry Mirrors', list(registry.Mirrors)),
    ...always('Live Restore Enabled', info.LiveRestoreEnabled),
    ...ifAny('Product License', info.ProductLicense),
    ...section('Default Address Pools', pools),
  ];
}
