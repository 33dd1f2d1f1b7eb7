// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CAPABILITIES } from '#runtime/spec/capabilities.ts';
import { FAKE_HOST } from '#runtime/spec/fake-probe.ts';
import type { OciSeccomp } from '#runtime/spec/oci.ts';
import { containerSeccomp } from '#runtime/spec/seccomp.ts';
import { DEFAULT_SECCOMP_PROFILE } from '#runtime/spec/seccomp-default.ts';
import { parseSeccompProfile } from '#runtime/spec/seccomp-profile.ts';
import type { HostFacts } from '#runtime/types.ts';

function filter(
  option?: string,
  capabilities: readonly string[] = DEFAULT_CAPABILITIES,
  host: Partial<HostFacts> = {},
): OciSeccomp {
  const found = containerSeccomp(option, false, capabilities, { ...FAKE_HOST, ...host });
  assert.ok(found);
  return found;
}

const allowed = (seccomp: OciSeccomp, name: string): boolean =>
  seccomp.syscalls.some(({ names, action, args }) => action === 'SCMP_ACT_ALLOW' && !args && names.includes(name));

test('what is not listed fails with EPERM on all architectures of the machine', () => {
  const seccomp = filter();
  assert.deepEqual([seccomp.defaultAction, seccomp.defaultErrnoRet], ['SCMP_ACT_ERRNO', 1]);
  assert.deepEqual(seccomp.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
});

/** One line per rule that a reviewer of the default profile would ask about. */
const DEFAULTS: [name: string, isAllowed: boolean, capabilities?: string[]][] = [
  ['read', true],
  ['openat2', true],
  ['ptrace', true],
  ['arch_prctl', true],
  ['chroot', true],
  ['mount', false],
  ['mount', true, ['CAP_SYS_ADMIN']],
  ['setns', false],
  ['keyctl', false],
  ['add_key', false],
  ['bpf', false],
  ['bpf', true, ['CAP_BPF']],
  ['io_uring_setup', false],
  ['userfaultfd', false],
  ['kexec_load', false],
  ['kexec_load', false, ['CAP_SYS_BOOT']],
  ['reboot', true, ['CAP_SYS_BOOT']],
  ['open_by_handle_at', false],
  ['open_by_handle_at', true, ['CAP_DAC_READ_SEARCH']],
  ['init_module', false],
  ['clone', false],
  ['clone', true, ['CAP_SYS_ADMIN']],
  ['chroot', false, []],
  ['cacheflush', false],
  ['s390_pci_mmio_read', false],
];

for (const [name, isAllowed, capabilities] of DEFAULTS) {
  const who = capabilities ? capabilities.join(' ') || 'no capability' : 'the default capabilities';
  test(`by default ${name} is ${isAllowed ? 'open' : 'closed'} with ${who}`, () => {
    assert.equal(allowed(filter(undefined, capabilities), name), isAllowed);
  });
}

test('sockets of AF_ALG and AF_VSOCK are in no rule', () => {
  const rules = filter().syscalls.filter(({ names }) => names.includes('socket'));
  const ranges = rules.map(({ args }) => args?.map(({ op, value }) => `${op} ${value}`).join());
  assert.deepEqual(ranges, ['SCMP_CMP_LT 38', 'SCMP_CMP_EQ 39', 'SCMP_CMP_GT 40']);
});

test('clone may set no namespace flag, and clone3 looks as if it did not exist', () => {
  const [clone] = filter().syscalls.filter(({ names, args }) => names.includes('clone') && args);
  assert.deepEqual(clone?.args, [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 2_114_060_288, valueTwo: 0 }]);
  const [clone3] = filter().syscalls.filter(({ names }) => names.includes('clone3'));
  assert.deepEqual([clone3?.action, clone3?.errnoRet], ['SCMP_ACT_ERRNO', 38]);
});

test('on arm64 its own calls are open and those of x86 are not', () => {
  const host = { seccompArchitectures: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] };
  const seccomp = filter(undefined, DEFAULT_CAPABILITIES, host);
  assert.deepEqual(seccomp.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  assert.deepEqual([allowed(seccomp, 'set_tls'), allowed(seccomp, 'arch_prctl')], [true, false]);
});

test('ptrace is closed on kernels where it gets around the filter', () => {
  const old = filter(undefined, DEFAULT_CAPABILITIES, { kernel: { major: 4, minor: 7 } });
  assert.equal(allowed(old, 'ptrace'), false);
});

test('every name is listed once among the calls open to all', () => {
  const [always] = DEFAULT_SECCOMP_PROFILE.syscalls;
  assert.ok(always && always.names.length > 350);
  assert.equal(new Set(always.names).size, always.names.length);
});

test('unconfined and privileged containers have no filter, but a profile of one’s own holds for both', () => {
  assert.equal(containerSeccomp('unconfined', false, [], FAKE_HOST), undefined);
  assert.equal(containerSeccomp(undefined, true, [], FAKE_HOST), undefined);
  assert.ok(containerSeccomp('{"defaultAction":"SCMP_ACT_ALLOW"}', true, [], FAKE_HOST));
  assert.ok(containerSeccomp('builtin', true, [], FAKE_HOST));
});

test('without seccomp in the kernel the default goes unsaid and a profile of one’s own is refused', () => {
  const host = { ...FAKE_HOST, seccomp: false };
  assert.equal(containerSeccomp(undefined, false, [], host), undefined);
  assert.throws(() => containerSeccomp('{"defaultAction":"SCMP_ACT_ALLOW"}', false, [], host), {
    message: 'seccomp is not enabled in your kernel, cannot run a custom seccomp profile',
  });
});

test('a profile keeps its rules, flags and 64-bit values', () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64'],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    comment: 'ignored',
    syscalls: [
      { name: 'mkdir', action: 'SCMP_ACT_ERRNO', errnoRet: 13, args: null, includes: {}, excludes: {} },
      { names: ['kill'], action: 'SCMP_ACT_ERRNO', includes: { caps: ['CAP_KILL', 'CAP_SYS_ADMIN'] } },
      { names: ['dup'], action: 'SCMP_ACT_ERRNO', excludes: { arches: ['amd64'] } },
    ],
  };
  const text = JSON.stringify(profile).replace(
    '"args":null',
    '"args":[{"index":1,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]',
  );
  const seccomp = filter(text);
  assert.equal(
    JSON.stringify(seccomp),
    '{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"],"architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13,"args":[{"index":1,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}',
  );
});

const BAD_PROFILES: [profile: string, message: RegExp][] = [
  ['{', /^Decoding seccomp profile failed: /],
  ['[]', /Decoding seccomp profile failed: profile must be an object/],
  ['{"defaultAction":1}', /defaultAction must be a string/],
  ['{"defaultAction":"x","syscalls":{}}', /syscalls must be a list/],
  ['{"defaultAction":"x","syscalls":[7]}', /syscalls must be an object/],
  ['{"defaultAction":"x","syscalls":[{"names":["a"],"name":"b"}]}', /^both 'name' and 'names' are specified/],
  ['{"defaultAction":"x","architectures":["a"],"archMap":[{}]}', /^both 'architectures' and 'archMap'/],
  ['{"defaultAction":"x","syscalls":[{"args":[{"value":-1}]}]}', /value must be a non-negative integer/],
  ['{"defaultAction":"x","syscalls":[{"args":[{"value":99999999999999999999999}]}]}', /unsigned 64-bit/],
  ['{"defaultAction":"x","syscalls":[{"includes":{"minKernel":"five"}}]}', /invalid kernel version/],
];

for (const [profile, message] of BAD_PROFILES) {
  test(`the profile ${profile} is refused`, () => {
    assert.throws(() => parseSeccompProfile(profile), { code: 'invalid-parameter', message });
  });
}

test('an empty profile switches filtering off', () => {
  assert.equal(parseSeccompProfile('{}'), undefined);
});
