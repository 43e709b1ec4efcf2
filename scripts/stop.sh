#!/usr/bin/env bash
# Ends the daemons and all Machines; only the state folder stays.
set -euo pipefail
bin=$1
for role in serve edge; do
  pid=$(cat "$ROOST_RUN/$role.pid" 2>/dev/null || true)
  # Only a process that is ours: the number may long be somebody else's.
  if [ -n "$pid" ] && grep -qs keep.sh "/proc/$pid/cmdline"; then
    kill "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null || kill -9 "$pid"
  fi
done
if [ -x "$bin/roostd" ] && [ -d "$ROOST_STATE" ]; then "$bin/roostd" teardown; fi
rm -rf "$ROOST_RUN"
