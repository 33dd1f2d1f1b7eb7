#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the native parts into OUTDIR: native/build.sh OUTDIR
# CC and CFLAGS may be set; without them a small static program comes out.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 OUTDIR" >&2; exit 2; }
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
flags="-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
optimize=${CFLAGS--static -O2 -fno-plt -ffunction-sections -Wl,--gc-sections -Wl,-z,noexecstack -s}

build() {
  program=$1
  shift
  # Beside and renamed: a program that is running can't be written over, and nobody sees half of one.
  # shellcheck disable=SC2086
  (cd "$source" && "${CC:-cc}" $flags $optimize -o "$out/.$program.$$" "$@")
  mv -f "$out/.$program.$$" "$out/$program"
}

build hoy-shim shim.c options.c watch.c memory.c json.c log.c rotate.c output.c input.c client.c detach.c control.c stdio.c runtime.c exit.c
build hoy-init init.c
