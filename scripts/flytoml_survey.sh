#!/usr/bin/env bash
# A verdict on each configuration file below a folder, a line a file: what `roost config validate` says of it.
# Usage: flytoml_survey.sh [--strict] FOLDER; ROOST names the program.
set -euo pipefail
roost=${ROOST:-roost}
options=()
if [ "${1:-}" = --strict ]; then
  options=(--strict)
  shift
fi
folder=${1:?usage: flytoml_survey.sh [--strict] FOLDER}
valid=0
refused=0
warned=0
while IFS= read -r -d '' file; do
  code=0
  text=$("$roost" config validate ${options[@]+"${options[@]}"} -c "$file" 2>&1) || code=$?
  errors=$(grep -c '^error: ' <<<"$text" || true)
  warnings=$(grep -c '^warning: ' <<<"$text" || true)
  if [ "$warnings" -gt 0 ]; then warned=$((warned + 1)); fi
  case $code in
    0) valid=$((valid + 1)) verdict=valid first= ;;
    1) refused=$((refused + 1)) verdict=refused first=$(grep -m 1 '^error: ' <<<"$text" || true) ;;
    *) echo "$file: $roost ended with $code: $text" >&2; exit 2 ;;
  esac
  printf '%-8s %3d errors %3d warnings  %s  %s\n' "$verdict" "$errors" "$warnings" "${file#"$folder"/}" "${first#error: }"
done < <(find "$folder" -type f \( -name '*.toml' -o -name '*.json' -o -name '*.yaml' -o -name '*.yml' \) -print0 | sort -z)
echo "$((valid + refused)) files: $valid valid, $refused refused; $warned with warnings" >&2
