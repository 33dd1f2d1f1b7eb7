// SPDX-License-Identifier: Apache-2.0
import type { ProxySettings } from '#cli/config-file.ts';

const VARIABLES: Record<keyof ProxySettings, string> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
};

/** Proxy variables of the configuration file for containers of the engine at `host`, in both cases; `given` ones win. */
export function proxyEnvironment(
  proxies: Readonly<Record<string, ProxySettings>>,
  host: string,
  given: readonly string[],
): string[] {
  const settings = proxies[host] ?? proxies.default;
  if (!settings) return [];
  const names = new Set(given.map((variable) => variable.split('=')[0]));
  return Object.entries(VARIABLES).flatMap(([key, variable]) => {
    const value = settings[key as keyof ProxySettings];
    if (!value) return [];
    return [variable, variable.toLowerCase()].filter((name) => !names.has(name)).map((name) => `${name}=${value}`);
  });
}
