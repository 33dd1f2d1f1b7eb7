// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type ListenOptions, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Logger } from '#core/logger.ts';
import type { DaemonConfig, TlsFiles } from '#daemon/config/config.ts';
import type { Host } from '#daemon/config/host.ts';

const SOCKET_MODE = 0o660;
/** systemd passes its sockets from this descriptor on (sd_listen_fds(3)). */
const FIRST_PASSED_FD = 3;

/** Where one HTTP server is to listen, and whether it speaks TLS there. */
export interface Listener {
  options: ListenOptions & { fd?: number };
  secure: boolean;
  text: string;
  /** To be done once it listens, before anybody is answered. */
  afterListen(): void;
}

/** What the configured hosts mean on this machine. Takes away sockets that a dead engine left behind, refuses live ones. */
export async function planListeners(
  config: Pick<DaemonConfig, 'hosts' | 'group' | 'groupIsExplicit' | 'tls'>,
  deps: { env: NodeJS.ProcessEnv; logger: Logger },
): Promise<Listener[]> {
  const plans: Listener[] = [];
  for (const host of config.hosts) {
    if (host.kind === 'unix') plans.push(await unixListener(host, config, deps.logger));
    else if (host.kind === 'tcp') plans.push(tcpListener(host, config.tls, deps.logger));
    else plans.push(...passedListeners(host, deps.env));
  }
  return plans;
}

async function unixListener(
  host: Extract<Host, { kind: 'unix' }>,
  config: Pick<DaemonConfig, 'group' | 'groupIsExplicit'>,
  logger: Logger,
): Promise<Listener> {
  const gid = groupId(config, logger);
  mkdirSync(dirname(host.path), { recursive: true, mode: 0o755 });
  await removeStaleSocket(host.path);
  return {
    options: { path: host.path },
    secure: false,
    text: host.text,
    afterListen: () => {
      chownSync(host.path, 0, gid);
      chmodSync(host.path, SOCKET_MODE);
    },
  };
}

async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) throw new Error(`can't create unix socket ${path}: there is something else of that name`);
  if (await answers(path)) throw new Error(`can't create unix socket ${path}: another process listens on it`);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

/** The number of the socket's group; root's when the default group does not exist. */
function groupId(config: Pick<DaemonConfig, 'group' | 'groupIsExplicit'>, logger: Logger): number {
  if (/^\d+$/.test(config.group)) return Number(config.group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${config.group}:`));
  const gid = line?.split(':')[2];
  if (gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  if (config.groupIsExplicit)
    throw new Error(`group ${config.group} not found: make it with "groupadd ${config.group}"`);
  logger.debug({ group: config.group }, 'no such group: only root may use the socket');
  return 0;
}

function tcpListener(host: Extract<Host, { kind: 'tcp' }>, tls: TlsFiles | undefined, logger: Logger): Listener {
  if (!tls?.verify) {
    logger.warn(
      { host: host.text },
      'listening on TCP without verified client certificates: every program that reaches this address is root on this machine',
    );
  }
  return {
    options: { host: host.address, port: host.port },
    secure: tls !== undefined,
    text: host.text,
    afterListen: () => {},
  };
}

function passedListeners(host: Extract<Host, { kind: 'fd' }>, env: NodeJS.ProcessEnv): Listener[] {
  const count = Number(env.LISTEN_FDS ?? 0);
  if (env.LISTEN_PID !== String(process.pid) || !(count > 0)) {
    throw new Error(
      `no sockets found via socket activation: make sure the service was started by systemd (${host.text})`,
    );
  }
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  const all = Array.from({ length: count }, (_, index) => ({ fd: FIRST_PASSED_FD + index, name: names[index] ?? '' }));
  const chosen =
    host.which === '' || host.which === '*' ? all : all.filter((it) => [it.name, String(it.fd)].includes(host.which));
  if (chosen.length === 0) throw new Error(`no such socket passed by systemd: ${host.text}`);
  return chosen.map(({ fd }) => ({ options: { fd }, secure: false, text: `fd://${fd}`, afterListen: () => {} }));
}

/** Certificates for TCP: TLS 1.2 or newer; with `verify`, clients must show one that `caFile` signed. */
export function tlsOptions(files: TlsFiles): SecureContextOptions & TlsOptions {
  return {
    cert: readPem(files.certFile, 'certificate'),
    key: readPem(files.keyFile, 'key'),
    minVersion: 'TLSv1.2',
    ...(files.verify && { ca: readPem(files.caFile, 'CA certificate'), requestCert: true, rejectUnauthorized: true }),
  };
}

function readPem(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`could not read the TLS ${what}: ${path}: give it with --tlscacert, --tlscert and --tlskey`, {
      cause: error,
    });
  }
}

/** Binds the server. Rejects with the reason when the address is taken or not ours. */
export function listen(server: Server, listener: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new Error(`failed to listen on ${listener.text}: ${error.message}`, { cause: error }));
    server.once('error', fail);
    // A short umask closes the moment between bind and chmod in which others could connect.
    const umask = process.umask(0o117);
    try {
      server.listen(listener.options, () => {
        server.off('error', fail);
        listener.afterListen();
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  });
}
