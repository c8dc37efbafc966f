#!/usr/bin/env bash
# Where things are, for every script here: `. scripts/env.sh`. It changes nothing but the environment.
# shellcheck disable=SC2034  # the versions are read by the scripts that source this

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Outside the checkout, so that a second clone finds the tools, and the crates compiled, already.
CACHE=${ADMIT_ONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/admit-one}
STAMPS=$CACHE/stamps
BIN=$REPO/target/bin
mkdir -p "$STAMPS"

# One target directory for all clones saves the minutes of compiling dependencies. Cargo tells our own crates in two clones apart
# only by time stamps, so `hold_target` (below) forgets ours when the clone changes, and lets one clone in at a time;
# binaries are copied to ./target/bin before they are run.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}

TRUNK_VERSION=0.21.14
WASM_PACK_VERSION=0.15.1
CARGO_DENY_VERSION=0.20.2
NODE_MAJOR=20 # at least
NODE_VERSION=22.23.3 # where there is none

# The bindings' generator must be of the version that the lock file has.
locked_version() {
  sed -n "/^name = \"$1\"\$/{n;s/^version = \"\\(.*\\)\"\$/\\1/p;q;}" "$REPO/Cargo.lock" 2>/dev/null
}
WASM_BINDGEN_VERSION=$(locked_version wasm-bindgen)

tool_root() { printf '%s/tools/%s-%s' "$CACHE" "$1" "$2"; }

for tool in "trunk $TRUNK_VERSION" "wasm-bindgen-cli $WASM_BINDGEN_VERSION" "wasm-pack $WASM_PACK_VERSION" "cargo-deny $CARGO_DENY_VERSION"; do
  # shellcheck disable=SC2086  # two words, a name and a version
  PATH=$(tool_root $tool)/bin:$PATH
done
# Set up only where the distribution's Node.js is too old.
[ ! -x "$CACHE/tools/node/bin/node" ] || PATH=$CACHE/tools/node/bin:$PATH
export PATH=$PATH:$CACHE/tools/bin:$HOME/.cargo/bin:/usr/sbin

# Set by `setup.sh` where wasm32 comes with the distribution's compiler and not with rustup's.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -f "$CACHE/toolchain" ]; then
  RUSTUP_TOOLCHAIN=$(cat "$CACHE/toolchain")
  export RUSTUP_TOOLCHAIN
fi

say() { if [ -t 1 ]; then printf '\033[1m==>\033[0m %s\n' "$*"; else printf '==> %s\n' "$*"; fi; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Holds the shared target directory for this clone until the calling shell ends.
hold_target() {
  [ -z "${TARGET_IS_HELD:-}" ] || return 0 # by the script that has called this one
  mkdir -p "$CARGO_TARGET_DIR"
  if command -v flock >/dev/null; then
    exec 9>"$CARGO_TARGET_DIR/.admit-one.lock"
    flock -n 9 || { say "another clone is building in $CARGO_TARGET_DIR; waiting for it" && flock 9; }
  fi
  local owner=$CARGO_TARGET_DIR/.admit-one.checkout
  if [ "$(cat "$owner" 2>/dev/null)" != "$REPO" ]; then
    find "$CARGO_TARGET_DIR" -maxdepth 5 -type d -path '*/.fingerprint/admit-one*' -prune -exec rm -rf {} +
    printf '%s' "$REPO" >"$owner"
  fi
  export TARGET_IS_HELD=1
}

release_target() {
  exec 9>&-
  unset TARGET_IS_HELD
}

seconds_since() { echo "$(($(date +%s) - $1))s"; }
