# SPDX-License-Identifier: Apache-2.0
# Sourced with $root set: sets $node, and does the set-up first when something of it is missing or older than its
# source. Starts no process when all is there. A clone is looked at by the times of its directories, which change when
# git or an editor replaces a file; after an edit in place, `npm run build` makes the bundles anew.

hoy_find_node() {
  for node in "$root"/node_modules/node-linux-*/bin/node "$root"/../node-linux-*/bin/node; do
    [ -x "$node" ] && return 0
  done
  return 1
}

hoy_is_ready() {
  [ -e "$root/dist/ready" ] && hoy_find_node || return 1
  [ -e "$root/.git" ] || return 0
  for source in "$root/package-lock.json" "$root/native" "$root/scripts" "$root"/src/* "$root"/src/*/*/; do
    [ "$source" -nt "$root/dist/ready" ] && return 1
  done
  return 0
}

if ! hoy_is_ready; then
  sh "$root/scripts/setup.sh" || exit 125
  hoy_find_node || { echo "hoy: there is no Node.js after the set-up, see $root/build/setup.log" >&2; exit 125; }
fi
