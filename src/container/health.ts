// SPDX-License-Identifier: Apache-2.0
import type { ContainerContext } from '#container/context.ts';
import { isLive } from '#container/state.ts';
import { messageOf } from '#core/errors.ts';
import type { ContainerRecord, Health, HealthCheck, HealthProbe } from '#model/container.ts';

const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5000, retries: 3 };
const KEPT_PROBES = 5;
/** Docker's code for a probe that gave none. */
const NO_EXIT_CODE = -1;

/** Runs one probe in a container. Rejects when it could not be run. */
export type Probe = (
  record: ContainerRecord,
  check: { argv: string[]; timeoutMs: number },
) => Promise<{ exitCode: number; output: string }>;

/** The command that a health check runs; `undefined` when there is none. */
export function probeCommand({ healthcheck, shell }: ContainerRecord['config']): string[] | undefined {
  const [kind, ...words] = healthcheck?.test ?? [];
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...(shell ?? ['/bin/sh', '-c']), ...words] : undefined;
}

/** What a probe's result makes of a container's health. */
export function nextHealth(health: Health, probe: HealthProbe, check: HealthCheck, startedAt: Date): Health {
  const log = [...health.log, probe].slice(-KEPT_PROBES);
  if (probe.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  const startPeriodMs = check.startPeriodMs || DEFAULTS.startPeriodMs;
  // A container that never was healthy may fail while it starts.
  if (health.status === 'starting' && probe.start.getTime() - startedAt.getTime() < startPeriodMs) {
    return { ...health, log };
  }
  const failingStreak = health.failingStreak + 1;
  const isUnhealthy = failingStreak >= (check.retries || DEFAULTS.retries);
  return { status: isUnhealthy ? 'unhealthy' : health.status, failingStreak, log };
}

/** How long until the next probe. */
export function nextProbeMs(health: Health | undefined, check: HealthCheck, startedAt: Date, now: Date): number {
  const isStarting = now.getTime() - startedAt.getTime() < (check.startPeriodMs || DEFAULTS.startPeriodMs);
  if (isStarting && health?.status === 'starting') return check.startIntervalMs || DEFAULTS.startIntervalMs;
  return check.intervalMs || DEFAULTS.intervalMs;
}

interface Watch {
  timer?: Disposable;
}

/** Watches the health of running containers. What it finds is kept, so that it goes on after a restart of the engine. */
export class HealthMonitors {
  readonly #context: ContainerContext;
  readonly #probe: Probe;
  readonly #onUnhealthy: (record: ContainerRecord) => void;
  /** The timer of each container that is watched; a new run of the container has a new one. */
  readonly #watches = new Map<string, Watch>();

  constructor(context: ContainerContext, probe: Probe, onUnhealthy: (record: ContainerRecord) => void) {
    this.#context = context;
    this.#probe = probe;
    this.#onUnhealthy = onUnhealthy;
  }

  running(record: ContainerRecord): void {
    this.ended(record);
    if (probeCommand(record.config)) this.#schedule(record.id, {});
  }

  ended(record: ContainerRecord): void {
    this.#watches.get(record.id)?.timer?.[Symbol.dispose]();
    this.#watches.delete(record.id);
  }

  #schedule(id: string, watch: Watch): void {
    const record = this.#context.store.get(id);
    const check = record?.config.healthcheck;
    if (!record || !check || !isLive(record.state)) return;
    const { clock } = this.#context.deps;
    const delayMs = nextProbeMs(record.health, check, record.state.startedAt, clock.now());
    watch.timer = clock.after(delayMs, () => void this.#round(id, watch));
    this.#watches.set(id, watch);
  }

  async #round(id: string, watch: Watch): Promise<void> {
    const record = this.#context.store.get(id);
    // A frozen container is neither well nor ill.
    const result = record?.state.status === 'running' ? await this.#run(record) : undefined;
    if (this.#watches.get(id) !== watch) return;
    try {
      if (result) this.#apply(id, result);
    } catch (err) {
      this.#context.deps.logger.error({ err, id }, 'the result of a health check could not be stored');
    }
    this.#schedule(id, watch);
  }

  async #run(record: ContainerRecord): Promise<HealthProbe> {
    const { clock } = this.#context.deps;
    const argv = probeCommand(record.config) ?? [];
    const timeoutMs = record.config.healthcheck?.timeoutMs || DEFAULTS.timeoutMs;
    const start = clock.now();
    try {
      const { exitCode, output } = await this.#probe(record, { argv, timeoutMs });
      return { start, end: clock.now(), exitCode, output };
    } catch (error) {
      return { start, end: clock.now(), exitCode: NO_EXIT_CODE, output: messageOf(error) };
    }
  }

  #apply(id: string, probe: HealthProbe): void {
    const before = this.#context.store.get(id);
    const check = before?.config.healthcheck;
    if (!before || !check || !isLive(before.state)) return;
    const known: Health = before.health ?? { status: 'starting', failingStreak: 0, log: [] };
    const health = nextHealth(known, probe, check, before.state.startedAt);
    const record = this.#context.store.saveLife(id, (current) => ({ ...current, health }));
    if (health.status === known.status) return;
    this.#context.announcer.container(record, `health_status: ${health.status}`);
    if (health.status === 'unhealthy') this.#onUnhealthy(record);
  }
}
