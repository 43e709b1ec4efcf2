#!/usr/bin/env bash
# Starts both daemons if they don't run, deploys examples/notes, proves it with a request through the edge.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
times=()
step() {  # step NAME COMMAND…: runs it, keeps how long it took
  local name=$1 start end
  shift
  start=$(date +%s%3N)
  "$@"
  end=$(date +%s%3N)
  times+=("$(printf '%-28s %6d.%02d s' "$name" $(((end - start) / 1000)) $(((end - start) % 1000 / 10)))")
}

wait_for() {  # wait_for WHAT COMMAND…: up to 20 s
  local what=$1
  shift
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "$what did not come up; its log:" >&2
  tail -n 20 "$ROOST_RUN/$what.log" >&2
  exit 1
}

stop_daemon() {  # stop_daemon ROLE: its keeper, and with it the daemon
  local pid
  pid=$(cat "$ROOST_RUN/$1.pid")
  kill "$pid" && timeout 15 tail --pid="$pid" -f /dev/null
}

start_daemon() {  # start_daemon ROLE: unless it runs already, from the program that was built last
  local role=$1 keeper child listen=()
  keeper=$(cat "$ROOST_RUN/$role.pid" 2>/dev/null || true)
  for address in $ROOST_LISTEN; do listen+=(--listen "$address"); done
  local wanted=(scripts/keep.sh "$bin/roostd" "$role" "${listen[@]}") opener=()
  # The edge's keeper has its sockets open, so that nobody is refused while one edge follows another.
  [ "$role" = serve ] || opener=("$bin/roostd" listen "${listen[@]}" --)
  if [ -n "$keeper" ] && grep -qs keep.sh "/proc/$keeper/cmdline"; then
    child=$(cat "$ROOST_RUN/$role.child" 2>/dev/null || true)
    if keeps "$keeper" "${wanted[@]}"; then
      [ "$(readlink "/proc/${child:-none}/exe" 2>/dev/null)" = "$(readlink -f "$bin/roostd")" ] && return
      # The program was built again: Machines and the edge's routes stay while the daemon is exchanged.
      kill -HUP "$keeper"
      return
    fi
    stop_daemon "$role"
  fi
  setsid "${opener[@]}" "${wanted[@]}" >>"$ROOST_RUN/$role.log" 2>&1 </dev/null &
  echo $! >"$ROOST_RUN/$role.pid"
}

keeps() {  # keeps PID SCRIPT ARGUMENTS…: whether that keeper, of this version, runs exactly that
  local pid=$1
  shift
  tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "ROOST_KEEPS=$(cksum <scripts/keep.sh)" &&
    [ "$(tail -z -n "$#" "/proc/$pid/cmdline" | tr '\0' '\n')" = "$(printf '%s\n' "$@")" ]
}

daemons() {
  mkdir -p -m 700 "$ROOST_RUN" "$ROOST_STATE"
  export ROOST_KEEPS
  ROOST_KEEPS=$(cksum <scripts/keep.sh)
  start_daemon serve
  start_daemon edge
  wait_for serve curl -sf --unix-socket "$ROOST_RUN/api.sock" http://roost/v1/health
  wait_for edge bash -c "</dev/tcp/${address%:*}/${address##*:}"
}

proof() {
  local answer
  answer=$(curl -sf --max-time 30 -H "Host: notes.localhost" "http://$address/health/ready")
  echo "GET /health/ready through the edge: $answer"
}

address=${ROOST_LISTEN%% *}
step "start daemons" daemons
step "deploy examples/notes" "$bin/roost" deploy --if-changed examples/notes
step "a request through the edge" proof

printf '\nHow long it took:\n'
printf '  %s\n' "${times[@]}"
# A roost of another build that comes first on the PATH would be another program.
roost=roost
if [ "$(readlink -f "$(command -v roost || true)")" != "$(readlink -f "$bin/roost")" ]; then
  roost=$bin/roost
fi
printf '\nNext:\n'
[ "$roost" = roost ] || printf '  %-50s %s\n' "export PATH=$PWD/$bin:\$PATH" "puts roost on your PATH; make install does it for good"
[ "$ROOST_RUN" = /run/roost ] || printf '  %-50s %s\n' "export ROOST_RUN=$ROOST_RUN" "so that roost finds this instance"
cat <<EOF
  $roost status -a notes
  $roost logs -a notes
  $roost launch path/to/your/app
  make stop
The notes app is at http://notes.localhost:${address##*:}
EOF
