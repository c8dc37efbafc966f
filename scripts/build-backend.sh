#!/usr/bin/env bash
# Builds the backend for release as it is deployed, to target/bin/release/admit-one: a first build answers the benchmark's exchanges
# and notes which way they go, the second is laid out by the notes (profile-guided optimisation), which saves a tenth of the CPU.
# Without rustup's llvm-tools it is built once, as Cargo does.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO"

HOST=$(rustc -vV | sed -n 's/^host: //p')
TRAINING=$CARGO_TARGET_DIR/training
TRAINED=$CARGO_TARGET_DIR/trained
PROFDATA=$(rustc --print sysroot)/lib/rustlib/$HOST/bin/llvm-profdata

# Only our own target is built with the flags, so that no build script is watched.
build() { RUSTFLAGS=$1 CARGO_TARGET_DIR=$2 cargo build --quiet --locked --release -p admit-one-backend --target "$HOST"; }

place() {
  mkdir -p "$BIN/release"
  cp -f "$1/release/admit-one" "$BIN/release/"
}

# Notes of this very build, if there are none yet.
train() {
  local binary=$TRAINING/$HOST/release/admit-one
  PROFILE=$TRAINING/$(sha256sum <"$binary" | cut -c1-16).profdata
  [ ! -f "$PROFILE" ] || return 0
  say "answering exchanges, to learn from them (two minutes)"
  rm -rf "$TRAINING/notes" "$TRAINING"/*.profdata
  # One core has another runtime than several.
  for cores in 0 0,1; do
    ADMIT_ONE_BIN=$binary ADMIT_ONE_DIST=$REPO/dist LLVM_PROFILE_FILE=$TRAINING/notes/%p-%m.profraw \
      bench/run.sh --quick --only backend --cores "$cores" --out "$TRAINING/out" >"$TRAINING/bench.log" 2>&1 ||
      die "the exchanges failed: $TRAINING/bench.log"
  done
  "$PROFDATA" merge -o "$PROFILE" "$TRAINING"/notes/*.profraw
}

[ -f dist/index.html ] || die "the app isn't built, which the backend serves: make app"
hold_target
if [ ! -x "$PROFDATA" ] && ! rustup component add llvm-tools >/dev/null 2>&1; then
  say "building the backend (five minutes the first time); with rustup's llvm-tools it would be a tenth faster"
  cargo build --quiet --locked --release -p admit-one-backend
  place "$CARGO_TARGET_DIR"
  exit
fi
say "building the backend twice, the second time by what the first learns (ten minutes the first time)"
build "-Cprofile-generate=$TRAINING/notes" "$TRAINING"
train
build "-Cprofile-use=$PROFILE" "$TRAINED"
place "$TRAINED/$HOST"
