// SPDX-License-Identifier: Apache-2.0
import type { ContainerRecord, RestartPolicy } from '#model/container.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run of this length ends the series of quick failures. */
const STEADY_RUN_MS = 10_000;

/** Whether a process that ended, and that nobody stopped, is followed by another one. */
export function wantsRestart(policy: RestartPolicy, end: { failed: boolean; restartCount: number }): boolean {
  switch (policy.name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return end.failed && (policy.maximumRetryCount === 0 || end.restartCount < policy.maximumRetryCount);
  }
}

/** Whether a container that is not running is started together with the engine. */
export function startsWithEngine(record: ContainerRecord): boolean {
  const { state, hostConfig, restartCount, hasBeenManuallyStopped } = record;
  if (state.status !== 'exited' && state.status !== 'restarting') return false;
  if (state.startedAt === undefined) return false;
  // A machine that went down takes `always` containers up again even if a person had stopped them: Docker's rule.
  if (hasBeenManuallyStopped && hostConfig.restartPolicy.name !== 'always') return false;
  return wantsRestart(hostConfig.restartPolicy, { failed: state.exitCode !== 0, restartCount });
}

/** The pause before each restart: 100 ms, doubled up to a minute, from the beginning after a run of ten seconds. */
export class BackOff {
  #nextMs = FIRST_DELAY_MS;

  afterRun(durationMs: number): number {
    if (durationMs >= STEADY_RUN_MS) this.reset();
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  }

  reset(): void {
    this.#nextMs = FIRST_DELAY_MS;
  }
}
