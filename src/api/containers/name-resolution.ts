// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';

/** What goes into the container's /etc/hosts and /etc/resolv.conf. */
export function toNameResolution(
  wire: WireHostConfig,
): Pick<HostConfig, 'dns' | 'dnsOptions' | 'dnsSearch' | 'extraHosts'> {
  return {
    dns: (wire.Dns ?? []).map(address),
    dnsOptions: (wire.DnsOptions ?? []).map(oneLine),
    dnsSearch: (wire.DnsSearch ?? []).map(oneLine),
    extraHosts: (wire.ExtraHosts ?? []).map(extraHost),
  };
}

function address(text: string): string {
  if (isIP(text) !== 0) return text;
  throw invalidParameter(`invalid JSON: ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
}

/** A line break would let a caller write other lines of the file. */
function oneLine(text: string): string {
  if (/[\s\0]/.test(text)) throw invalidParameter(`invalid DNS setting: ${JSON.stringify(text)}`);
  return text;
}

/** `name:address`; Docker's clients write `=` too. The address may be the word that stands for the host's own. */
function extraHost(text: string): string {
  const [, name = '', value = ''] = /^([^=:\s\0]+)[=:](.+)$/s.exec(text) ?? [];
  if (name === '') throw invalidParameter(`bad format for add-host: ${JSON.stringify(text)}`);
  const bare = value.replace(/^\[(.*)\]$/s, '$1');
  if (bare !== 'host-gateway' && isIP(bare) === 0) {
    throw invalidParameter(`invalid IP address in add-host: ${JSON.stringify(value)}`);
  }
  return `${name}:${bare}`;
}
