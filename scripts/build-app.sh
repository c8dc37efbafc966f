#!/usr/bin/env bash
# Builds the browser app into dist/, if anything it is made of has changed since.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO"

up_to_date() {
  [ -f dist/index.html ] || return 1
  [ -z "$(find Cargo.toml Cargo.lock Trunk.toml index.html src style public locales crates/protocol scripts/precompress.sh scripts/finish-app.mjs \
    -newer dist/index.html -print -quit 2>/dev/null)" ]
}

if up_to_date; then exit 0; fi
# Trunk reads NO_COLOR as a setting of its own and stumbles over its value.
env -u NO_COLOR trunk build
