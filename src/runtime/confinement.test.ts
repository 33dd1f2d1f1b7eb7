// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cgroupDirectory } from '#linux/cgroup.ts';
import { MNT_DETACH, mount, umount } from '#linux/mount.ts';
import { type ContainerRequest, testContainer, testHost } from '#runtime/test-container.ts';

/** What a container really can and can't do, asked inside of one, with every runtime of this host. */

const EPERM = 1;
const ENOSYS = 38;

const host = await testHost();
const probe = join(host.directory, 'probe');

before(() => {
  const source = new URL('./confinement-probe.c', import.meta.url).pathname;
  execFileSync('cc', ['-static', '-Wall', '-Wextra', '-O1', '-o', probe, source]);
});

after(() => host[Symbol.dispose]());

async function run(request: ContainerRequest): Promise<{ exitCode: number; output: string }> {
  await using container = testContainer(host, request);
  return container.run();
}

async function shell(runtime: string, script: string, request: Partial<ContainerRequest> = {}): Promise<string> {
  const { exitCode, output } = await run({ runtime, argv: ['/bin/sh', '-c', script], ...request });
  assert.equal(exitCode, 0, output);
  return output;
}

async function probeErrnos(runtime: string, request: Partial<ContainerRequest> = {}): Promise<Record<string, number>> {
  const { exitCode, output } = await run({ runtime, argv: ['/bin/probe'], programs: { probe }, ...request });
  assert.equal(exitCode, 0, output);
  return Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', errno]) => [name, Number(errno)]),
  );
}

const ALLOWED = [
  ...['socket_inet', 'socket_unix', 'personality_linux', 'chroot'],
  ...['mknod_disk', 'mknod_null', 'mknod_mem', 'open_null'],
];

/** The sixteen bits of Docker's fourteen capabilities. */
const DOCKER_CAPABILITIES = '00000000a80425fb';

const withoutLimits = ['memory', 'cpu', 'pids', 'cpuset'].every((name) => host.layout.controllers.has(name))
  ? false
  : 'this host lacks controllers';

const LIMITS: Record<1 | 2, [controller: string, file: string, value: string][]> = {
  1: [
    ['memory', 'memory.limit_in_bytes', `${64 << 20}`],
    ['memory', 'memory.memsw.limit_in_bytes', `${128 << 20}`],
    ['cpu', 'cpu.shares', '512'],
    ['cpu', 'cpu.cfs_quota_us', '50000'],
    ['pids', 'pids.max', '77'],
    ['cpuset', 'cpuset.cpus', '0'],
  ],
  2: [
    ['memory', 'memory.max', `${64 << 20}`],
    ['memory', 'memory.swap.max', `${64 << 20}`],
    ['cpu', 'cpu.max', '50000 100000'],
    ['pids', 'pids.max', '77'],
    ['cpuset', 'cpuset.cpus', '0'],
  ],
};

for (const runtime of host.runtimes.working.keys()) {
  test(`${runtime}: system calls that reach the host's kernel are refused, the usual ones are not`, async () => {
    const errnos = await probeErrnos(runtime);
    const { clone3, nosuchcall = 0, ...others } = errnos;
    assert.equal(clone3, ENOSYS, 'clone3 must look as if it did not exist');
    assert.ok([EPERM, ENOSYS].includes(nosuchcall), 'what the filter does not know is refused');
    for (const [name, errno] of Object.entries(others)) {
      assert.equal(errno, ALLOWED.includes(name) ? 0 : EPERM, name);
    }
    assert.ok(Object.keys(others).length > 40);
  });

  test(`${runtime}: capabilities, filter and privileges are Docker's`, async () => {
    const status = await shell(runtime, 'cat /proc/self/status');
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.equal(field(set), DOCKER_CAPABILITIES, set);
    for (const set of ['CapInh', 'CapAmb']) assert.equal(field(set), '0000000000000000', set);
    assert.equal(field('Seccomp'), '2');
    assert.equal(field('NoNewPrivs'), '0');
  });

  test(`${runtime}: a user other than root has no capabilities in force`, async () => {
    const output = await shell(runtime, 'id; grep Cap /proc/self/status', {
      input: { user: { uid: 1000, gid: 1001, additionalGids: [20, 1001], home: '/' } },
    });
    assert.match(output, /uid=1000 gid=1001 groups=.*20/);
    assert.match(output, /CapEff:\t0{16}/);
    assert.match(output, new RegExp(`CapBnd:\t${DOCKER_CAPABILITIES}`));
  });

  test(`${runtime}: kernel interfaces are hidden or read-only`, async () => {
    const script = `
      for path in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do [ -e $path ] && echo "$path $(wc -c < $path)"; done
      ls -A /sys/firmware /proc/scsi 2>/dev/null | grep -v : | grep .
      for path in /proc/sys/kernel/domainname /proc/sysrq-trigger /proc/sys/vm/swappiness /sys/kernel/profiling; do
        [ -e $path ] && (echo x > $path) 2>&1 | grep -v Read-only
      done
      mkdir /sys/fs/cgroup/escape /sys/fs/cgroup/memory/escape 2>&1 | grep -v -e Read-only -e 'No such file'
      true`;
    const lines = (await shell(runtime, script)).trim().split('\n');
    assert.ok(lines.length >= 3);
    for (const line of lines) assert.match(line, /^\/proc\/\w+ 0$/);
  });

  test(`${runtime}: only the standard descriptors are open`, async () => {
    const output = await shell(runtime, 'exec ls /proc/1/fd');
    // The fourth is the directory that ls itself reads.
    assert.deepEqual(
      output
        .trim()
        .split('\n')
        .filter((fd) => Number(fd) > 3),
      [],
    );
  });

  test(`${runtime}: a working directory that is a descriptor of the runtime does not lead out`, async () => {
    for (const fd of [3, 6, 7, 8, 9, 10]) {
      const { exitCode, output } = await run({
        runtime,
        argv: ['/bin/sh', '-c', 'pwd; ls ../../etc/shadow ../../../etc/shadow ../../../../etc/shadow 2>/dev/null'],
        input: { cwd: `/proc/self/fd/${fd}` },
      });
      assert.ok(exitCode !== 0 && !/shadow/.test(output.split('\n').slice(1).join('')), `${fd}: ${output}`);
    }
  });

  test(`${runtime}: links in the image do not turn masks and mounts to the host`, async () => {
    const canary = join(host.directory, `canary-${runtime}`);
    mkdirSync(canary);
    const { output } = await run({
      runtime,
      argv: ['/bin/true'],
      prepare: (rootfs) => {
        symlinkSync(canary, join(rootfs, 'dev'));
        symlinkSync(canary, join(rootfs, 'sys'));
      },
    });
    assert.equal(existsSync(join(canary, 'pts')), false, output);
    assert.equal(existsSync(join(canary, 'null')), false, output);
  });

  test(`${runtime}: limits, parameters and identity are what was asked for`, async () => {
    const script = `
      ulimit -n; ulimit -Hn; ulimit -c
      cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax
      hostname; cat /proc/sys/kernel/domainname /proc/self/oom_score_adj
      df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2`;
    const output = await shell(runtime, script, {
      config: { domainname: 'example.org' },
      hostConfig: {
        ulimits: [
          { name: 'nofile', soft: 100, hard: 200 },
          { name: 'core', soft: -1, hard: -1 },
        ],
        sysctls: { 'net.core.somaxconn': '77', 'kernel.msgmax': '4321' },
        oomScoreAdj: 321,
        shmSizeBytes: 1 << 20,
      },
    });
    const expected = ['100', '200', 'unlimited', '0', '77', '4321', 'probe', 'example.org', '321', '1024'];
    assert.deepEqual(output.trim().split('\n'), expected);
  });

  test(`${runtime}: control groups hold the limits`, { skip: withoutLimits }, async () => {
    await using container = testContainer(host, {
      runtime,
      argv: ['/bin/true'],
      hostConfig: { memoryBytes: 64 << 20, cpuShares: 512, nanoCpus: 5e8, pidsLimit: 77, cpusetCpus: '0' },
    });
    const created = container.runtimeCall('create', '--bundle', container.bundle, container.id);
    assert.equal(created.exitCode, 0, created.output);
    for (const [controller, file, value] of LIMITS[host.layout.version]) {
      const directory = cgroupDirectory(host.layout, controller, container.cgroupsPath) ?? '';
      assert.equal(readFileSync(join(directory, file), 'utf8').trim(), value, file);
    }
  });

  test(`${runtime}: devices are denied unless they were given`, async () => {
    const script =
      'ls -l /dev/given; dd if=/dev/given of=/dev/null bs=1 count=1 2>&1 | head -1; mknod /tmp/k c 1 11; cat /tmp/k 2>&1';
    const output = await run({
      runtime,
      argv: ['/bin/sh', '-c', script],
      hostConfig: { devices: [{ pathOnHost: '/dev/zero', pathInContainer: '/dev/given', cgroupPermissions: 'r' }] },
    });
    assert.match(output.output, /crw.*1,\s+5.*\/dev\/given/);
    assert.match(output.output, /1\+0 records in/);
    assert.match(output.output, /\/tmp\/k.*(Operation not permitted|Permission denied)/);
  });

  test(`${runtime}: mounts are made as asked for, read-only ones all the way down`, async () => {
    const source = join(host.directory, `bind-${runtime}`);
    mkdirSync(source);
    writeFileSync(join(source, 'hosts'), '1.2.3.4 me\n');
    mkdirSync(join(source, 'inner'));
    mount('tmpfs', join(source, 'inner'), 'tmpfs', 0, null);
    using _inner = { [Symbol.dispose]: () => umount(join(source, 'inner'), MNT_DETACH) };
    const bind = {
      type: 'bind',
      readOnly: false,
      propagation: 'rprivate',
      nonRecursive: false,
      form: 'mount',
    } as const;
    const plain = { ...bind, createSource: false, readOnlyNonRecursive: false, readOnlyForceRecursive: false };
    const output = await shell(
      runtime,
      'cat /etc/hosts; touch /rw/made; touch /ro/made /ro/inner/x /tmp/file 2>&1; grep " /tmp/t " /proc/mounts; touch /root/x 2>&1; touch /dev/shm/x && echo shm',
      {
        hostConfig: {
          readonlyRootfs: true,
          mounts: [
            { ...plain, source, target: '/rw' },
            { ...plain, source, target: '/ro', readOnly: true },
            { ...plain, source: join(source, 'hosts'), target: '/tmp/file', readOnly: true },
            { type: 'tmpfs', target: '/tmp/t', options: ['exec'], sizeBytes: 65_536, mode: 0o700, form: 'mount' },
          ],
        },
        input: { files: [{ source: join(source, 'hosts'), target: '/etc/hosts' }] },
      },
    );
    assert.match(output, /1\.2\.3\.4 me/);
    assert.ok(existsSync(join(source, 'made')));
    assert.match(output, /\/ro\/made: Read-only file system/);
    assert.match(output, /\/ro\/inner\/x: Read-only file system/);
    assert.match(output, /\/tmp\/file: Read-only file system/);
    assert.match(output, /tmpfs \/tmp\/t tmpfs rw,nosuid,nodev,relatime,size=64k,mode=700/);
    assert.match(output, /\/root\/x: Read-only file system/);
    assert.match(output, /shm/);
  });

  test(`${runtime}: --privileged opens what it must`, async () => {
    const output = await shell(
      runtime,
      'grep -E "Seccomp:|CapEff" /proc/self/status; mount -t tmpfs none /tmp && echo mounted; [ -w /sys/kernel/profiling ] && echo sysfs; ls /dev | wc -l',
      { hostConfig: { privileged: true } },
    );
    assert.match(output, /Seccomp:\t0/);
    assert.match(output, /mounted\n/);
    const all = (1n << 41n) - 1n;
    const effective = BigInt(`0x${/CapEff:\t(\w+)/.exec(output)?.[1]}`);
    assert.equal(
      effective & all & ~BigInt(`0x${/CapBnd:\s*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`),
      0n,
    );
    assert.ok(effective > 0xa80425fbn);
  });

  test(`${runtime}: security options are heeded`, async () => {
    const grep = 'grep -E "NoNewPrivs|Seccomp:" /proc/self/status; ls -A /proc/kcore; wc -c < /proc/timer_list';
    const open = await shell(runtime, grep, {
      hostConfig: { securityOpt: ['no-new-privileges', 'seccomp=unconfined', 'systempaths=unconfined'] },
    });
    assert.match(open, /NoNewPrivs:\t1\n/);
    assert.match(open, /Seccomp:\t0/);
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
    });
    const custom = await shell(runtime, 'mkdir /tmp/x 2>&1; true', {
      hostConfig: { securityOpt: [`seccomp=${profile}`] },
    });
    assert.match(custom, /Permission denied/);
  });

  test(`${runtime}: capabilities are added and dropped`, async () => {
    const dropped = await shell(runtime, 'grep CapEff /proc/self/status', {
      hostConfig: { capDrop: ['ALL'], capAdd: ['net_admin'] },
    });
    assert.match(dropped, /CapEff:\t0000000000001000/);
    const errnos = await probeErrnos(runtime, { hostConfig: { capAdd: ['SYS_ADMIN', 'CAP_SYS_PTRACE'] } });
    assert.deepEqual([errnos.sethostname, errnos.unshare_mount, errnos.kcmp, errnos.socket_alg], [0, 0, 0, EPERM]);
  });
}
