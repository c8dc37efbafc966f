#!/usr/bin/env bash
# Everything that is checked, each step announced with its duration; the last line counts what passed and failed.
#   scripts/test.sh [step…]     all of them, or those named: see `STEPS`
set -uo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO" || exit 1

STEPS=(fmt scripts docs locales licenses advisories clippy clippy_wasm protocol_wasm fuzz crates rustdoc app glue budget demo browser journeys)
WASM=(--target wasm32-unknown-unknown)
FIRST_SCREEN_BUDGET=100000 # bytes, brotli
LOADER_BUDGET=4096         # the same, of the widget's loader
STEP_TIMEOUT=3000          # seconds; a hang must not outlast the patience of a continuous integration
LOGS=$REPO/target/test-logs
PASSED=0
FAILED=0
AGAIN=0
SKIPPED=()

about() {
  case $1 in
    fmt) echo "formatting" ;;
    scripts) echo "shell scripts" ;;
    docs) echo "links in the documents, table of error codes" ;;
    locales) echo "every language has every sentence" ;;
    licenses) echo "licences, sources and bans of the dependencies" ;;
    advisories) echo "security advisories of the dependencies" ;;
    clippy) echo "clippy for the host (minutes the first time)" ;;
    clippy_wasm) echo "clippy for wasm32 (a minute the first time)" ;;
    protocol_wasm) echo "the protocol crate for wasm32" ;;
    fuzz) echo "the fuzz targets build" ;;
    crates) echo "unit, vector, property and documentation tests (minutes the first time)" ;;
    rustdoc) echo "documentation builds" ;;
    app) echo "the browser app, built as it is served (two minutes the first time)" ;;
    glue) echo "no eval in what the browser is served, and no browser needed to import the loader" ;;
    budget) echo "size of the first screen and of the widget's loader" ;;
    demo) echo "make demo starts, answers and stops" ;;
    browser) echo "browser tests (minutes the first time)" ;;
    journeys) echo "journeys through the whole system (minutes)" ;;
  esac
}

# --- the steps: each is a function that fails or doesn't; SKIP means there is nothing to check it with -------------------

SKIP=77

fmt() { env -u RUSTUP_TOOLCHAIN cargo fmt --all -- --check; }

scripts() { shellcheck scripts/*.sh .ci/run bench/*.sh; }

docs() { node scripts/check-links.mjs && node scripts/error-codes.mjs --check; }

locales() { node scripts/check-locales.mjs; }

licenses() { cargo deny --locked check --hide-inclusion-graph bans licenses sources; }

# The database is a repository of its own, which can't be had everywhere.
advisories() {
  timeout 15 git ls-remote --quiet https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1 </dev/null ||
    { echo "the advisory database can't be fetched from here" && return $SKIP; }
  timeout 300 cargo deny --locked check advisories
}

clippy() { cargo clippy --locked --workspace --all-targets -- -D warnings; }

# The sign-in module is the same library without its pages.
clippy_wasm() {
  cargo clippy --locked -p admit-one-app --all-targets "${WASM[@]}" -- -D warnings &&
    cargo clippy --locked -p admit-one-app --lib --bin admit-one-sign-in --no-default-features "${WASM[@]}" -- -D warnings
}

protocol_wasm() { cargo build --locked -p admit-one-protocol "${WASM[@]}"; }

# Run by `make fuzz`.
fuzz() { cargo clippy --locked --manifest-path fuzz/Cargo.toml -- -D warnings; }

crates() { cargo test --locked --workspace --exclude admit-one-app --no-fail-fast; }

rustdoc() {
  RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --exclude admit-one-app --no-deps &&
    RUSTDOCFLAGS="-D warnings" cargo doc --locked -p admit-one-app --lib --no-deps "${WASM[@]}"
}

app() { scripts/build-app.sh; }

# The page's policy has no 'unsafe-eval', so code that needs it would fail in the browser only.
glue() {
  [ -f dist/index.html ] || { echo "dist/ isn't built" && return 1; }
  node scripts/check-loader.mjs dist/admit-one.js || return 1
  ! grep -nE '\beval *\(|new Function *\(' dist/index.html dist/*.js
}

# The page and what its script loads on `/`: the sign-in module; the rest of the app is a module of its own, for the other pages.
budget() {
  local total file size
  total=$(brotli --quality=5 --stdout dist/index.html | wc -c)
  printf '%8d  index.html\n' "$total"
  compgen -G 'dist/admit-one-sign-in-*_bg.wasm' >/dev/null || { echo "dist/ has no sign-in module" && return 1; }
  for file in dist/*.js dist/*.wasm dist/*.css dist/*.svg; do
    [ -f "$file" ] || continue
    size=$(wc -c <"$file.br")
    case $file in
      dist/admit-one-app-* | dist/admit-one.js) printf '%8d  %s (not on the first screen)\n' "$size" "${file##*/}" ;;
      *)
        printf '%8d  %s\n' "$size" "${file##*/}"
        total=$((total + size))
        ;;
    esac
  done
  printf '%8d  of %d bytes\n' "$total" "$FIRST_SCREEN_BUDGET"
  size=$(wc -c <dist/admit-one.js.br)
  [ "$total" -le "$FIRST_SCREEN_BUDGET" ] && [ "$size" -le "$LOADER_BUDGET" ]
}

demo() {
  local printed=$LOGS/demo.printed url demo status=0
  for url in 8800 8900 8901; do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$url") 2>/dev/null || { echo "port $url is in use" && return $SKIP; }
  done
  scripts/demo.sh >"$printed" 2>&1 &
  demo=$!
  until grep -q '^  Open  http' "$printed"; do
    kill -0 "$demo" 2>/dev/null || { cat "$printed" && return 1; }
    sleep 0.5
  done
  for url in http://localhost:8800/ http://localhost:8800/readyz http://localhost:8900/ http://partner.localhost:8901/; do
    echo "$url" && curl -fsS -o /dev/null "$url" || status=1
  done
  kill "$demo"
  wait "$demo" && ! curl -sS -o /dev/null http://localhost:8800/healthz && return $status
}

browser() { wasm-pack test --headless --chrome --mode no-install -- --locked; }

# A browser on a busy machine can be late for once: a journey that fails is walked once more, by itself, and counts as it
# went then; the log names it.
journeys() {
  local first=$LOGS/journeys.first again
  cargo test --locked -p admit-one-app --no-fail-fast >"$first" 2>&1 && cat "$first" && return
  mapfile -t again < <(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$first")
  sed 's/^\(test result: .* passed;\) [0-9]* failed;/\1 0 failed;/' "$first"
  [ "${#again[@]}" -gt 0 ] || return 1
  printf 'once more: %s\n' "${again[@]}"
  cargo test --locked -p admit-one-app --no-fail-fast -- --exact --test-threads 1 "${again[@]}"
}

# --- running them --------------------------------------------------------------------------------------------------------

is_suite() { case $1 in crates | browser | journeys) return 0 ;; *) return 1 ;; esac }

# Adds up `test result: ok. 3 passed; 1 failed; …`, which cargo test and wasm-pack both print.
count() { sed -n "s/.*test result: .*[ .]\([0-9][0-9]*\) $1;.*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

limited() { if [ -n "${CI:-}" ]; then timeout --kill-after=10 "$STEP_TIMEOUT" "$REPO/scripts/test.sh" --step "$1"; else "$1"; fi; }

run() {
  local step=$1 log=$LOGS/$1.log started status=0 passed=0 failed=0
  say "$step: $(about "$step")"
  started=$(date +%s)
  limited "$step" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" = $SKIP ]; then
    echo "    skipped: $(tail -n 1 "$log")"
    SKIPPED+=("$step")
    return
  fi
  if is_suite "$step"; then
    passed=$(count passed "$log")
    failed=$(count failed "$log")
    [ "$passed" -gt 0 ] || status=1 # a suite in which nothing ran proves nothing
    [ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
  elif [ "$status" = 0 ]; then passed=1; else failed=1; fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  if [ "$failed" -gt 0 ]; then
    tail -n 150 "$log" | sed 's/^/    | /'
    echo "    FAILED after $(seconds_since "$started"): $passed passed, $failed failed; all of its output is in ${log#"$REPO"/}"
  else
    echo "    ok in $(seconds_since "$started"): $passed passed"
    sed -n 's/^once more:/    walked once more:/p' "$log"
    AGAIN=$((AGAIN + $(grep -c '^once more:' "$log")))
  fi
}

# A step by itself, for `timeout`, which can only run a program.
if [ "${1:-}" = --step ]; then
  "$2"
  exit
fi

for step in "$@"; do
  case " ${STEPS[*]} " in *" $step "*) ;; *) die "no step is called $step; there are ${STEPS[*]}" ;; esac
done
trap 'echo; echo "interrupted"; exit 130' INT TERM
scripts/setup.sh test || exit 1
mkdir -p "$LOGS"
hold_target
[ $# -gt 0 ] || set -- "${STEPS[@]}"
for step in "$@"; do run "$step"; done
SUMMARY="$PASSED passed, $FAILED failed"
[ "$AGAIN" = 0 ] || SUMMARY="$SUMMARY, $AGAIN walked once more"
[ "${#SKIPPED[@]}" = 0 ] || SUMMARY="$SUMMARY; skipped: ${SKIPPED[*]}"
echo "$SUMMARY"
[ "$FAILED" = 0 ]
