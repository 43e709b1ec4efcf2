#!/usr/bin/env bash
# Runs a daemon and starts it again when it ends by itself, as packaging/*.service does where there is systemd.
# keep.sh PROGRAM ROLE ARGUMENTS…; a SIGTERM to this script ends both.
set -u
child=
trap 'trap - TERM; [ -z "$child" ] || kill "$child" 2>/dev/null; wait; exit 0' TERM INT
pause=1  # tenths of a second
while :; do
  began=$SECONDS
  "$@" &
  child=$!
  echo "$child" >"$ROOST_RUN/$2.child"
  wait "$child"
  child=
  # A program that ends at once, again and again, must neither eat a core nor fill the log.
  [ $((SECONDS - began)) -lt 10 ] || pause=1
  sleep "$((pause / 10)).$((pause % 10))" & wait $!
  pause=$((pause < 32 ? pause * 2 : 50))
done
