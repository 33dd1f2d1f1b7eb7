// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ATTACH_ALL, buildNative, demultiplex, Lab, NATIVE, readAll, readUntil, shimPid } from './lab.ts';

const directory = mkdtempSync(join(tmpdir(), 'hoy-native-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Whether a 64-bit ELF program has a segment that names an interpreter. */
function needsLoader(program: Buffer): boolean {
  const table = Number(program.readBigUInt64LE(32));
  const count = program.readUInt16LE(56);
  return Array.from({ length: count }, (_, i) => program.readUInt32LE(table + i * program.readUInt16LE(54))).includes(
    3,
  );
}

test('the native programs build without a warning, static and small', () => {
  const built = spawnSync(join(NATIVE, 'build.sh'), [join(directory, 'plain')], { encoding: 'utf8' });
  assert.deepEqual([built.status, built.stdout, built.stderr], [0, '', '']);
  for (const name of ['hoy-shim', 'hoy-init']) {
    const path = join(directory, 'plain', name);
    assert.ok(statSync(path).size < 1 << 20, `${name} is ${statSync(path).size} bytes`);
    assert.ok(!needsLoader(readFileSync(path)), `${name} is not static`);
  }
});

test('the shim refuses command lines that make no sense', () => {
  const shim = buildNative(join(directory, 'plain'));
  const complete = ['--id', 'x', '--dir', '/tmp', '--runtime', '/bin/true', '--root', '/tmp'];
  for (const args of [
    [],
    ['--unknown'],
    complete,
    [...complete, '--bundle', 'a', '--exec', 'b'],
    [...complete, '--bundle', 'a', '--stdin', 'perhaps'],
    [...complete, '--bundle', 'a', '--size', '20'],
    [...complete, '--bundle', 'a', '--log-max-size', '-1'],
    [...complete, '--bundle', 'a', '--log-max-files', '0'],
    [...complete, '--bundle', 'a', 'stray'],
  ]) {
    assert.equal(spawnSync(shim, args).status, 64, args.join(' '));
  }
  assert.equal(spawnSync(shim, [...complete, '--dir', '/nonexistent', '--bundle', 'a']).status, 65);
});

/** One of everything that a shim does. */
async function exercise(lab: Lab): Promise<void> {
  const log = { driver: 'json-file', path: lab.logPath('all'), maxSizeBytes: 50_000, maxFiles: 3 } as const;
  const script = 'cat; seq 1 3000; printf "\\377<\\342\\200\\250%020000d" 7 >&2; exit 3';
  const { id, shim } = await lab.run(['sh', '-c', script], {
    id: 'all',
    stdin: 'once',
    log,
    oomFiles: ['/proc/self/stat'],
  });
  const client = await shim.open({ ...ATTACH_ALL, multiplexed: true, head: Buffer.from('head ') });
  const output = readAll(client);
  const exec = await lab.exec(id, ['sh', '-c', 'stty size; read x; echo $x'], {
    tty: true,
    stdin: 'open',
    consoleSize: [9, 9],
  });
  const terminal = await exec.open({ ...ATTACH_ALL, detachKeys: Uint8Array.of(1, 2) });
  await exec.resize({ rows: 10, columns: 20 });
  terminal.write(Uint8Array.of(97, 1, 98, 10));
  await readUntil(terminal, 'b\r\n');
  terminal.destroy();
  await exec.exited;
  await exec.release();
  await shim.reopenLog();
  client.end(Buffer.alloc(300_000, 'x'));
  const streams = demultiplex(await output);
  assert.ok(streams[1]?.startsWith('head xxx') && streams[1].endsWith('\n3000\n'));
  assert.equal((await shim.exited).exitCode, 3);
  await shim.release();
  const direct = await lab.run(['sh', '-c', 'read x; head -c 3000000 /dev/zero'], {
    stdin: 'open',
    log: { driver: 'none' },
  });
  const only = await direct.shim.open({ ...ATTACH_ALL, head: Buffer.from('\n') });
  assert.equal((await readAll(only)).length, 3_000_000);
  await direct.shim.release();
  await assert.rejects(lab.run(['/no/such']), { exitCode: 127 });
}

const SANITIZE = '-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer';

test('the address and undefined behaviour sanitizers have nothing to say about a full day of work', async () => {
  await using lab = new Lab({ flags: SANITIZE });
  const log = join(lab.directory, 'sanitizer');
  const options = `log_path=${log}:detect_leaks=0:abort_on_error=0`;
  lab.wrap(`ASAN_OPTIONS=${options} UBSAN_OPTIONS=${options}`);
  await exercise(lab);
  await sleep(200);
  const complaints = readdirSync(lab.directory).filter((name) => name.startsWith('sanitizer'));
  assert.deepEqual(
    complaints.map((name) => readFileSync(join(lab.directory, name), 'utf8')),
    [],
  );
});

test('valgrind has nothing to say either', {
  skip: spawnSync('valgrind', ['--version']).error !== undefined,
}, async () => {
  await using lab = new Lab({ flags: '-O1 -g' });
  const log = join(lab.directory, 'valgrind.%p');
  lab.wrap(`valgrind -q --error-exitcode=99 --log-file=${log}`);
  await exercise(lab);
  await sleep(500);
  const logs = readdirSync(lab.directory).filter((name) => name.startsWith('valgrind.'));
  assert.ok(logs.length >= 3, 'valgrind did not run');
  assert.deepEqual(logs.map((name) => readFileSync(join(lab.directory, name), 'utf8')).join(''), '');
});

/** Kilobytes of the process that are its alone, or its share of those that it has in common with others. */
function proportionalKb(pid: number): number {
  return Number(/^Pss:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
}

test('an idle shim costs little memory, also after a lot of output', async () => {
  await using lab = new Lab();
  const running = [];
  for (let i = 0; i < 10; i++) running.push(await lab.run(['sh', '-c', 'seq 1 100000; sleep 100'], { stdin: 'open' }));
  for (const { id } of running) await lab.waitForLog(id, '100000\n');
  await sleep(1500);
  const sizes = running.map(({ id }) => proportionalKb(shimPid(id)));
  assert.ok(Math.max(...sizes) < 250, `${sizes} kB`);
  for (const { id, shim } of running) {
    await lab.remove(id);
    await shim.exited;
    await shim.release();
  }
});

test('an idle shim does not wake up', async () => {
  await using lab = new Lab();
  const { id, shim } = await lab.run(['sh', '-c', 'echo a; sleep 100']);
  const switches = (): string =>
    /voluntary_ctxt_switches:\s*\d+/.exec(readFileSync(`/proc/${shimPid(id)}/status`, 'utf8'))?.[0] ?? '';
  await sleep(1500);
  const before = switches();
  await sleep(1500);
  assert.equal(switches(), before);
  await lab.remove(id);
  await shim.exited;
  await shim.release();
});
