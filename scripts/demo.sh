#!/usr/bin/env bash
# The whole of it on this machine: the app and its backend on port 8800, the sandbox on port 8900, a partner's page on port
# 8901. Ctrl-C stops all.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$REPO"

APP=http://localhost:8800
SANDBOX=http://localhost:8900
PARTNER=http://partner.localhost:8901
LOGS=$REPO/target/demo
PIDS=()

# Where the system can do it, the servers are told to stop even when this script is killed without a chance to.
BOUND=(setsid)
if setpriv --pdeathsig TERM true 2>/dev/null; then BOUND+=(setpriv --pdeathsig TERM); fi

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_ports() {
  local port
  for port in 8800 8900 8901; do port_is_free "$port" || die "port $port is in use: stop what listens there, then run this again"; done
}

# The app is built beside the servers: its last stage, link-time optimisation, keeps one core busy for a minute.
build() {
  local app started
  started=$(date +%s)
  say "building the app, the backend and the sandbox (minutes the first time, seconds later)"
  hold_target
  start build-app scripts/build-app.sh
  app=$!
  cargo build --quiet --locked -p admit-one-backend -p admit-one-sandbox
  wait "$app" || { tail -n 40 "$LOGS/build-app.log" >&2; die "the app doesn't build (all of it in $LOGS/build-app.log)"; }
  mkdir -p "$BIN"
  # A copy, since another clone may build over the original; replaced, not overwritten, since a demo may be running it.
  cp -f --remove-destination "$CARGO_TARGET_DIR/debug/admit-one" "$CARGO_TARGET_DIR/debug/admit-one-sandbox" "$BIN/"
  release_target
  PIDS=()
  say "built in $(seconds_since "$started")"
}

secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# shellcheck disable=SC2317  # called by the traps
stop() {
  trap - EXIT INT TERM HUP
  local pid
  for pid in "${PIDS[@]}"; do kill -- "-$pid" 2>/dev/null || true; done
  for _ in $(seq 50); do
    any_alive || break
    sleep 0.1
  done
  for pid in "${PIDS[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}

# shellcheck disable=SC2317
any_alive() {
  local pid
  for pid in "${PIDS[@]}"; do kill -0 "$pid" 2>/dev/null && return 0; done
  return 1
}

# Each in a process group of its own, so that stopping it stops what it started, and only we hear the Ctrl-C.
start() { # name command…
  local name=$1
  shift
  "${BOUND[@]}" "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
  PIDS+=($!)
}

wait_for() { # name pid url
  for _ in $(seq 150); do
    curl -fsS -o /dev/null --max-time 2 "$3" 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$LOGS/$1.log" >&2
  die "the $1 doesn't answer at $3 (its output is in $LOGS/$1.log)"
}

check_ports
scripts/setup.sh demo
rm -rf "$LOGS" && mkdir -p "$LOGS"
trap stop EXIT
trap 'echo; say "stopping"; exit 0' INT TERM HUP
build

# Made up at each start: nothing of a demo is worth keeping.
ADMIT_ONE_SEAL_KEY=$(secret)
SHOP_GRANT_SECRET=$(secret)
export ADMIT_ONE_SEAL_KEY SHOP_GRANT_SECRET
# What the sandbox has registered.
export CLUB_SECRET=shop-secret ARENA_SECRET=weak-secret ARENA_STRONG_SECRET=strong-secret DINER_SECRET=diner-secret
export PAPER_SECRET=paper-secret-of-32-bytes-or-more!! SESSIONM_SECRET=sessionm-secret

CONFIG=$LOGS/admit-one.toml
case ${DIRECTORY:-contacts} in
  contacts) cp scripts/demo.toml "$CONFIG" ;;
  # The same, with the other directory's table.
  sessionm) sed '/^kind = "contacts"$/{
      r scripts/demo-sessionm.toml
      d
    }' scripts/demo.toml >"$CONFIG" ;;
  *) die "DIRECTORY is contacts or sessionm, not $DIRECTORY" ;;
esac

start sandbox "$BIN/admit-one-sandbox" --listen 127.0.0.1:8900 --app-url "$APP" --own-emails \
  --partner-listen 127.0.0.1:8901
wait_for sandbox "${PIDS[0]}" "$SANDBOX/"
[ "${DIRECTORY:-contacts}" != contacts ] || "$BIN/admit-one" import --config "$CONFIG" scripts/demo-contacts.json
start backend "$BIN/admit-one" serve --config "$CONFIG"
wait_for backend "${PIDS[1]}" http://127.0.0.1:8800/readyz

cat <<END

  Open  $APP

  Four ways to sign in: the club (OpenID Connect), the arena (Airlock IAM), the Daily Paper (Tulo Payway) and the diner
  (Paytronix). Password ticket: as alice (complete), bob (asked for his phone and country), carol (her e-mail is another
  contact's: at the club, and elsewhere once alice has been there), dave (at the club, second factor 000000) or erin
  (account frozen). The arena asks for 000000 to step up.
  The contacts are in $([ "${DIRECTORY:-contacts}" = contacts ] && echo "our own store; make demo DIRECTORY=sessionm for SessionM" || echo "SessionM")
  A partner's page with the widget: $PARTNER
  Behind the scenes: $SANDBOX shows the messages, moves the clock and makes the provider misbehave
  Output of both: ${LOGS#"$REPO"/}/    Ctrl-C stops all

END

# Whichever ends first ends the demo.
wait -n "${PIDS[@]}" || true
die "one of the two stopped by itself: $(tail -qn 3 "$LOGS"/*.log)"
