#!/usr/bin/env bash
# Format, and the size limits of the conventions.
set -euo pipefail
cd "$(dirname "$0")/.."
swift format lint --strict --recursive --parallel --configuration .swift-format Sources Tests Package.swift
long=$(git ls-files -co --exclude-standard 'Sources/*.swift' 'Tests/*.swift' | xargs -r wc -l | awk '$2 != "total" && $1 > 400')
if [ -n "$long" ]; then
  echo "files over 400 lines:" >&2
  echo "$long" >&2
  exit 1
fi
python3 scripts/function_sizes.py Sources
python3 -m unittest discover -q -s scripts/lab -t scripts
