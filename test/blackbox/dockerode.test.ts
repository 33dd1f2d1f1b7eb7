// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { before, describe, test } from 'node:test';
import Docker from 'dockerode';
import { BUSYBOX, sharedDaemon } from '#test/support/daemon.ts';
import { projectRoot } from '#test/support/engine.ts';
import { readAll, splitFrames } from '#test/support/frames.ts';

const HOST = { NetworkMode: 'none' };

describe('dockerode', () => {
  const daemon = sharedDaemon();
  let docker: Docker;
  before(() => {
    docker = new Docker({ socketPath: daemon().places.socket });
  });

  const text = async (stream: NodeJS.ReadableStream) => (await readAll(stream as PassThrough)).toString();

  test('run streams the output and gives the exit code', async () => {
    const output = new PassThrough();
    const [outcome] = await docker.run(BUSYBOX, ['sh', '-c', 'echo hi; exit 3'], output, { HostConfig: HOST });
    assert.equal(outcome.StatusCode, 3);
    output.end();
    assert.match(await text(output), /hi/);
  });

  test('create, start, inspect, stop and remove', async () => {
    const container = await docker.createContainer({ Image: BUSYBOX, Cmd: ['sleep', '600'], HostConfig: HOST });
    await container.start();
    const inspected = await container.inspect();
    assert.equal(inspected.State.Running, true);
    await assert.rejects(container.start(), { statusCode: 304 });
    await container.stop({ t: 0 });
    assert.equal((await container.inspect()).State.ExitCode, 137);
    await container.remove();
    await assert.rejects(container.inspect(), { statusCode: 404 });
  });

  test('attach carries input and output over one hijacked connection', async () => {
    const options = { Image: BUSYBOX, Cmd: ['cat'], OpenStdin: true, StdinOnce: true, HostConfig: HOST };
    const container = await docker.createContainer(options);
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    const output = readAll(stream as unknown as PassThrough);
    await container.start();
    stream.end('over and back\n');
    assert.equal(splitFrames(await output).stdout.toString(), 'over and back\n');
    assert.equal((await container.wait()).StatusCode, 0);
  });

  test('exec returns output and exit code', async () => {
    const container = await docker.createContainer({ Image: BUSYBOX, Cmd: ['sleep', '600'], HostConfig: HOST });
    await container.start();
    const exec = await container.exec({
      Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 9'],
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({});
    const { stdout, stderr } = splitFrames(await readAll(stream as unknown as PassThrough));
    assert.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n']);
    assert.equal((await exec.inspect()).ExitCode, 9);
  });

  test('logs follow and end with the container', async () => {
    const command = ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done'];
    const container = await docker.createContainer({ Image: BUSYBOX, Cmd: command, HostConfig: HOST });
    await container.start();
    const stream = await container.logs({ follow: true, stdout: true, stderr: true });
    assert.equal(splitFrames(await readAll(stream as unknown as PassThrough)).stdout.toString(), '1\n2\n3\n');
  });

  test('stats without a stream is one object of real numbers', async () => {
    const container = await docker.createContainer({ Image: BUSYBOX, Cmd: ['sleep', '600'], HostConfig: HOST });
    await container.start();
    const stats = await container.stats({ stream: false });
    assert.ok(stats.memory_stats.usage > 0);
    assert.equal(stats.pids_stats?.current, 1);
    assert.ok(stats.cpu_stats.cpu_usage.total_usage > 0);
  });

  test('events arrive live', async () => {
    const events = await docker.getEvents({ filters: { type: ['container'], event: ['create'] } });
    const first = new Promise<string>((resolve) => events.once('data', (chunk) => resolve(String(chunk))));
    const { id } = await docker.createContainer({ Image: BUSYBOX, HostConfig: HOST });
    assert.equal(JSON.parse(await first).Actor.ID, id);
    (events as PassThrough).destroy();
  });

  test('an image is loaded, listed, tagged and removed', async () => {
    await text(await docker.loadImage(createReadStream(join(projectRoot, 'dist/busybox.tar'))));
    await docker.getImage(BUSYBOX).tag({ repo: 'dockerode/tagged', tag: 'v1' });
    const images = await docker.listImages({ filters: { reference: ['dockerode/tagged'] } });
    assert.equal(images.length, 1);
    await docker.getImage('dockerode/tagged:v1').remove();
    await assert.rejects(docker.getImage('dockerode/tagged:v1').inspect(), { statusCode: 404 });
  });

  test('info, version and ping answer', async () => {
    assert.equal((await docker.ping()).toString(), 'OK');
    assert.ok((await docker.version()).ApiVersion);
    assert.ok((await docker.info()).ID);
  });
});
