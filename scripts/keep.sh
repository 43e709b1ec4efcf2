#!/usr/bin/env bash
# Runs a daemon and starts it again when it ends by itself, as packaging/*.service does where there is systemd.
# keep.sh PROGRAM ROLE ARGUMENTS…; a SIGTERM to this script ends both.
set -u
child=
trap 'trap - TERM; [ -z "$child" ] || kill "$child" 2>/dev/null; wait; exit 0' TERM INT
while :; do
  "$@" &
  child=$!
  echo "$child" >"$ROOST_RUN/$2.child"
  wait "$child"
  # A program that ends at once must not eat a core.
  sleep 0.1
done
