#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a clone, or an installed package, ready to run: system packages, Node.js and the npm packages, the shim, the
# bundles, the built-in image. Says what it does on stderr; what it can't do, it says how to do by hand. A second call
# meanwhile waits for the first; a call when all is there changes nothing.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
log=$root/build/setup.log

say() { echo "hoy set-up: $*" >&2; }

fail() {
  say "$1"
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 1
}

# Runs a command with its output in the log; shows the end of it when the command fails.
run() {
  echo "\$ $*" >>"$log"
  "$@" >>"$log" 2>&1 </dev/null && return 0
  echo "hoy set-up: this failed: $* (everything it said is in $log)" >&2
  tail -n 15 "$log" >&2
  return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Debian's and Ubuntu's names of what is missing on this machine.
missing_packages() {
  PATH=$PATH:/usr/sbin:/sbin
  has cc && [ -e /usr/include/stdio.h ] || echo gcc libc6-dev
  has crun || has runc || echo crun
  has nft || echo nftables
  has xz || echo xz-utils
  has ps || echo procps
  hoy_has_packages || has npm || echo npm
}

hoy_has_packages() {
  for node in "$root"/node_modules/node-linux-*/bin/node "$root"/../node-linux-*/bin/node; do
    [ -x "$node" ] || continue
    [ ! -e "$root/package-lock.json" ] && return 0
    [ -e "$root/node_modules/.package-lock.json" ] || continue
    [ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ] || return 0
  done
  return 1
}

install_system_packages() {
  packages=$(missing_packages | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  if ! has apt-get || [ "$(id -u)" != 0 ]; then
    fail "these Debian packages, or what your distribution calls them, are missing: $packages" \
      "install them, for example with:  sudo apt-get install $packages" "and then run this command again"
  fi
  say "installing Debian packages: $packages"
  export DEBIAN_FRONTEND=noninteractive
  apt_install $packages || {
    # Older releases have no crun; runc does the same, a little slower.
    packages=$(echo "$packages" | sed 's/crun/runc/')
    apt_install $packages || fail "the packages could not be installed; try:  apt-get install $packages"
  }
}

apt_install() {
  run apt-get install -y --no-install-recommends "$@" 2>/dev/null && return 0
  run apt-get update && run apt-get install -y --no-install-recommends "$@"
}

# Node.js itself is one of the npm packages, so any npm will do, however old the system's Node.js is. It is fetched first,
# and runs npm for the rest: under an old Node.js npm leaves out optional packages that need a newer one. All are fetched
# beside and swapped in, so that an engine that runs meanwhile finds the old ones or the new ones, never half of them.
install_npm_packages() {
  hoy_has_packages && return 0
  [ -e "$root/package-lock.json" ] || fail "there is no Node.js beside this package" "run:  npm install --include=optional hoy"
  say "fetching Node.js 26 and the npm packages"
  new=$root/build/npm
  rm -rf "$new"
  fetch_npm_packages "$new/first" "$PATH" --omit=dev
  find_node "$new/first"
  fetch_npm_packages "$new" "${node%/*}:$PATH"
  [ ! -e "$root/node_modules" ] || mv -- "$root/node_modules" "$new/old"
  mv -- "$new/node_modules" "$root/node_modules"
  touch "$root/node_modules/.package-lock.json"
  rm -rf "$new"
}

# Arguments: into which directory, the PATH of npm, more options of npm.
fetch_npm_packages() {
  directory=$1 path=$2
  shift 2
  mkdir -p "$directory"
  cp -- "$root/package.json" "$root/package-lock.json" "$directory/"
  (PATH=$path && cd "$directory" && run npm ci --ignore-scripts --no-audit --no-fund "$@") ||
    fail "npm could not fetch the packages" "is the npm registry reachable?  try:  cd $root && npm ci"
}

# Sets $node to the one that was fetched into a directory.
find_node() {
  for node in "$1"/node_modules/node-linux-*/bin/node "$1"/../node-linux-*/bin/node; do
    [ -x "$node" ] && return 0
  done
  fail "there is no Node.js for this machine ($(uname -m)) among the npm packages"
}

build_shim() {
  say "compiling the shim"
  run sh "$root/native/build.sh" "$root/dist" || fail "the shim could not be compiled" "it needs a C compiler and the C library's headers"
}

build_bundles() {
  [ -d "$root/src" ] || return 0
  say "bundling"
  run "$node" "$root/scripts/bundle.ts" || fail "the sources could not be bundled"
}

# The static busybox of Debian's package, taken out of it without installing it (it would displace the package busybox).
find_busybox() {
  busybox=$root/build/busybox
  [ -x "$busybox" ] && return 0
  if dpkg -s busybox-static >/dev/null 2>&1; then
    cp -p -- "$(dpkg -L busybox-static | grep '/bin/busybox$')" "$busybox"
    return 0
  fi
  has apt-get || fail "the built-in image needs a static busybox" "copy one to $busybox and run this command again"
  say "fetching Debian's busybox-static for the built-in image"
  rm -rf "$root/build/deb"
  mkdir -p "$root/build/deb"
  (
    cd "$root/build/deb"
    run apt-get download busybox-static 2>/dev/null || { run apt-get update && run apt-get download busybox-static; }
    run dpkg-deb -x busybox-static_*.deb .
  ) || fail "busybox-static could not be fetched" "copy a static busybox to $busybox and run this command again"
  cp -p -- "$(find "$root/build/deb" -name busybox -type f -path '*bin/*' | head -n 1)" "$busybox"
  rm -rf "$root/build/deb"
}

build_image() {
  [ -d "$root/src" ] || return 0
  find_busybox
  say "building the image hoy/busybox"
  run "$node" "$root/scripts/busybox-image.ts" "$busybox" "$root/dist/busybox.tar" || fail "the built-in image could not be built"
}

main() {
  mkdir -p "$root/build" "$root/dist" 2>/dev/null && [ -w "$root/dist" ] && [ -w "$root/build" ] ||
    fail "$root has to be set up by somebody who may write to it" "run once as that user, or root:  $root/scripts/setup.sh"
  exec 9>"$root/build/setup.lock"
  flock -n 9 || { say "waiting for another set-up"; flock 9; }
  : >"$log"
  install_system_packages
  install_npm_packages
  find_node "$root"
  build_shim
  build_bundles
  build_image
  : >"$root/dist/ready"
}

main
