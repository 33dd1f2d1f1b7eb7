// SPDX-License-Identifier: Apache-2.0
import type { ContainerBackend, EngineBackend, ExecBackend, ImageBackend, SystemBackend } from '#api/backend.ts';

export interface FakeEngine {
  containers?: Partial<ContainerBackend>;
  execs?: Partial<ExecBackend>;
  images?: Partial<ImageBackend>;
  system?: Partial<SystemBackend>;
}

/** An engine that can do what a test gives it; anything else that is asked of it fails as a bug would. */
export const fakeEngine = (given: FakeEngine = {}): EngineBackend => ({
  containers: withRest('containers', given.containers ?? {}),
  execs: withRest('execs', given.execs ?? {}),
  images: withRest('images', given.images ?? {}),
  system: withRest('system', given.system ?? {}),
});

function withRest<T extends object>(part: string, given: Partial<T>): T {
  return new Proxy(given, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new Error(`the test did not expect a call of ${part}.${String(name)}`);
      }),
  }) as T;
}
