#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that is checked without starting an engine: format and lint, types, sizes, unused code, unit tests.
set -u
cd "$(dirname -- "$0")/.." || exit 1
. scripts/tools.sh

failed=
step() {
  name=$1
  shift
  echo "• $name"
  "$@" || { failed="$failed $name"; echo "✖ $name failed: $*" >&2; }
}

step format-and-lint biome check --error-on-warnings .
step types tsc
step sizes node scripts/check-size.ts
step unused-code knip --no-progress
[ "${1-}" = --no-unit ] || step unit node scripts/test.ts unit

[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
