// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SealedRuntimes } from '#runtime/sealed-runtimes.ts';
import type { OciRuntime } from '#runtime/types.ts';

const runtimeAt = (path: string, version = 'crun version 1'): OciRuntime => ({
  name: 'crun',
  path,
  args: [],
  version,
  hideUnifiedCgroup: false,
});

test('a runtime is copied once, and again when it was replaced', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-sealed-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'crun');
  const replace = (answer: string): void => {
    writeFileSync(`${path}.new`, `#!/bin/sh\necho ${answer}\n`, { mode: 0o755 });
    renameSync(`${path}.new`, path);
  };
  using sealed = new SealedRuntimes();
  const answer = (): string => execFileSync(sealed.programOf(runtimeAt(path)) ?? '', { encoding: 'utf8' });
  replace('old');
  assert.equal(answer(), 'old\n');
  assert.equal(sealed.programOf(runtimeAt(path)), sealed.programOf(runtimeAt(path)));
  replace('new, and longer');
  assert.equal(answer(), 'new, and longer\n');
});

test('other runtimes, and those that are gone, are started as they are', () => {
  using sealed = new SealedRuntimes();
  assert.equal(sealed.programOf(runtimeAt('/bin/true', 'runc version 1.1.5')), undefined);
  assert.equal(sealed.programOf(runtimeAt('/no/such/crun')), undefined);
});
