// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine, mergeConfig } from '#container/config-merge.ts';
import { containerConfig, imageConfig } from '#container/container-testing.ts';

const COMMANDS: [title: string, caller: object, image: object, expected: string[] | undefined][] = [
  ['the image decides when nothing is said', {}, { entrypoint: ['e'], cmd: ['c'] }, ['e', 'c']],
  ['a command of the caller replaces the image’s', { cmd: ['mine'] }, { entrypoint: ['e'], cmd: ['c'] }, ['e', 'mine']],
  ['an empty command is none', { cmd: [] }, { entrypoint: ['e'], cmd: ['c'] }, ['e', 'c']],
  [
    'an entrypoint of the caller puts the command out of use',
    { entrypoint: ['x'] },
    { entrypoint: ['e'], cmd: ['c'] },
    ['x'],
  ],
  ['both of the caller', { entrypoint: ['x'], cmd: ['y'] }, { entrypoint: ['e'], cmd: ['c'] }, ['x', 'y']],
  ['a cleared entrypoint leaves the command', { entrypoint: [] }, { entrypoint: ['e'], cmd: ['c'] }, ['c']],
  ['an empty string clears entrypoint and command', { entrypoint: [''] }, { entrypoint: ['e'], cmd: ['c'] }, undefined],
  ['an empty string, and a command', { entrypoint: [''], cmd: ['y'] }, { entrypoint: ['e'], cmd: ['c'] }, ['y']],
  ['nothing anywhere', {}, {}, undefined],
];

for (const [title, caller, image, expected] of COMMANDS) {
  test(`command line: ${title}`, () => {
    const merged = mergeConfig(containerConfig(caller), imageConfig(image));
    if (expected === undefined) {
      assert.throws(() => commandLine(merged), { code: 'invalid-parameter', message: 'no command specified' });
      return;
    }
    const { path, args } = commandLine(merged);
    assert.deepEqual([path, ...args], expected);
  });
}

test('the caller’s variables, labels, user and directory win, the image fills the gaps', () => {
  const merged = mergeConfig(
    containerConfig({ env: ['A=mine', 'B'], labels: { x: '1' }, user: 'me', volumes: ['/v'], exposedPorts: ['1/tcp'] }),
    imageConfig({
      env: ['A=image', 'B=image', 'C=image'],
      labels: { x: '2', y: '3' },
      user: 'image',
      workingDir: '/srv',
      volumes: ['/v', '/w'],
      exposedPorts: ['2/tcp'],
      stopSignal: 'SIGQUIT',
    }),
  );
  assert.deepEqual(merged.env, ['A=mine', 'B', 'C=image']);
  assert.deepEqual(merged.labels, { x: '1', y: '3' });
  assert.equal(merged.user, 'me');
  assert.equal(merged.workingDir, '/srv');
  assert.deepEqual(merged.volumes, ['/v', '/w']);
  assert.deepEqual(merged.exposedPorts, ['1/tcp', '2/tcp']);
  assert.equal(merged.stopSignal, 'SIGQUIT');
});

test('a health check is merged field by field', () => {
  const image = imageConfig({ healthcheck: { test: ['CMD', 'check'], intervalMs: 1000, retries: 7 } });
  const merged = mergeConfig(containerConfig({ healthcheck: { test: [], intervalMs: 50, retries: 0 } }), image);
  assert.deepEqual(merged.healthcheck, { test: ['CMD', 'check'], intervalMs: 50, retries: 7 });
  const disabled = mergeConfig(containerConfig({ healthcheck: { test: ['NONE'] } }), image);
  assert.deepEqual(disabled.healthcheck?.test, ['NONE']);
});

test('neither argument is changed', () => {
  const caller = containerConfig({ env: ['A=1'] });
  const image = imageConfig({ env: ['B=2'], cmd: ['c'] });
  const before = structuredClone({ caller, image });
  mergeConfig(caller, image);
  assert.deepEqual({ caller, image }, before);
});
