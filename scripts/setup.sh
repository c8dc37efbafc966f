#!/usr/bin/env bash
# Puts on this machine what `make demo`, `make test` and `make bench` need, and nothing twice:
#   scripts/setup.sh demo|test|bench
# Tools go to ~/.cache/admit-one (or $ADMIT_ONE_CACHE), packages of the distribution are installed where that is possible;
# whatever can't be is named in one line each. A second run only looks whether all is still there.
set -euo pipefail
. "$(dirname "$0")/env.sh"

WHAT=${1:-test}
MISSING=()
NET_TIMEOUT=${ADMIT_ONE_NET_TIMEOUT:-5}

missing() { MISSING+=("$1"); }
has() { command -v "$1" >/dev/null 2>&1; }
is_version() { has "$1" && "$1" --version 2>/dev/null | grep -qF "$2"; }

# The commands that each target calls; the stamp is only believed while all of them are there.
commands_of() {
  printf 'cargo cc flock curl node npm trunk wasm-bindgen wasm-opt brotli gzip '
  case $1 in
    test) printf 'cargo-clippy cargo-fmt cargo-deny wasm-pack wasm-bindgen-test-runner chromium-browser-or-chrome chromedriver git shellcheck ' ;;
    bench) printf 'chromium-browser-or-chrome nginx wrk taskset ' ;;
  esac
}

browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do has "$name" && return 0; done
  return 1
}

all_there() {
  local name
  for name in $(commands_of "$1"); do
    if [ "$name" = chromium-browser-or-chrome ]; then browser || return 1; else has "$name" || return 1; fi
  done
  [ -d "$(wasm_libdir)" ]
}

# --- packages of the distribution ---------------------------------------------------------------------------------------

package_of() {
  case $1 in
    cc) echo build-essential ;;
    flock | taskset) echo util-linux ;;
    wasm-opt) echo binaryen ;;
    node) echo nodejs ;;
    chromium-browser-or-chrome) echo chromium ;;
    chromedriver) echo chromium-driver ;;
    nginx) echo nginx-light ;;
    curl | npm | brotli | gzip | git | shellcheck | wrk) echo "$1" ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif has sudo; then sudo "$@"; else return 1; fi
}

apt_install() {
  has apt-get || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$CACHE/apt.log" 2>&1 && return 0
  # The lists of a fresh machine are empty or old.
  as_root apt-get update >>"$CACHE/apt.log" 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$CACHE/apt.log" 2>&1
}

packages() {
  local name package wanted=()
  for name in $(commands_of "$WHAT"); do
    package=$(package_of "$name")
    [ -n "$package" ] || continue
    if [ "$name" = chromium-browser-or-chrome ]; then browser && continue; else has "$name" && continue; fi
    wanted+=("$package")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  say "installing ${wanted[*]} (up to two minutes)"
  apt_install "${wanted[@]}" || for package in "${wanted[@]}"; do
    # One that doesn't exist here must not keep the others away.
    apt_install "$package" || missing "$package: install it with your system's package manager (tried apt-get; $CACHE/apt.log has what it said)"
  done
}

node_is_recent() { [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$NODE_MAJOR" ]; }

# The distribution's may be older than the certified provider takes; npm has the binary as a package too.
recent_node() {
  local arch
  node_is_recent && return 0
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch=none ;; esac
  say "installing Node.js $NODE_VERSION from npm (half a minute)"
  if npm install --prefix "$CACHE/tools/node" --no-save --loglevel=error "node-linux-$arch@$NODE_VERSION" >"$CACHE/node.log" 2>&1 </dev/null; then
    mkdir -p "$CACHE/tools/node/bin"
    ln -sf "../node_modules/node-linux-$arch/bin/node" "$CACHE/tools/node/bin/node"
    PATH=$CACHE/tools/node/bin:$PATH
    hash -r
  fi
  node_is_recent || missing "Node.js $NODE_MAJOR or later: install it from https://nodejs.org or with your package manager"
}

# --- Rust ---------------------------------------------------------------------------------------------------------------

rust() {
  if ! has cargo; then
    missing "Rust: install it with  curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y  and run this again"
    return 1
  fi
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$REPO/Cargo.toml" | head -n 1)
  found=$(rustc --version | cut -d' ' -f2)
  if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    missing "Rust $wanted or later (found $found): rustup update stable"
    return 1
  fi
}

component() {
  has "$2" && "$2" --version >/dev/null 2>&1 && return 0
  has rustup && timeout 60 rustup component add "$1" >/dev/null 2>&1 && return 0
  [ "$1" = clippy ] && apt_install rust-web-clippy && return 0
  missing "$1: rustup component add $1"
}

wasm_libdir() { rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null || echo /nonexistent; }

# rustup is asked once; where it can't download, the distribution's compiler and its library sources stand in.
wasm_target() {
  [ -d "$(wasm_libdir)" ] && return 0
  if has rustup && [ ! -f "$STAMPS/rustup-cannot-download" ]; then
    say "adding the wasm32 target (some seconds)"
    timeout 120 rustup target add wasm32-unknown-unknown >/dev/null 2>&1 || true
    [ -d "$(wasm_libdir)" ] && return 0
    touch "$STAMPS/rustup-cannot-download"
  fi
  bash "$REPO/scripts/wasm-target.sh" || true
  if [ -f "$CACHE/toolchain" ]; then
    RUSTUP_TOOLCHAIN=$(cat "$CACHE/toolchain")
    export RUSTUP_TOOLCHAIN
  fi
  [ -d "$(wasm_libdir)" ] || missing "the wasm32 target: rustup target add wasm32-unknown-unknown"
}

# --- tools written in Rust: what is there, then prebuilt, then from source -----------------------------------------------

reachable() {
  if [ -z "${GITHUB_REACHABLE:-}" ]; then
    GITHUB_REACHABLE=no
    curl --proto '=https' -sSfIL --connect-timeout "$NET_TIMEOUT" --max-time "$((NET_TIMEOUT * 2))" -o /dev/null \
      https://github.com/trunk-rs/trunk/releases/latest 2>/dev/null && GITHUB_REACHABLE=yes
  fi
  [ "$GITHUB_REACHABLE" = yes ]
}

# The address of a release's archive for this machine; nothing for a machine that none is made for.
archive_of() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || return 0
  case $1 in
    trunk) echo "https://github.com/trunk-rs/trunk/releases/download/v$2/trunk-x86_64-unknown-linux-gnu.tar.gz" ;;
    wasm-bindgen-cli) echo "https://github.com/wasm-bindgen/wasm-bindgen/releases/download/$2/wasm-bindgen-$2-x86_64-unknown-linux-musl.tar.gz" ;;
    wasm-pack) echo "https://github.com/wasm-bindgen/wasm-pack/releases/download/v$2/wasm-pack-v$2-x86_64-unknown-linux-musl.tar.gz" ;;
    cargo-deny) echo "https://github.com/EmbarkStudios/cargo-deny/releases/download/$2/cargo-deny-$2-x86_64-unknown-linux-musl.tar.gz" ;;
  esac
}

prebuilt() { # crate version command
  local root archive unpacked
  root=$(tool_root "$1" "$2")
  if has cargo-binstall; then
    timeout 180 cargo binstall --no-confirm --disable-strategies compile --root "$root" "$1@$2" >/dev/null 2>&1 &&
      is_version "$root/bin/$3" "$2" && return 0
  fi
  archive=$(archive_of "$1" "$2")
  [ -n "$archive" ] && reachable || return 1
  unpacked=$(mktemp -d)
  if curl --proto '=https' -sSfL --connect-timeout "$NET_TIMEOUT" --max-time 180 "$archive" 2>/dev/null | tar -xz -C "$unpacked" 2>/dev/null; then
    mkdir -p "$root/bin"
    find "$unpacked" -type f -perm -u+x -exec cp {} "$root/bin/" \;
  fi
  rm -rf "$unpacked"
  is_version "$root/bin/$3" "$2"
}

# A debug build: the tools spend their time in rustc and wasm-opt, and it takes a third of the time.
# First with the tool's own lock file, then without: that file may ask for what the registry doesn't have.
from_source() { # crate version
  local root log
  root=$(tool_root "$1" "$2")
  log=$CACHE/$1.log
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --locked --root "$root" --target-dir "$CACHE/tools/build" "$1@$2" >"$log" 2>&1 </dev/null ||
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --root "$root" --target-dir "$CACHE/tools/build" "$1@$2" >>"$log" 2>&1 </dev/null
}

tool() { # crate version command minutes
  is_version "$3" "$2" && return 0
  say "installing $1 $2 (seconds where a prebuilt one can be had, else about $4 minutes from source)"
  prebuilt "$1" "$2" "$3" || from_source "$1" "$2" || {
    tail -n 5 "$CACHE/$1.log" >&2
    missing "$1 $2: cargo install $1@$2 (the output of the attempt is in $CACHE/$1.log)"
  }
  hash -r
}

tools() {
  [ -n "$WASM_BINDGEN_VERSION" ] || die "Cargo.lock doesn't name wasm-bindgen"
  tool trunk "$TRUNK_VERSION" trunk 5
  tool wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen 2
  if [ "$WHAT" = test ]; then
    tool wasm-pack "$WASM_PACK_VERSION" wasm-pack 2
    tool cargo-deny "$CARGO_DENY_VERSION" cargo-deny 3
  fi
  rm -rf "$CACHE/tools/build"
}

# --- npm ----------------------------------------------------------------------------------------------------------------

npm_packages() { # folder
  local folder=$REPO/$1
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return 0
  say "installing the npm packages of $1 (some seconds)"
  if (cd "$folder" && npm ci --loglevel=error </dev/null); then
    cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
  else
    missing "the npm packages of $1: npm ci in that folder"
  fi
}

# --- all of it ----------------------------------------------------------------------------------------------------------

install_all() {
  if has flock; then # two clones set up at once: the second finds what the first installed
    exec 8>"$CACHE/setup.lock"
    flock -n 8 || { say "another set-up is running; waiting for it" && flock 8; }
  fi
  packages
  if has npm; then recent_node; fi
  if rust; then
    component clippy cargo-clippy
    component rustfmt cargo-fmt
    wasm_target
    if [ ${#MISSING[@]} -eq 0 ]; then tools; fi
  fi
}

report_missing() {
  [ ${#MISSING[@]} -eq 0 ] && return 0
  printf 'missing: %s\n' "${MISSING[@]}" >&2
  exit 1
}

main() {
  case $WHAT in demo | test | bench) ;; *) die "usage: scripts/setup.sh demo|test|bench" ;; esac
  local stamp
  stamp=$STAMPS/$WHAT-$(cat "$REPO/scripts/setup.sh" "$REPO/scripts/env.sh" <(echo "$WASM_BINDGEN_VERSION") | cksum | cut -d' ' -f1)
  if [ ! -f "$stamp" ] || ! all_there "$WHAT"; then
    all_there "$WHAT" ||
      say "setting up for \`make $WHAT\` (a minute where everything can be downloaded, up to 20 on two cores where tools are compiled)"
    install_all
    report_missing
    touch "$stamp"
  fi
  if [ "$WHAT" = test ]; then npm_packages tests/oidc-provider; fi
  report_missing
}

main
