#!/usr/bin/env bash
# Puts roost, roostd, their man pages and the completions of three shells under a prefix:
# `install-programs.sh BIN_DIR PREFIX`.
set -euo pipefail
bin=$1
prefix=$2
install -d "$prefix/bin"
install -m 755 "$bin/roost" "$bin/roostd" "$prefix/bin/"
# Scripts that were written for flyctl find it by its names; another program of that name is left alone.
for name in fly flyctl; do
  if [ -L "$prefix/bin/$name" ] || [ ! -e "$prefix/bin/$name" ]; then ln -sfn roost "$prefix/bin/$name"; fi
done
install -D -m 755 scripts/keep.sh "$prefix/lib/roost/keep.sh"

completions() {  # completions SHELL PATH
  install -d "$(dirname "$prefix/$2")"
  "$bin/roost" --generate-completion-script "$1" >"$prefix/$2.new"
  mv "$prefix/$2.new" "$prefix/$2"
}
completions bash share/bash-completion/completions/roost
completions zsh share/zsh/site-functions/_roost
completions fish share/fish/vendor_completions.d/roost.fish
"$(dirname "$0")/man.py" "$bin" "$prefix/share/man"

echo "roost and roostd are in $prefix/bin, man pages and completions for bash, zsh and fish in $prefix/share"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "$prefix/bin is not on your PATH: export PATH=$prefix/bin:\$PATH" ;;
esac
