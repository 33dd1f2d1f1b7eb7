// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, printLine } from '#cli/command.ts';
import { integer, string, value } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { parseMemory } from '#cli/format/units.ts';
import { parseCpus, parseRestartPolicy, parseSwap } from '#cli/options/limits.ts';

export const update: Command = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [
    integer('blkio-weight', 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)', 0, {
      label: 'uint16',
      minimum: 0,
      maximum: 65_535,
    }),
    integer('cpu-period', 'Limit CPU CFS (Completely Fair Scheduler) period'),
    integer('cpu-quota', 'Limit CPU CFS (Completely Fair Scheduler) quota'),
    integer('cpu-rt-period', 'Limit the CPU real-time period in microseconds'),
    integer('cpu-rt-runtime', 'Limit the CPU real-time runtime in microseconds'),
    integer('c, cpu-shares', 'CPU shares (relative weight)'),
    value('cpus', 'decimal', 'Number of CPUs', parseCpus),
    string('cpuset-cpus', 'CPUs in which to allow execution (0-3, 0,1)'),
    string('cpuset-mems', 'MEMs in which to allow execution (0-3, 0,1)'),
    value('kernel-memory', 'bytes', 'Kernel memory limit (deprecated)', parseMemory, { isHidden: true }),
    value('m, memory', 'bytes', 'Memory limit', parseMemory),
    value('memory-reservation', 'bytes', 'Memory soft limit', parseMemory),
    value('memory-swap', 'bytes', 'Swap limit equal to memory plus swap: -1 to enable unlimited swap', parseSwap),
    integer('pids-limit', 'Tune container pids limit (set -1 for unlimited)'),
    string('restart', 'Restart policy to apply when a container exits'),
  ],
  async run(context) {
    const { engine, flags, operands } = context;
    if (flags.countGiven() === 0) throw new Error('you must provide one or more flags when using this command');
    const body = toBody(flags);
    const warnings: string[] = [];
    const errors: string[] = [];
    for (const ref of operands) {
      try {
        const answer = await engine.containers.update(ref, body);
        warnings.push(...(answer.Warnings ?? []));
        printLine(context, ref);
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
    if (warnings.length > 0) printLine(context, warnings.join('\n'));
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return 0;
  },
};

/** Zero and empty mean: leave it. */
function toBody(flags: FlagValues): object {
  const restart = flags.string('restart');
  return {
    BlkioWeight: flags.number('blkio-weight'),
    CpusetCpus: flags.string('cpuset-cpus'),
    CpusetMems: flags.string('cpuset-mems'),
    CpuShares: flags.number('cpu-shares'),
    Memory: flags.number('memory'),
    MemoryReservation: flags.number('memory-reservation'),
    MemorySwap: flags.number('memory-swap'),
    ...(flags.number('kernel-memory') !== 0 && { KernelMemory: flags.number('kernel-memory') }),
    CpuPeriod: flags.number('cpu-period'),
    CpuQuota: flags.number('cpu-quota'),
    CpuRealtimePeriod: flags.number('cpu-rt-period'),
    CpuRealtimeRuntime: flags.number('cpu-rt-runtime'),
    NanoCpus: flags.number('cpus'),
    ...(flags.number('pids-limit') !== 0 && { PidsLimit: flags.number('pids-limit') }),
    ...(restart && { RestartPolicy: parseRestartPolicy(restart) }),
  };
}
