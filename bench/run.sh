#!/bin/sh
# Measures Admit One beside its peers; docs/bench.md says what and how.
#   bench/run.sh [--quick] [--strict] [--only sizes,browser,backend] [--runs N]
# Expects node, npm, chromium, nginx, wrk and taskset on PATH, the app in dist/ and the backend built for release:
# ADMIT_ONE_DIST and ADMIT_ONE_BIN say where, if not in the usual places. `make bench` sees to all of it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")

for tool in node npm nginx wrk taskset; do
  command -v "$tool" >/dev/null 2>&1 || { echo "bench: $tool is missing; install it (Debian: apt-get install nodejs npm nginx-light wrk util-linux)" >&2; exit 1; }
done

# npm leaves a copy of the lock file in node_modules; ours is kept beside it to see whether anything changed.
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed-lock.json"; then
  echo "bench: installing the peers (npm ci in bench/, some seconds)" >&2
  (cd "$here" && npm ci --loglevel=error)
  cp "$here/package-lock.json" "$here/node_modules/.installed-lock.json"
fi

: "${ADMIT_ONE_DIST:=$root/dist}"
: "${ADMIT_ONE_BIN:=${CARGO_TARGET_DIR:-$root/target}/release/admit-one}"
export ADMIT_ONE_DIST ADMIT_ONE_BIN
exec node "$here/run.mjs" "$@"
