// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerContext } from '#container/context.ts';
import { joinedContainer } from '#container/namespaces.ts';
import { resolvConf } from '#container/resolv-conf.ts';
import { invalidParameter } from '#core/errors.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { SpecInput } from '#runtime/types.ts';

const NAMES = ['hostname', 'hosts', 'resolv.conf'] as const;

/** systemd-resolved keeps the servers that it asks itself here, when /etc/resolv.conf only points at it. */
const UPSTREAM_RESOLV_CONF = '/run/systemd/resolve/resolv.conf';
const LOCAL_STUB = /^\s*nameserver\s+127\.0\.0\.53\s*$/m;

const LOCAL_HOSTS = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
] as const;

/** Writes the files of the network into a container's bundle, or finds those of the container whose network it shares. */
export function writeHostFiles(context: ContainerContext, record: ContainerRecord): SpecInput['files'] {
  const owner = networkOwner(context, record);
  const directory = context.paths.bundle(owner.id);
  if (owner === record) {
    writeFileSync(join(directory, 'hostname'), `${record.config.hostname}\n`);
    writeFileSync(join(directory, 'hosts'), hosts(context, record));
    writeFileSync(join(directory, 'resolv.conf'), resolver(context, record));
  }
  return NAMES.map((name) => ({ source: join(directory, name), target: `/etc/${name}` }));
}

function networkOwner(context: ContainerContext, record: ContainerRecord): ContainerRecord {
  const ref = joinedContainer(record.hostConfig.networkMode);
  return ref === undefined ? record : networkOwner(context, context.store.find(ref));
}

function hosts({ options }: ContainerContext, { hostConfig }: ContainerRecord): string {
  const isHosts = hostConfig.networkMode === 'host';
  const base = isHosts ? readHostFile('/etc/hosts') : LOCAL_HOSTS.map((line) => `${line.join('\t')}\n`).join('');
  const extra = hostConfig.extraHosts.flatMap((entry) => extraHostLines(entry, options.hostGatewayIps));
  return `${base}${base === '' || base.endsWith('\n') ? '' : '\n'}${extra.join('')}`;
}

/** `name:address`; the address may stand for the host as its containers see it. */
function extraHostLines(entry: string, gateways: readonly string[]): string[] {
  const colon = entry.indexOf(':');
  const name = entry.slice(0, colon);
  const address = entry.slice(colon + 1);
  if (address !== 'host-gateway') return [`${address}\t${name}\n`];
  if (gateways.length === 0) throw invalidParameter('unable to derive the IP value for host-gateway');
  return gateways.map((gateway) => `${gateway}\t${name}\n`);
}

function resolver({ options }: ContainerContext, { hostConfig }: ContainerRecord): string {
  const or = (own: string[], engines: string[]): string[] => (own.length > 0 ? own : engines);
  const asked = {
    servers: or(hostConfig.dns, options.dns.servers),
    search: or(hostConfig.dnsSearch, options.dns.search),
    options: or(hostConfig.dnsOptions, options.dns.options),
  };
  const sharesLoopback = hostConfig.networkMode === 'host';
  return resolvConf(hostResolvConf(sharesLoopback), asked, { sharesLoopback });
}

function hostResolvConf(sharesLoopback: boolean): string {
  const text = readHostFile('/etc/resolv.conf');
  const upstream = !sharesLoopback && LOCAL_STUB.test(text) ? readHostFile(UPSTREAM_RESOLV_CONF) : '';
  return upstream || text;
}

/** A host needn't have it. */
function readHostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
