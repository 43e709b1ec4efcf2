#!/usr/bin/env bash
# Puts roost, roostd and the completions of three shells under a prefix: `install-programs.sh BIN_DIR PREFIX`.
set -euo pipefail
bin=$1
prefix=$2
install -d "$prefix/bin"
install -m 755 "$bin/roost" "$bin/roostd" "$prefix/bin/"

completions() {  # completions SHELL PATH
  install -d "$(dirname "$prefix/$2")"
  "$bin/roost" --generate-completion-script "$1" >"$prefix/$2.new"
  mv "$prefix/$2.new" "$prefix/$2"
}
completions bash share/bash-completion/completions/roost
completions zsh share/zsh/site-functions/_roost
completions fish share/fish/vendor_completions.d/roost.fish

echo "roost and roostd are in $prefix/bin, completions for bash, zsh and fish in $prefix/share"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "$prefix/bin is not on your PATH: export PATH=$prefix/bin:\$PATH" ;;
esac
