// SPDX-License-Identifier: Apache-2.0
import { EngineError, invalidParameter, messageOf } from '#core/errors.ts';

/** More processors than any Linux machine has: a list beyond it is hostile, not large. */
const MAX_CPUS = 8192;

/** Numbers of a kernel list such as `0-3,8`. Throws an `EngineError` on any other form. */
export function parseCpuset(list: string, maximum = MAX_CPUS): Set<number> {
  const numbers = new Set<number>();
  if (list === '') return numbers;
  for (const range of list.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (match === null) throw invalidParameter(`invalid format: ${list}`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) throw invalidParameter(`invalid format: ${list}`);
    if (last > maximum) throw invalidParameter(`value of out range, maximum is ${maximum}`);
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}

/** Refuses a list that is malformed or asks for more than `available` has. */
export function checkCpuset(requested: string, available: string | undefined, kind: 'cpus' | 'mems'): void {
  const wanted = parseRequested(requested, kind);
  if (available === undefined) return;
  const offered = parseCpuset(available, Number.MAX_SAFE_INTEGER);
  if ([...wanted].every((number) => offered.has(number))) return;
  const what = kind === 'cpus' ? 'CPUs' : 'memory nodes';
  throw invalidParameter(`Requested ${what} are not available - requested ${requested}, available: ${available}`);
}

function parseRequested(requested: string, kind: 'cpus' | 'mems'): Set<number> {
  try {
    return parseCpuset(requested);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw invalidParameter(`Invalid value ${requested} for cpuset ${kind}: ${messageOf(error)}`, { cause: error });
  }
}
