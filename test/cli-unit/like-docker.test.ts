// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cannedRoutes } from './canned.ts';
import { type FakeEngine, startFakeEngine } from './fake-engine.ts';
import { type BundledCli, bundleCli, docker, hasDocker, type Outcome } from './run-cli.ts';

/** Command lines that must print what Docker's own client prints for the same answers of an engine. */
const SAME: readonly string[][] = [
  ['ps'],
  ['ps', '-a', '--no-trunc'],
  ['ps', '-s'],
  ['ps', '-q'],
  ['ps', '--format', '{{.Names}}: {{.Platform}} {{json .Platform}}'],
  ['ps', '-aq', '--no-trunc'],
  ['ps', '-n', '3'],
  ['ps', '-l'],
  ['ps', '--format', 'json'],
  ['ps', '--format', '{{json .}}'],
  ['ps', '--format', 'raw'],
  ['ps', '--format', 'table'],
  ['ps', '--format', 'table {{.ID}}\\t{{.Names}}\\t{{.Label "com.example.some-label"}}\\t{{upper .State}}'],
  ['ps', '--format', '{{.Names}}: {{.Mounts}} {{.LocalVolumes}} {{.Networks}} {{.Size}} {{.CreatedAt}}'],
  ['ps', '--format', '{{.Nothing}}'],
  ['ps', '--format', '{{.ID'],
  ['ps', '--format', '{{nothing .ID}}'],
  ['ps', '--format', '{{range .ID}}x{{end}}'],
  ['ps', '-q', '--format', '{{.Names}}'],
  ['ps', '--filter', 'nothing'],
  ['container', 'ls', '-a'],
  ['container', 'list'],
  ['images'],
  ['image', 'ls', '--no-trunc'],
  ['images', '-q'],
  ['images', '--digests'],
  [
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}} {{.Size}} {{.VirtualSize}} {{.SharedSize}} {{.UniqueSize}} {{.Containers}}',
  ],
  ['images', '--format', 'json'],
  ['images', '--format', 'table {{.ID}}\\t{{.CreatedAt}}\\t{{.Digest}}'],
  ['images', '--format', 'raw'],
  ['history', 'busybox'],
  ['history', '--no-trunc', 'busybox'],
  ['history', '-q', 'busybox'],
  ['history', '-H=false', 'busybox'],
  ['history', '--format', '{{json .}}', 'busybox'],
  ['inspect', 'web'],
  ['inspect', '-f', 'json', 'web'],
  ['inspect', '--type', 'image', 'busybox:1.36'],
  ['inspect', '-s', 'busybox:1.36'],
  ['inspect', 'nobody', '--type', 'container'],
  ['container', 'inspect', 'web', 'nobody'],
  ['image', 'inspect', 'busybox:1.36', '-f', '{{.Os}}/{{.Architecture}} {{.Config.Labels}} {{json .Config.Cmd}}'],
  ['events'],
  ['events', '--format', 'json'],
  ['events', '--format', '{{.Time}} {{.TimeNano}} {{.Actor.Attributes.name}} {{.Status}}'],
  ['events', '--format', '{{.Nothing}}'],
  ['events', '--since', 'rubbish'],
  ['info', '-f', '{{.Driver}} {{.NCPU}} {{.MemTotal}} {{json .Plugins}} {{range .SecurityOptions}}[{{.}}]{{end}}'],
  ['info', '-f', '{{'],
  ['version', '-f', '{{.Server.Version}} {{.Server.APIVersion}} {{len .Server.Components}}'],
  ['version', '-f', '{{json .Server}}'],
  ['system', 'df'],
  ['system', 'df', '-v'],
  ['system', 'df', '--format', 'json'],
  ['system', 'df', '--format', '{{.Type}} {{.Reclaimable}}'],
  ['system', 'df', '-v', '--format', '{{range .Containers}}{{.ID}} {{.Size}}\n{{end}}'],
  ['stats', '--no-stream', 'web'],
  ['stats', '--no-stream', '--format', 'json', 'web'],
  ['stats', '--no-stream', '--no-trunc', 'web'],
  ['stats', '--no-stream', 'nobody'],
  ['top', 'web'],
  ['diff', 'web'],
  ['port', 'web'],
  ['port', 'web', '80'],
  ['port', 'web', '9/udp'],
  ['port', 'web', '443'],
  ['rmi', 'busybox', 'nobody'],
  ['rmi', '-f', 'nobody'],
  ['rm', 'web', 'nobody'],
  ['rm', '-f', 'nobody', 'web'],
  ['rm'],
  ['stop', 'web', 'nobody'],
  ['kill', '-s', 'HUP', 'web'],
  ['restart', '-t', '0', 'web'],
  ['pause', 'web'],
  ['unpause', 'web'],
  ['start', 'web', 'nobody'],
  ['start', '-a', 'web', 'nobody'],
  ['rename', 'web', 'other'],
  ['rename', 'nobody', 'other'],
  ['rename', 'web'],
  ['update', '-m', '1g', 'web'],
  ['update', 'web'],
  ['wait', 'web', 'nobody'],
  ['container', 'prune', '-f'],
  ['image', 'prune', '-af'],
  ['tag', 'busybox', 'Wrong'],
  ['tag', 'busybox', 'right:1'],
  ['frobnicate'],
  ['container', 'frobnicate'],
  ['ps', '--frobnicate'],
  ['ps', '-z'],
  ['ps', '-n', 'x'],
  ['ps', 'operand'],
  ['run'],
  ['run', '--frobnicate', 'busybox'],
  ['run', '-m', 'lots', 'busybox'],
  ['run', '-e', '=x', 'busybox'],
  ['run', '--pull', 'sometimes', 'busybox'],
  ['run', '--rm', '--restart', 'always', 'busybox'],
  ['run', '-d', '-a', 'stdout', 'busybox'],
  ['run', '-it', 'busybox'],
  ['run', '--mount', 'type=bind', 'busybox'],
  ['run', '-v', 'ab::c', 'busybox'],
  ['run', '-p', '99999:1', 'busybox'],
  ['run', '--ulimit', 'nofile=3:2', 'busybox'],
  ['run', '--sysctl', 'kernel.panic=1', 'busybox'],
  ['run', '--cpus', '1.2345678901', 'busybox'],
  ['run', '--health-interval', '5', 'busybox'],
  ['run', '--device', 'a:b:c:d', 'busybox'],
  ['run', '--env-file', '/nonexistent/file', 'busybox'],
  ['run', '--security-opt', 'rubbish', 'busybox'],
  ['run', '--no-healthcheck', '--health-cmd', 'x', 'busybox'],
  ['run', 'Upper/Case'],
  ['run', '--network', 'none', '--network-alias', 'x', 'busybox'],
  ['exec', 'web'],
  ['exec', 'nobody', 'true'],
  ['exec', '-it', 'web', 'sh'],
  ['logs', 'nobody'],
  ['attach', 'nobody'],
  ['help', 'frobnicate'],
];

let engine: FakeEngine;
let cli: BundledCli;

before(async () => {
  [engine, cli] = await Promise.all([startFakeEngine(cannedRoutes), bundleCli()]);
});

after(async () => {
  await engine[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

/** Their words with our name where the program speaks of itself. */
const renamed = ({ stdout, stderr, exitCode }: Outcome): Outcome => ({
  stdout,
  stderr: stderr.replace(/\bdocker(?=:| [a-z-]+|')/g, 'hoy'),
  exitCode,
});

for (const words of SAME) {
  test(`hoy ${words.join(' ')} does what docker does`, { skip: !hasDocker }, async () => {
    const env = { DOCKER_HOST: engine.host, DOCKER_CLI_HINTS: 'false' };
    const [ours, theirs] = await Promise.all([cli.hoy(words, { env }), docker(words, { env })]);
    assert.deepEqual(ours, renamed(theirs));
  });
}
