// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { expectStatus, sharedDaemon } from '#test/support/daemon.ts';

describe('what a container may do by default', () => {
  const daemon = sharedDaemon();
  const output = async (command: string, config: object = {}) => {
    const id = await daemon().runShell(command, config);
    await daemon().wait(id);
    const { stdout, stderr } = await daemon().docker(['logs', id]);
    return (stdout + stderr).trimEnd();
  };

  test('it has Docker’s 14 capabilities, a seccomp filter, and no ambient capabilities', async () => {
    const status = await output('cat /proc/self/status');
    assert.match(status, /^CapBnd:\t00000000a80425fb$/m);
    assert.match(status, /^CapEff:\t00000000a80425fb$/m);
    assert.match(status, /^CapAmb:\t0000000000000000$/m);
    assert.match(status, /^Seccomp:\t2$/m);
  });

  test('a user other than root has no capabilities in effect', async () => {
    assert.match(await output('grep CapEff /proc/self/status', { User: '1000' }), /0000000000000000$/);
  });

  test('kernel files are masked or read-only', async () => {
    for (const path of ['/proc/kcore', '/proc/keys', '/proc/timer_list']) {
      assert.equal(await output(`[ -e ${path} ] && head -c 1 ${path} | wc -c || echo 0`), '0', path);
    }
    for (const path of ['/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity']) {
      assert.match(
        await output(`echo x > ${path}`),
        /Read-only file system|Permission denied|nonexistent directory/,
        path,
      );
    }
    assert.match(
      await output('touch /sys/x; cd /sys/fs/cgroup; cd memory 2>/dev/null; mkdir x'),
      /Read-only file system.*Read-only file system/s,
    );
    assert.equal(await output('ls -A /sys/firmware | wc -l'), '0');
  });

  test('it sees only the usual devices, and cannot use others that it makes', async () => {
    const devices = (await output('ls /dev')).split('\n');
    const usual = ['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout'];
    // Some runtimes add /dev/core, a link to the masked /proc/kcore.
    assert.deepEqual(
      devices.filter((name) => name !== 'core'),
      [...usual, 'tty', 'urandom', 'zero'],
    );
    assert.match(await output('mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem'), /Operation not permitted/);
  });

  test('what seccomp forbids is refused', async () => {
    assert.match(await output('unshare -m true'), /Operation not permitted/);
    assert.match(
      await output('mount -t tmpfs x /mnt 2>&1 || mount -t tmpfs x /tmp'),
      /permission denied|not permitted/i,
    );
  });

  test('nothing of the engine is open in it, and a working directory in /proc/self/fd goes nowhere', async () => {
    assert.deepEqual(
      (await output('ls /proc/1/fd; true')).split('\n').filter((fd) => Number(fd) > 2 && Number(fd) !== 10),
      [],
    );
    for (let fd = 3; fd < 20; fd += 1) {
      const id = await daemon().create({ Cmd: ['cat', '../../../../etc/hostname'], WorkingDir: `/proc/self/fd/${fd}` });
      const answer = await daemon().api.post(`/containers/${id}/start`);
      if (answer.status === 204) {
        await daemon().wait(id);
        const { stdout } = await daemon().docker(['logs', id]);
        assert.notEqual(stdout.trim(), readFileSync('/etc/hostname', 'utf8').trim(), `descriptor ${fd}`);
      }
    }
  });

  test('a numeric user is never looked up as a name', async () => {
    const passwd = join(daemon().places.directory, 'passwd');
    writeFileSync(passwd, '1000:x:0:0::/:/bin/sh\n');
    const config = { User: '1000', HostConfig: { Binds: [`${passwd}:/etc/passwd:ro`] } };
    assert.equal(await output('id -u', config), '1000');
  });

  test('a symbolic link in the image leads nowhere outside', async () => {
    const secret = join(daemon().places.directory, 'secret');
    writeFileSync(secret, 'secret');
    const id = await daemon().runShell(`ln -s ${secret} /link; cat /link`);
    assert.equal(await daemon().wait(id), 1);
    const bound = { HostConfig: { Binds: [`${secret}:/etc/link/../hidden`] } };
    assert.equal(await output('cat /etc/hidden', bound), 'secret');
  });

  test('the files of a container are out of reach for others than root', () => {
    assert.equal(statSync(daemon().places.dataRoot).mode & 0o007, 0);
  });

  test('privileged has all that the engine has, and sees the devices', async () => {
    const config = { HostConfig: { Privileged: true } };
    assert.match(await output('grep Seccomp: /proc/self/status; ls /dev', config), /Seccomp:\t0\n[\s\S]*loop|vda|kmsg/);
  });

  test('options that loosen or tighten it are heeded', async () => {
    const securityOpt = (...options: string[]) => ({ HostConfig: { SecurityOpt: options } });
    assert.match(await output('grep NoNewPrivs /proc/self/status', securityOpt('no-new-privileges')), /1$/);
    assert.match(await output('grep Seccomp: /proc/self/status', securityOpt('seccomp=unconfined')), /0$/);
    const caps = { HostConfig: { CapDrop: ['ALL'], CapAdd: ['NET_BIND_SERVICE'] } };
    assert.match(await output('grep CapEff /proc/self/status', caps), /0000000000000400$/);
  });
});

describe('limits', () => {
  const daemon = sharedDaemon();

  test('memory, CPU and number of processes arrive in the control group', async () => {
    const HostConfig = { Memory: 64 << 20, MemorySwap: 64 << 20, NanoCpus: 5e8, PidsLimit: 33, CpuShares: 512 };
    const id = await daemon().runShell('sleep 600', { HostConfig });
    const groups = readFileSync(
      `/proc/${(await daemon().api.get(`/containers/${id}/json`)).json.State.Pid}/cgroup`,
      'utf8',
    );
    const path = (controller: string) =>
      new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(groups)?.[1];
    const isUnified = /^0::\/.*hoy/m.test(groups) && path('memory') === undefined;
    const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
    const read = (controller: string, v1: string, v2: string) => {
      const file = isUnified
        ? `/sys/fs/cgroup${unified}/${v2}`
        : `/sys/fs/cgroup/${controller}${path(controller)}/${v1}`;
      return readFileSync(file, 'utf8').trim();
    };
    assert.equal(read('memory', 'memory.limit_in_bytes', 'memory.max'), String(64 << 20));
    assert.equal(read('pids', 'pids.max', 'pids.max'), '33');
    assert.match(read('cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^50000/);
  });

  test('a container that takes more memory than it may is killed, and known to be', async () => {
    const HostConfig = { Memory: 16 << 20, MemorySwap: 16 << 20 };
    const id = await daemon().runShell('x=$(head -c 60000000 /dev/zero | tr "\\0" x); echo $x | wc -c', { HostConfig });
    assert.equal(await daemon().wait(id), 137);
    assert.equal((await daemon().api.get(`/containers/${id}/json`)).json.State.OOMKilled, true);
  });

  test('update changes them while it runs', async () => {
    const id = await daemon().runShell('sleep 600', { HostConfig: { PidsLimit: 20 } });
    expectStatus(await daemon().api.post(`/containers/${id}/update`, { PidsLimit: 44 }), 200);
    const stats = (await daemon().api.get(`/containers/${id}/stats?stream=0&one-shot=1`)).json;
    assert.equal(stats.pids_stats.limit, 44);
  });
});
