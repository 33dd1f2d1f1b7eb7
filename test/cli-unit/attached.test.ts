// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeEngine, frame, type Routes, startFakeEngine } from './fake-engine.ts';
import { type BundledCli, bundleCli } from './run-cli.ts';

const ID = 'c0ffee'.padEnd(64, '0');

let cli: BundledCli;

before(async () => {
  cli = await bundleCli();
});

after(() => cli[Symbol.asyncDispose]());

/** An engine with one container: what it says is written when it is started, and then it ends with `exitCode`. */
function containerRoutes(run: (attached: Socket | undefined) => Promise<number> | number, extra: Routes = {}): Routes {
  let attached: Socket | undefined;
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  return {
    'POST /containers/create': { status: 201, body: { Id: ID, Warnings: [] } },
    [`POST /containers/${ID}/attach`]: {
      hijack: (socket) => {
        attached = socket;
      },
    },
    [`POST /containers/${ID}/wait`]: {
      stream: (response) => {
        response.flushHeaders();
        void ended.then((StatusCode) => response.end(JSON.stringify({ StatusCode })));
      },
    },
    [`POST /containers/${ID}/start`]: () => {
      void Promise.resolve(run(attached)).then((exitCode) => {
        attached?.end();
        resolve(exitCode);
      });
      return { status: 204 };
    },
    ...extra,
  };
}

const envOf = (engine: FakeEngine): Record<string, string> => ({ DOCKER_HOST: engine.host });

test('nothing is lost on either stream, however much its slow reader has left in the pipe at the end', async () => {
  const kilobyte = `${'x'.repeat(1023)}\n`;
  const received = async (slow: 'stdout' | 'stderr', kilobytes: number): Promise<number> => {
    const output = frame(slow === 'stdout' ? 1 : 2, kilobyte);
    const run = (socket?: Socket): number => {
      for (let i = 0; i < kilobytes; i++) socket?.write(output);
      return 0;
    };
    await using engine = await startFakeEngine(containerRoutes(run));
    const [program, bundle] = cli.command;
    const child = spawn(program, ['--', bundle, 'run', 'busybox', 'sh'], { env: envOf(engine) });
    child[slow === 'stdout' ? 'stderr' : 'stdout'].resume();
    const closed = once(child, 'close');
    let size = 0;
    child[slow].on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    child[slow].pause();
    await sleep(500);
    child[slow].resume();
    await closed;
    return size / 1024;
  };
  for (const slow of ['stdout', 'stderr'] as const) {
    const sizes = Array.from({ length: 20 }, (_, index) => 80 + 12 * index);
    assert.deepEqual(await Promise.all(sizes.map((size) => received(slow, size))), sizes, slow);
  }
});

test('run writes output and errors to their streams and ends with the exit code of the container', async () => {
  await using engine = await startFakeEngine(
    containerRoutes((socket) => {
      socket?.write(Buffer.concat([frame(1, 'out 1\n'), frame(2, 'err 1\n'), frame(1, 'out 2\n')]));
      return 42;
    }),
  );
  const outcome = await cli.hoy(['run', 'busybox', 'sh'], { env: envOf(engine) });
  assert.deepEqual(outcome, { stdout: 'out 1\nout 2\n', stderr: 'err 1\n', exitCode: 42 });
});

test('run waits and attaches before it starts, so that nothing is missed', async () => {
  await using engine = await startFakeEngine(containerRoutes(() => 0));
  await cli.hoy(['run', '--rm', 'busybox'], { env: envOf(engine) });
  const paths = engine.calls.map(({ path }) => path.split('/').at(-1));
  assert.equal(paths[0], 'create');
  assert.deepEqual(paths.slice(1, 3).sort(), ['attach', 'wait']);
  assert.equal(paths[3], 'start');
  assert.equal(engine.calls.find(({ path }) => path.endsWith('/wait'))?.query.get('condition'), 'removed');
});

test('output of many megabytes arrives whole', async () => {
  const line = `${'x'.repeat(9_999)}\n`;
  await using engine = await startFakeEngine(
    containerRoutes(async (socket) => {
      for (let count = 0; count < 2_000; count++) {
        if (socket && !socket.write(frame(1, line))) await once(socket, 'drain');
      }
      return 0;
    }),
  );
  const { stdout, exitCode } = await cli.hoy(['run', 'busybox'], { env: envOf(engine) });
  assert.equal(exitCode, 0);
  assert.equal(stdout.length, 20_000_000);
});

test('standard input goes to the container, and its end closes only that direction', async () => {
  await using engine = await startFakeEngine(
    containerRoutes(async (socket) => {
      let input = '';
      socket?.on('data', (chunk) => {
        input += String(chunk);
      });
      if (socket) await once(socket, 'end');
      socket?.write(frame(1, `got ${input}`));
      return 0;
    }),
  );
  const { stdout } = await cli.hoy(['run', '-i', 'busybox', 'cat'], { env: envOf(engine), input: 'hello\n' });
  assert.equal(stdout, 'got hello\n');
});

test('a container that cannot be started gives 127, 126 or 125 by the reason, and the words of the engine', async () => {
  const cases: [message: string, exitCode: number][] = [
    ['exec: "x": executable file not found in $PATH: unknown', 127],
    ['exec: "/x": stat /x: no such file or directory: unknown', 127],
    ['exec: "/etc": permission denied: unknown', 126],
    ['exec: "/etc": is a directory: unknown', 126],
    ['something else', 125],
  ];
  for (const [message, exitCode] of cases) {
    const start = { [`POST /containers/${ID}/start`]: { status: 400, body: { message } } };
    await using engine = await startFakeEngine(containerRoutes(() => 0, start));
    const outcome = await cli.hoy(['run', 'busybox', 'x'], { env: envOf(engine) });
    const stderr = `hoy: Error response from daemon: ${message}\n\nRun 'hoy run --help' for more information\n`;
    assert.deepEqual(outcome, { stdout: '', stderr, exitCode });
  }
});

test('an image that is not there and cannot be pulled is 125 with the words of the engine', async () => {
  await using engine = await startFakeEngine({
    'POST /containers/create': { status: 404, body: { message: 'No such image: nobody:latest' } },
  });
  const env = envOf(engine);
  const { stderr, exitCode } = await cli.hoy(['run', 'nobody'], { env });
  assert.equal(exitCode, 125);
  assert.match(stderr, /^Unable to find image 'nobody:latest' locally\nhoy: Error response from daemon: No such image/);
  const never = await cli.hoy(['run', '--pull', 'never', 'nobody'], { env });
  assert.match(never.stderr, /^hoy: Error response from daemon: No such image/);
});

test('run -d prints the ID and the warnings, and does not attach', async () => {
  const create = { 'POST /containers/create': { status: 201, body: { Id: ID, Warnings: ['take care'] } } };
  await using engine = await startFakeEngine(containerRoutes(() => 0, create));
  const outcome = await cli.hoy(['run', '-d', 'busybox'], { env: envOf(engine) });
  assert.deepEqual(outcome, { stdout: `${ID}\n`, stderr: 'WARNING: take care\n', exitCode: 0 });
  assert.deepEqual(
    engine.calls.map(({ path }) => path),
    ['/containers/create', `/containers/${ID}/start`],
  );
});

test('the ID file is written, refused when it is there, and removed when nothing was made', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hoy-cid-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'cid');
  await using engine = await startFakeEngine(containerRoutes(() => 0));
  const env = envOf(engine);
  await cli.hoy(['create', '--cidfile', file, 'busybox'], { env });
  assert.equal(readFileSync(file, 'utf8'), ID);
  const again = await cli.hoy(['run', '--cidfile', file, 'busybox'], { env });
  assert.match(again.stderr, /container ID file found, make sure the other container isn't running or delete/);
  assert.equal(again.exitCode, 125);
  const other = join(folder, 'other');
  await cli.hoy(['create', '--cidfile', other, '--pull', 'never', 'busybox'], {
    env: { DOCKER_HOST: 'unix:///nonexistent' },
  });
  assert.throws(() => readFileSync(other));
});

test('signals go on to the container, and its exit code is ours', async () => {
  const { promise: signalled, resolve } = Promise.withResolvers<string>();
  const kill: Routes = {
    [`POST /containers/${ID}/kill`]: ({ query }) => {
      resolve(query.get('signal') ?? '');
      return { status: 204 };
    },
  };
  await using engine = await startFakeEngine(
    containerRoutes(async (socket) => {
      socket?.write(frame(1, 'ready\n'));
      return (await signalled) === 'TERM' ? 143 : 1;
    }, kill),
  );
  const [program, bundle] = cli.command;
  const child = spawn(program, ['--', bundle, 'run', 'busybox'], {
    env: envOf(engine),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [exitCode] = await once(child, 'close');
  assert.equal(exitCode, 143);
});

test('run -it passes the bytes of a terminal as they are, tells its size, and detaches by keys', async () => {
  const { promise: typed, resolve } = Promise.withResolvers<void>();
  const sizes: string[] = [];
  await using engine = await startFakeEngine(
    containerRoutes(
      async (socket) => {
        socket?.write('line\n\r\x1b[1mbold');
        socket?.on('data', (chunk) => {
          if (String(chunk).includes('q')) resolve();
        });
        await typed;
        return 0;
      },
      {
        [`POST /containers/${ID}/resize`]: ({ query }) => {
          sizes.push(`${query.get('h')}x${query.get('w')}`);
          return { status: 200 };
        },
      },
    ),
  );
  const [program, bundle] = cli.command;
  const line = `stty rows 33 cols 101; ${program} -- ${bundle} run -it --detach-keys ctrl-a,d busybox; echo code $?`;
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, ...envOf(engine) } });
  let shown = '';
  terminal.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
    if (shown.endsWith('bold')) terminal.stdin.write('q');
    if (shown.endsWith('bold')) terminal.stdin.write('\x01d');
  });
  await once(terminal, 'close');
  assert.equal(shown, 'line\n\r\x1b[1mboldcode 0\r\n');
  assert.deepEqual(sizes, ['33x101']);
  const body = JSON.parse(engine.calls[0]?.body ?? '');
  assert.deepEqual([body.Tty, body.HostConfig.ConsoleSize], [true, [33, 101]]);
});

test('exec ends with the exit code of its process', async () => {
  await using engine = await startFakeEngine({
    'GET /containers/web/json': { body: { Id: ID, State: { Running: true }, Config: {}, HostConfig: {} } },
    'POST /containers/web/exec': { status: 201, body: { Id: 'e0' } },
    'POST /exec/e0/start': { hijack: (socket) => socket.end(frame(1, 'hi\n')) },
    'GET /exec/e0/json': { body: { Running: false, ExitCode: 3 } },
  });
  const outcome = await cli.hoy(['exec', 'web', 'sh', '-c', 'exit 3'], { env: envOf(engine) });
  assert.deepEqual(outcome, { stdout: 'hi\n', stderr: '', exitCode: 3 });
  const body = JSON.parse(engine.calls[1]?.body ?? '');
  assert.deepEqual(body.Cmd, ['sh', '-c', 'exit 3']);
});

test('logs are written to the streams they came from, or raw for a terminal', async () => {
  const inspect = (Tty: boolean) => ({ body: { Id: ID, Config: { Tty } } });
  await using engine = await startFakeEngine({
    'GET /containers/web/json': inspect(false),
    'GET /containers/tty/json': inspect(true),
    [`GET /containers/${ID}/logs`]: ({ query }) => ({
      stream: (response) =>
        response.end(query.get('tail') === '1' ? 'raw\r\n' : Buffer.concat([frame(2, 'e'), frame(1, 'o')])),
    }),
  });
  const env = envOf(engine);
  assert.deepEqual(await cli.hoy(['logs', 'web'], { env }), { stdout: 'o', stderr: 'e', exitCode: 0 });
  assert.equal((await cli.hoy(['logs', '-n', '1', 'tty'], { env })).stdout, 'raw\r\n');
});

test('start -a shows the output and ends with the exit code', async () => {
  const inspect = { 'GET /containers/web/json': { body: { Id: ID, State: {}, Config: {}, HostConfig: {} } } };
  await using engine = await startFakeEngine(
    containerRoutes((socket) => {
      socket?.write(frame(1, 'again\n'));
      return 5;
    }, inspect),
  );
  const outcome = await cli.hoy(['start', '-a', 'web'], { env: envOf(engine) });
  assert.deepEqual(outcome, { stdout: 'again\n', stderr: '', exitCode: 5 });
});

test('attach refuses a container that does not run', async () => {
  await using engine = await startFakeEngine({
    'GET /containers/web/json': { body: { Id: ID, State: { Running: false }, Config: {}, HostConfig: {} } },
  });
  const { stderr, exitCode } = await cli.hoy(['attach', 'web'], { env: envOf(engine) });
  assert.equal(stderr, 'You cannot attach to a stopped container, start it first\n');
  assert.equal(exitCode, 1);
});

test('save writes a whole file or none, and load sends it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hoy-save-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const archive = 'x'.repeat(3_000_000);
  await using engine = await startFakeEngine({
    'GET /images/get': ({ query }) => ({
      stream: (response) => {
        if (query.get('names') !== 'broken') response.end(archive);
        else response.write('part', () => response.destroy());
      },
    }),
    'POST /images/load': ({ body }) => ({ body: { stream: `Loaded ${body.length}\n` } }),
  });
  const env = envOf(engine);
  const file = join(folder, 'image.tar');
  assert.equal((await cli.hoy(['save', '-o', file, 'busybox'], { env })).exitCode, 0);
  assert.equal(readFileSync(file, 'utf8'), archive);
  assert.equal((await cli.hoy(['load', '-i', file], { env })).stdout, 'Loaded 3000000\n');
  assert.equal((await cli.hoy(['load'], { env, input: 'abc' })).stdout, 'Loaded 3\n');
  const broken = join(folder, 'broken.tar');
  assert.equal((await cli.hoy(['save', '-o', broken, 'broken'], { env })).exitCode, 1);
  assert.throws(() => readFileSync(broken));
  writeFileSync(broken, 'old');
  await cli.hoy(['save', '-o', broken, 'broken'], { env });
  assert.equal(readFileSync(broken, 'utf8'), 'old');
  const absent = await cli.hoy(['load', '-i', '/nonexistent/x'], { env });
  assert.equal(absent.stderr, 'open /nonexistent/x: no such file or directory\n');
});

test('no engine at a host that was named is an error that says what to do, and none is started', async () => {
  const outcome = await cli.hoy(['ps'], { env: { DOCKER_HOST: 'unix:///nonexistent/x.sock' } });
  assert.equal(outcome.exitCode, 1);
  assert.equal(outcome.stdout, '');
  assert.match(
    outcome.stderr,
    /^Cannot connect to the Docker daemon at unix:\/\/\/nonexistent\/x\.sock\. Is the docker daemon running\?\nStart the engine/,
  );
});

test('prune asks first, and anything but yes leaves all as it is', async () => {
  await using engine = await startFakeEngine({
    'POST /containers/prune': { body: { ContainersDeleted: ['a'], SpaceReclaimed: 1 } },
  });
  const env = envOf(engine);
  const refused = await cli.hoy(['container', 'prune'], { env, input: 'n\n' });
  assert.match(refused.stdout, /^WARNING! This will remove all stopped containers\.\n.*\[y\/N\] $/s);
  assert.equal(engine.calls.length, 0);
  const agreed = await cli.hoy(['container', 'prune'], { env, input: 'y\n' });
  assert.match(agreed.stdout, /Deleted Containers:\na\n\nTotal reclaimed space: 1B\n$/);
});
