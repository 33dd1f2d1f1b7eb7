// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { configFolder } from '#cli/config-file.ts';
import { bool, type Flag, list, string } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { chooseEndpoint, type Endpoint } from '#client/host.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Flags that come before the command. */
export function globalFlags(env: Env): Flag[] {
  const folder = configFolder('', env);
  const file = (name: string): { shownInitial: string } => ({ shownInitial: `"${join(folder, name)}"` });
  return [
    string('config', 'Location of client config files', '', { shownInitial: `"${folder}"` }),
    bool('D, debug', 'Enable debug mode'),
    list('H, host', 'Daemon socket to connect to'),
    string('l, log-level', 'Set the logging level ("debug", "info", "warn", "error", "fatal")', 'info'),
    bool('tls', 'Use TLS; implied by --tlsverify'),
    string('tlscacert', 'Trust certs signed only by this CA', '', file('ca.pem')),
    string('tlscert', 'Path to TLS certificate file', '', file('cert.pem')),
    string('tlskey', 'Path to TLS key file', '', file('key.pem')),
    bool('tlsverify', 'Use TLS and verify the remote'),
    bool('v, version', 'Print version information and quit'),
  ];
}

/** The engine that the global flags and the environment name. */
export function endpointOf(values: FlagValues, env: Env): Endpoint {
  return chooseEndpoint({
    hosts: values.list('host'),
    configFolder: configFolder(values.string('config'), env),
    env,
    tls: {
      enabled: values.bool('tls'),
      verify: values.bool('tlsverify'),
      ...(values.isGiven('tlscacert') && { ca: values.string('tlscacert') }),
      ...(values.isGiven('tlscert') && { cert: values.string('tlscert') }),
      ...(values.isGiven('tlskey') && { key: values.string('tlskey') }),
    },
  });
}
