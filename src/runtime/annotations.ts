// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig } from '#model/container.ts';

/** By these, crun and krun take orders: other system call filters, files of the host to write to, the engine's own groups. */
const ORDERS = ['run.oci.', 'krun.', 'module.wasm.'];

/**
 * Refuses annotations that steer the OCI runtime unless the caller chose the runtime too. With Docker's own runtime they
 * mean nothing, so that whoever checks what callers ask for does not look at them: they must not undo the confinement.
 */
export function checkAnnotations({ annotations, runtime }: Pick<HostConfig, 'annotations' | 'runtime'>): void {
  if (runtime !== '') return;
  const order = Object.keys(annotations).find((name) => ORDERS.some((prefix) => name.startsWith(prefix)));
  if (order === undefined) return;
  throw invalidParameter(
    `invalid Annotations: ${JSON.stringify(order)} is an order to the OCI runtime: name the runtime that it is meant for, as with --runtime crun`,
  );
}
