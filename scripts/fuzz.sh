#!/usr/bin/env bash
# Feeds the parsers with what nobody would send, under libFuzzer, with stable Rust: each target for so many seconds.
#   scripts/fuzz.sh [seconds] [target…]
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO/fuzz"

seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- jwt callback landing result answer
command -v c++ >/dev/null || die "libFuzzer needs a C++ compiler: install g++ or clang"

export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/fuzz
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
# A target of its own, so that build scripts aren't instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
say "building the fuzz targets"
cargo build --quiet --release --locked --target "$host"
for target in "$@"; do
  mkdir -p "corpus/$target"
  say "$target, $seconds s"
  "$CARGO_TARGET_DIR/$host/release/$target" "corpus/$target" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="corpus/$target-" 2>&1 | grep -E 'stat::number_of_executed_units|ERROR|panicked' ||
    die "$target stopped; its input is in fuzz/corpus"
  compgen -G "corpus/$target-*" >/dev/null && die "$target found something: $(ls corpus/"$target"-*)"
done
say "nothing found"
