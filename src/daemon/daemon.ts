// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import type { Server } from 'node:net';
import { buildInfo } from '#daemon/build-info.ts';
import { composeEngine, type Engine } from '#daemon/compose.ts';
import { type DaemonConfig, loadConfig } from '#daemon/config/config.ts';
import { applyReload } from '#daemon/config/reload.ts';
import { listen, planListeners, tlsOptions } from '#daemon/listeners.ts';
import { createLogger, type DaemonLogger } from '#daemon/logging.ts';
import { ServiceNotifier } from '#daemon/notify.ts';
import { writePidfile } from '#daemon/pidfile.ts';
import { lockRoot } from '#daemon/root-lock.ts';
import { onFirstThen, surviveBugs } from '#daemon/signals.ts';

const DATA_ROOT_MODE = 0o710;
/** The group of the socket has to get through to it. */
const EXEC_ROOT_MODE = 0o711;
/** Answers that are under way may take this long of the shutdown timeout. */
const API_GRACE_MS = 3_000;
/** What the parts may take beyond the time that containers get. */
const STOP_SLACK_MS = 10_000;

/** Runs an engine until SIGTERM or SIGINT. Rejects, with nothing left held, if it can't be started. */
export async function runDaemon(argv: readonly string[], config: DaemonConfig): Promise<void> {
  if (process.geteuid?.() !== 0)
    throw new Error('hoyd needs to be started with root privileges: use sudo, or the systemd unit');
  process.umask(0o022);
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    write: (line) => void writeSync(2, line),
  });
  surviveBugs(logger);
  const notifier = new ServiceNotifier({ logger, env: process.env });
  const stopped = Promise.withResolvers<void>();
  await using held = new AsyncDisposableStack();
  held.use(lockRoot(config.dataRoot, DATA_ROOT_MODE));
  if (config.execRoot !== config.dataRoot) held.use(lockRoot(config.execRoot, EXEC_ROOT_MODE));
  held.use(writePidfile(config.pidfile));
  const engine = held.use(await composeEngine(config, logger));
  await serve(engine, config, logger, held);
  onFirstThen(['SIGTERM', 'SIGINT'], logger, () => stopped.resolve());
  process.on('SIGHUP', () => reload(argv, config, { engine, logger, notifier }));
  notifier.ready();
  logger.info({ version: buildInfo.version, hosts: config.hosts.map((host) => host.text) }, 'the engine is ready');

  await stopped.promise;
  notifier.stopping();
  giveUpAfter(config, logger);
  await held.disposeAsync();
  logger.info({}, 'the engine has stopped');
  process.exit(0);
}

/** Lets the API listen everywhere it should; it is the last thing to start and the first to stop. */
async function serve(
  engine: Engine,
  config: DaemonConfig,
  logger: DaemonLogger,
  held: AsyncDisposableStack,
): Promise<void> {
  const listeners = await planListeners(config, { env: process.env, logger });
  const tls = listeners.some(({ secure }) => secure) && config.tls ? tlsOptions(config.tls) : undefined;
  held.defer(() => engine.api.stop(API_GRACE_MS));
  for (const listener of listeners) {
    const server: Server = engine.api.createListener({
      reachableByBrowsers: listener.text.startsWith('tcp://'),
      ...(listener.secure && tls && { tls }),
    });
    await listen(server, listener);
    logger.info({ host: listener.text }, 'the API listens');
  }
}

/** SIGHUP: takes what can change from daemon.json. A file that is wrong changes nothing. */
function reload(
  argv: readonly string[],
  config: DaemonConfig,
  parts: { engine: Engine; logger: DaemonLogger; notifier: ServiceNotifier },
): void {
  const { engine, logger, notifier } = parts;
  notifier.reloading();
  try {
    const waiting = applyReload(config, loadConfig(argv));
    logger.level = config.logLevel;
    if (waiting.length > 0) logger.warn({ options: waiting }, 'these changes of the configuration wait for a restart');
    engine.reconfigure().then(
      () => logger.info({ configFile: config.configFile }, 'the configuration was read again'),
      (error: unknown) => logger.error({ err: error }, 'the new configuration could not be applied'),
    );
  } catch (error) {
    logger.error({ err: error }, 'the configuration was not changed');
  } finally {
    notifier.ready();
  }
}

/** A part that hangs must not keep a service manager waiting: everything that matters is on disk already. */
function giveUpAfter(config: DaemonConfig, logger: DaemonLogger): void {
  if (config.shutdownTimeoutSeconds < 0 && !config.liveRestore) return;
  const waitMs = Math.max(config.shutdownTimeoutSeconds, 0) * 1000 + STOP_SLACK_MS;
  setTimeout(() => {
    logger.error({ waitMs }, 'stopping took too long: giving up');
    process.exit(1);
  }, waitMs).unref();
}
