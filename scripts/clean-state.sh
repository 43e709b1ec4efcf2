#!/usr/bin/env bash
# Removes the state folder, after `make stop`.
set -euo pipefail
case $ROOST_STATE in
  /*/*) ;;
  *) echo "ROOST_STATE=$ROOST_STATE does not look like a state folder" >&2; exit 1 ;;
esac
rm -rf --one-file-system "$ROOST_STATE"
