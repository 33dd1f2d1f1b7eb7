// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { RestartPolicy, RestartPolicyName } from '#model/container.ts';
import type { RestartPolicy as WireRestartPolicy } from '#wire/types.gen.ts';

/** Hoy's own option: `--label hoy.restart.unhealthy=true` lets the restart policy answer a failing health check too. */
export const RESTART_UNHEALTHY_LABEL = 'hoy.restart.unhealthy';

const NAMES: readonly string[] = ['no', 'always', 'on-failure', 'unless-stopped'];

export function toRestartPolicy(
  wire: WireRestartPolicy | undefined,
  labels: Readonly<Record<string, string>>,
): RestartPolicy {
  const name: string = wire?.Name || 'no';
  const maximumRetryCount = wire?.MaximumRetryCount ?? 0;
  if (!NAMES.includes(name)) {
    const choices = "'no', 'always', 'on-failure', or 'unless-stopped'";
    throw invalidParameter(`invalid restart policy: unknown policy '${name}'; use one of ${choices}`);
  }
  if (name === 'on-failure') {
    if (maximumRetryCount < 0) throw invalidParameter('invalid restart policy: maximum retry count cannot be negative');
  } else if (maximumRetryCount !== 0 && wire?.Name) {
    const negative = maximumRetryCount < 0 ? ' and cannot be negative' : '';
    throw invalidParameter(`invalid restart policy: maximum retry count can only be used with 'on-failure'${negative}`);
  }
  return {
    name: name as RestartPolicyName,
    maximumRetryCount: name === 'on-failure' ? maximumRetryCount : 0,
    onUnhealthy: labels[RESTART_UNHEALTHY_LABEL] === 'true',
  };
}
