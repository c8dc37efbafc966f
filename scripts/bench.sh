#!/usr/bin/env bash
# Builds what is measured and hands over to bench/run.sh, with its arguments.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO"

[ -x bench/run.sh ] || die "bench/run.sh isn't there yet"
scripts/setup.sh bench
say "building the app for release (five minutes the first time)"
(hold_target && scripts/build-app.sh)
scripts/build-backend.sh

export ADMIT_ONE_DIST=$REPO/dist ADMIT_ONE_BIN=$BIN/release/admit-one
exec bench/run.sh "$@"
