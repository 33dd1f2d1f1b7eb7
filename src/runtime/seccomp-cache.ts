// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeContainer } from '#runtime/operations.ts';
import type { ContainerSpec } from '#runtime/spec/oci.ts';
import type { OciRuntime } from '#runtime/types.ts';

/** crun takes a compiled filter from here, base64, instead of compiling `linux.seccomp` itself. */
const COMPILED_FILTER = 'run.oci.seccomp_bpf_data';

/** Filters of different profiles and capabilities that are kept at once. */
const MAX_FILTERS = 32;

/** `struct sock_filter`, and the kernel's limit of them. */
const INSTRUCTION_SIZE = 8;
const MAX_FILTER_SIZE = 4096 * INSTRUCTION_SIZE;

/**
 * Keeps filters that crun compiled. Compiling the default profile for three architectures takes a good part of a
 * container's start; the result depends on nothing but `linux.seccomp`, so what crun wrote for one container serves all
 * with the same rules. Other runtimes are left alone.
 */
export class SeccompCache {
  readonly #filters = new Map<string, string>();

  /** The specification with its filter compiled, if it is known. */
  prepare(spec: ContainerSpec, runtime: OciRuntime): ContainerSpec {
    const key = keyOf(spec, runtime);
    const filter = key && this.#filters.get(key);
    if (!key || !filter) return spec;
    this.#filters.delete(key);
    this.#filters.set(key, filter);
    return { ...spec, annotations: { ...spec.annotations, [COMPILED_FILTER]: filter } };
  }

  /** Takes over what crun compiled for a container that runs now. `spec` is what it was started from. Never rejects. */
  async learn(spec: ContainerSpec, { id, runtime, runtimeRoot }: RuntimeContainer): Promise<void> {
    const key = keyOf(spec, runtime);
    if (!key || this.#filters.has(key)) return;
    const filter = await readFile(join(runtimeRoot, id, 'seccomp.bpf')).catch(() => Buffer.alloc(0));
    if (filter.length === 0 || filter.length % INSTRUCTION_SIZE !== 0 || filter.length > MAX_FILTER_SIZE) return;
    this.#filters.set(key, filter.toString('base64'));
    const [oldest] = this.#filters.keys();
    if (this.#filters.size > MAX_FILTERS && oldest !== undefined) this.#filters.delete(oldest);
  }
}

/** `undefined` where there is nothing to compile, and where the caller brought a filter: nobody else may get that one. */
function keyOf({ linux, annotations }: ContainerSpec, { version, path }: OciRuntime): string | undefined {
  if (!linux.seccomp || !version.startsWith('crun version ')) return undefined;
  if (annotations && Object.hasOwn(annotations, COMPILED_FILTER)) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([path, version, linux.seccomp]))
    .digest('base64');
}
