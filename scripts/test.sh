#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm test`: checks, unit tests, and, as root, the tests that start real engines and containers.
set -u
cd "$(dirname -- "$0")/.." || exit 1
. scripts/tools.sh
sh scripts/check.sh --no-unit || exit 1
exec node scripts/test.ts "$@"
