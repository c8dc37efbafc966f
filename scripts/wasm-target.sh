#!/usr/bin/env bash
# The wasm32 target without rustup's servers: the distribution's own compiler, its library sources, and a minute.
# Called by setup.sh; leaves the name of the toolchain to use in $CACHE/toolchain.
set -euo pipefail
. "$(dirname "$0")/env.sh"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi; }
install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$CACHE/apt.log" 2>&1; }

# `rust-lld` is a link into one version of LLVM, and the linker is in the package of that version.
lld_package() {
  local lld
  lld=$(find "$(/usr/bin/rustc --print sysroot)/lib/rustlib" -name rust-lld 2>/dev/null | head -n 1)
  lld=$(readlink -f "$lld" 2>/dev/null || readlink "$lld" 2>/dev/null || true)
  case $lld in
    *llvm-[0-9]*) printf 'lld-%s' "$(printf '%s' "$lld" | sed 's/.*llvm-\([0-9]*\).*/\1/')" ;;
    *lld-[0-9]*) printf 'lld-%s' "${lld##*lld-}" ;;
    *) apt-cache depends rust-web-llvm | sed -n 's/.*Depends: llvm-\([0-9]*\)$/lld-\1/p' | head -n 1 ;;
  esac
}

# An empty crate makes Cargo build the standard library; its archives are then put where the compiler looks for a target.
# The bitcode in them is what link-time optimisation reads.
build_std() {
  local crate libdir
  crate=$(mktemp -d)
  mkdir "$crate/src"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$crate/Cargo.toml"
  : >"$crate/src/lib.rs"
  (cd "$crate" && env -u RUSTUP_TOOLCHAIN CARGO_TARGET_DIR="$crate/target" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
    /usr/bin/cargo build --quiet --release -Zbuild-std=std,panic_abort,test --target wasm32-unknown-unknown)
  libdir=$(/usr/bin/rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib
  as_root mkdir -p "$libdir"
  find "$crate/target/wasm32-unknown-unknown/release/deps" -name '*.rlib' ! -name 'libempty-*' -print0 | as_root xargs -0 cp -t "$libdir"
  rm -rf "$crate"
}

command -v apt-get >/dev/null || die "rustup can't download here, and the other way to the wasm32 target needs Debian's packages"
say "building the wasm32 target from the distribution's Rust (two minutes)"
as_root apt-get update >"$CACHE/apt.log" 2>&1 || true
install rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy || die "rustc-web and its sources can't be installed ($CACHE/apt.log)"
install "$(lld_package)" || die "the linker lld of that Rust can't be installed ($CACHE/apt.log)"
build_std
if command -v rustup >/dev/null; then
  rustup toolchain link debian /usr
  printf 'debian' >"$CACHE/toolchain"
fi
