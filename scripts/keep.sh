#!/usr/bin/env bash
# Runs a daemon and starts it again when it ends by itself: keep.sh PROGRAM ROLE ARGUMENTS…
#   TERM, INT  ends both.
#   HUP        exchanges the daemon, after a new build for example. USR1 from the edge is the same: it is told to end
#              (TERM), and the next one starts beside it.
#   USR2       from the edge: it takes requests; those before it may end.
set -u
# Whoever starts it may have signals blocked, as threads of many programs have. bash can't undo that, would never hear that
# it is to stop, and would hand it on to the daemon.
# An `env` of before 2019 has no such option: then they stay as they are.
if [ "${ROOST_SIGNALS:-}" != clear ] && env --default-signal true 2>/dev/null; then
  ROOST_SIGNALS=clear exec env --default-signal "$0" "$@"
fi
unset ROOST_SIGNALS
role=$2 run=${ROOST_RUN:-/run/roost} end=TERM
child='' before='' gap='' pause=2  # hundredths of a second
# The edge takes a TERM for the wish for another one.
if [ "$role" = edge ]; then end=USR2; fi
export ROOST_KEEPER=$$

start() {
  "$@" &
  child=$! began=$(date +%s%N)
  { echo "$child" >"$run/$role.child"; } 2>/dev/null
}

exchange() {
  [ -z "$gap" ] || return
  if [ "$role" = edge ]; then
    before="$before $child"
    start "$@"
  else
    kill "$child" 2>/dev/null
  fi
}

# The lists of processes are words on purpose.
# shellcheck disable=SC2086,SC2317
ready() {
  pause=2
  [ -z "$before" ] || kill -s "$end" $before 2>/dev/null
  before=''
}

# shellcheck disable=SC2154
trap 'trap - TERM INT; kill -s "$end" $child $before 2>/dev/null; wait; exit 0' TERM INT
trap 'exchange "$@"' HUP USR1
trap ready USR2

start "$@"
while :; do
  wait "$child"
  kill -0 "$child" 2>/dev/null && continue
  gap=1
  # At once, for clients wait; but a program that ends at once, again and again, must neither eat a core nor fill the
  # log: a second at most.
  [ $(($(date +%s%N) - began)) -lt 1000000000 ] || pause=2
  sleep "$((pause / 100)).$(printf %02d $((pause % 100)))" & wait $!
  pause=$((pause < 50 ? pause * 2 : 100))
  start "$@"
  gap=''
done
