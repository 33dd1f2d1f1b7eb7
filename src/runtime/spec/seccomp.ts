// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { OciSeccomp } from '#runtime/spec/oci.ts';
import { DEFAULT_SECCOMP_PROFILE } from '#runtime/spec/seccomp-default.ts';
import { parseSeccompProfile, type SeccompFilter, type SeccompProfile } from '#runtime/spec/seccomp-profile.ts';
import type { HostFacts } from '#runtime/types.ts';

type SeccompHost = Pick<HostFacts, 'seccompArchitectures' | 'kernel' | 'seccomp'>;

/** libseccomp's names of architectures, and Go's, which profiles use in their conditions. */
const GO_ARCHITECTURES: Record<string, string> = {
  SCMP_ARCH_X86_64: 'amd64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_AARCH64: 'arm64',
  SCMP_ARCH_ARM: 'arm',
  SCMP_ARCH_PPC64LE: 'ppc64le',
  SCMP_ARCH_S390X: 's390x',
  SCMP_ARCH_RISCV64: 'riscv64',
  SCMP_ARCH_LOONGARCH64: 'loongarch64',
};

/**
 * The filter of a container. `option` is what `--security-opt seccomp=` said: nothing or `builtin` for the default
 * profile (none if privileged), `unconfined` for none, else the JSON of a profile.
 */
export function containerSeccomp(
  option: string | undefined,
  privileged: boolean,
  capabilities: readonly string[],
  host: SeccompHost,
): OciSeccomp | undefined {
  if (option === 'unconfined') return undefined;
  const isDefault = option === undefined || option === '' || option === 'builtin';
  if (privileged && (option === undefined || option === '')) return undefined;
  if (host.seccomp === false) {
    if (isDefault) return undefined;
    throw invalidParameter('seccomp is not enabled in your kernel, cannot run a custom seccomp profile');
  }
  const profile = isDefault ? DEFAULT_SECCOMP_PROFILE : parseSeccompProfile(option);
  return profile && resolveProfile(profile, capabilities, host);
}

/** Takes the rules whose conditions hold for this container on this host. */
export function resolveProfile(
  profile: SeccompProfile,
  capabilities: readonly string[],
  host: SeccompHost,
): OciSeccomp {
  const { archMap, syscalls, architectures, ...common } = profile;
  const native = host.seccompArchitectures[0] ?? '';
  const mapped = archMap?.find((entry) => entry.architecture === native);
  const list = mapped ? [mapped.architecture, ...mapped.subArchitectures] : architectures;
  const holds = (filter: SeccompFilter, quantifier: 'every' | 'some'): boolean => {
    const conditions: boolean[] = [];
    if (filter.arches?.length) conditions.push(filter.arches.includes(GO_ARCHITECTURES[native] ?? ''));
    if (filter.caps?.length) conditions.push(filter.caps[quantifier]((name) => capabilities.includes(name)));
    if (filter.minKernel !== undefined) conditions.push(isKernelAtLeast(host.kernel, filter.minKernel));
    return conditions[quantifier](Boolean);
  };
  return {
    ...common,
    ...(list?.length ? { architectures: list } : {}),
    syscalls: syscalls
      .filter(({ includes = {}, excludes = {} }) => holds(includes, 'every') && !holds(excludes, 'some'))
      .map(({ includes: _includes, excludes: _excludes, ...rule }) => rule),
  };
}

function isKernelAtLeast(kernel: { major: number; minor: number }, minimum: string): boolean {
  const [major = 0, minor = 0] = minimum.split('.').map((part) => Number.parseInt(part, 10));
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
