// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SeccompCache } from '#runtime/seccomp-cache.ts';
import { type ContainerRequest, type TestContainer, testContainer, testHost } from '#runtime/test-container.ts';

const ANNOTATION = 'run.oci.seccomp_bpf_data';

const host = await testHost();

after(() => host[Symbol.dispose]());

const skip = host.runtimes.working.has('crun') ? false : 'crun does not work on this host';

const container = (request: Partial<ContainerRequest> = {}): TestContainer =>
  testContainer(host, { runtime: 'crun', argv: ['/bin/sleep', '60'], ...request });

/** A cache that has seen a container with the default profile run. */
async function learnt(request: Partial<ContainerRequest> = {}): Promise<SeccompCache> {
  const cache = new SeccompCache();
  await using first = container(request);
  const { exitCode, output } = first.runtimeCall('run', '--detach', '--bundle', first.bundle, first.id);
  assert.equal(exitCode, 0, output);
  assert.equal(cache.prepare(first.spec, first.runtime), first.spec, 'nothing is known before the first container');
  await cache.learn(first.spec, first);
  return cache;
}

test('the second container gets the filter that the first one’s crun compiled, and it confines as well', {
  skip,
}, async () => {
  const cache = await learnt();
  await using second = container({ argv: ['/bin/sh', '-c', 'grep Seccomp: /proc/self/status; mount -t tmpfs x /tmp'] });
  const prepared = cache.prepare(second.spec, second.runtime);
  assert.ok(prepared.annotations?.[ANNOTATION]);
  writeFileSync(join(second.bundle, 'config.json'), JSON.stringify(prepared));
  const { exitCode, output } = second.run();
  assert.notEqual(exitCode, 0);
  assert.match(output, /Seccomp:\t2\n.*(permission denied|not permitted)/i);
});

test('the filter is the very one that crun would compile again', { skip }, async () => {
  const cache = await learnt();
  await using second = container();
  second.runtimeCall('create', '--bundle', second.bundle, second.id);
  const compiled = readFileSync(join(second.runtimeRoot, second.id, 'seccomp.bpf')).toString('base64');
  assert.equal(cache.prepare(second.spec, second.runtime).annotations?.[ANNOTATION], compiled);
});

test('other rules have another filter', { skip }, async () => {
  const cache = await learnt();
  for (const hostConfig of [
    { capAdd: ['SYS_PTRACE'] },
    { securityOpt: ['seccomp=unconfined'] },
    { privileged: true },
  ]) {
    await using other = container({ hostConfig });
    assert.equal(cache.prepare(other.spec, other.runtime), other.spec);
  }
});

test('a filter that a caller brought is given to nobody else', { skip }, async () => {
  const filter = Buffer.from('0600000000000000', 'hex').toString('base64');
  const cache = new SeccompCache();
  await using own = container({ hostConfig: { annotations: { [ANNOTATION]: filter } } });
  await cache.learn(own.spec, own);
  await using other = container();
  assert.equal(cache.prepare(other.spec, other.runtime), other.spec);
  assert.equal((await learnt()).prepare(own.spec, own.runtime), own.spec);
});

test('other runtimes, and containers that are gone, teach nothing', { skip }, async () => {
  const cache = new SeccompCache();
  await using runc = container({ runtime: 'runc' });
  runc.runtimeCall('run', '--detach', '--bundle', runc.bundle, runc.id);
  await cache.learn(runc.spec, runc);
  await using gone = container();
  await cache.learn(gone.spec, gone);
  for (const one of [runc, gone]) assert.equal(cache.prepare(one.spec, one.runtime), one.spec);
});
