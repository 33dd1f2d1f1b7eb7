#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What only the tests need of the machine: the unmodified docker CLI, a second OCI runtime, other tools that must accept our images, and a
# Debian root file system to run.
set -eu
cd "$(dirname -- "$0")/.."

has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

missing() {
  has docker || echo docker.io
  has runc || echo runc
  has debootstrap || echo debootstrap
  has skopeo || echo skopeo
  has valgrind || echo valgrind
  has zstd || echo zstd
  has openssl || echo openssl
  has perl || echo perl
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
  echo "test set-up: installing Debian packages: $packages" >&2
  has apt-get || { echo "install them by hand: $packages" >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  # A docker.io that comes only for its CLI must not start its engine and change the machine's networks.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    policy_made=yes
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt-get install -y --no-install-recommends $packages >build/test-setup.log 2>&1 ||
    { apt-get update >>build/test-setup.log 2>&1 && apt-get install -y --no-install-recommends $packages >>build/test-setup.log 2>&1; } ||
    { tail -n 20 build/test-setup.log >&2; exit 1; }
fi

# A real distribution to run in containers: this machine's own release, made once.
rootfs=build/debian-rootfs.tar
if [ ! -e $rootfs ]; then
  . /etc/os-release
  echo "test set-up: making a root file system of $VERSION_CODENAME with debootstrap" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work" ${policy_made:+$policy}' EXIT
  debootstrap --variant=minbase "$VERSION_CODENAME" "$work/root" >build/debootstrap.log 2>&1 ||
    { tail -n 20 build/debootstrap.log >&2; exit 1; }
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
  tar -C "$work/root" --numeric-owner --xattrs -cf $rootfs.part .
  mv $rootfs.part $rootfs
fi
