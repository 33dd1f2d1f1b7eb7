// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { COMMANDS, GROUPS } from '#cli/table.ts';
import { type FakeEngine, startFakeEngine } from './fake-engine.ts';
import { type BundledCli, bundleCli, docker, hasDocker } from './run-cli.ts';

/** Commands whose help differs: they do less or more than Docker's, or Docker's has a slip. */
const OWN_HELP = new Set([
  ...['version', 'inspect', 'completion', 'system df', 'system prune', 'start', 'container start'],
  ...['create', 'container create', 'image rm', 'image remove', 'image rmi', 'rmi'],
]);

let engine: FakeEngine;
let cli: BundledCli;

before(async () => {
  [engine, cli] = await Promise.all([startFakeEngine({}), bundleCli()]);
});

after(async () => {
  await engine[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

/** Every way to call each command once, one name of those that mean the same in one group. */
const names = COMMANDS.flatMap((entry) => entry.names).filter((name) => !OWN_HELP.has(name));

for (const name of names) {
  test(`hoy ${name} --help reads like docker's`, { skip: !hasDocker }, async () => {
    const words = [...name.split(' '), '--help'];
    const env = { DOCKER_HOST: engine.host };
    const [ours, theirs] = await Promise.all([cli.hoy(words, { env }), docker(words, { env })]);
    assert.equal(ours.stdout, theirs.stdout.replace(/\bdocker (?=[a-z])/g, 'hoy '));
    assert.equal(ours.exitCode, 0);
  });
}

test('hoy COMMAND --help and hoy help COMMAND say the same', async () => {
  for (const name of ['ps', 'container ls', 'image', 'run']) {
    const [asFlag, asCommand] = await Promise.all([
      cli.hoy([...name.split(' '), '--help']),
      cli.hoy(['help', ...name.split(' ')]),
    ]);
    assert.deepEqual(asCommand, asFlag);
    assert.ok(asFlag.stdout.startsWith(`Usage:  hoy ${name}`));
  }
});

test('hoy without a command lists every command', async () => {
  const { stdout, stderr, exitCode } = await cli.hoy([]);
  const listed = await cli.hoy(['--help']);
  assert.deepEqual({ stdout, exitCode }, { stdout: '', exitCode: 0 });
  assert.equal(stderr, listed.stdout);
  const atTop = COMMANDS.flatMap((entry) => entry.names.filter((name) => !name.includes(' ')));
  for (const name of [...atTop, ...Object.keys(GROUPS)])
    assert.match(listed.stdout, new RegExp(`^  ${name} +\\S`, 'm'));
});

test('hoy --version names the program, its version and its commit', async () => {
  const { stdout } = await cli.hoy(['--version']);
  assert.match(stdout, /^Hoy version \S+, build \S+\n$/);
});
