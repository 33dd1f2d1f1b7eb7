# SPDX-License-Identifier: Apache-2.0
# Sourced in the project's root: does the set-up if it is missing, and puts the project's own Node.js and tools first.
root=$PWD
. scripts/ready.sh
PATH=${node%/*}:$root/node_modules/.bin:$PATH
export PATH
