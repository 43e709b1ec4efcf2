#!/usr/bin/env python3
"""The Debian package in a minimal Debian: `deb_trial.py [--part] BIN_DIR`.

lintian has no error; it is installed, runs an app, is upgraded to a later version under requests, removed, installed again,
purged, on a host without systemd and on one with it. --part is the beginning of that, without systemd. The first run makes
minimal Debians in /var/tmp/roost-debian (some minutes, 150 MB over the network); later ones need no network.
"""
import argparse
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from lab.debian import Debian, base

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRST, SECOND = "0.1.0~trial1", "0.1.0~trial2"
DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY index.html /www/index.html
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
FLY = """\
app = "hello"
[http_service]
  internal_port = 8080
  min_machines_running = 1
  [[http_service.checks]]
    path = "/index.html"
    interval = "1s"
    timeout = "2s"
    grace_period = "1s"
"""


LOGS = ("tail -n 40 /var/log/roost-*.log; journalctl -u roost-serve -u roost-edge -n 80 --no-pager -o cat; "
        "tail -n +1 /run/roost/*.child; "
        "for one in /proc/[0-9]*; do echo \"${one#/proc/} $(sed -n 's/^\\(State\\|PPid\\|SigBlk\\|SigCgt\\):\\t//p' $one/status | tr '\\n' ' ')"
        "$(tr '\\0' ' ' <$one/cmdline)\"; done")


def step(text, begin=time.monotonic()):
    print(f"{time.monotonic() - begin:6.1f} s  {text}", flush=True)


def check(holds, text):
    if not holds:
        raise SystemExit(f"wrong: {text}")


def packed(binaries, version, folder):
    return pathlib.Path(subprocess.run(
        [ROOT / "scripts/deb.py", "--quick", "--version", version, "--out", folder, binaries],
        check=True, capture_output=True, text=True).stdout.strip())


def needs(package):
    """Names of the packages that it depends on."""
    field = subprocess.run(["dpkg-deb", "--field", package, "Depends"], check=True, capture_output=True, text=True).stdout
    return [re.split(r"[ (]", one.strip())[0] for one in field.split(",")]


def lint(package):
    told = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", package], check=False, capture_output=True, text=True)
    print(told.stdout, end="")
    check(told.returncode == 0, f"lintian has errors\n{told.stderr}")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Trial:
    """The package's life on one host, with systemd or without."""

    def __init__(self, debian, systemd):
        self.debian, self.systemd, self.port = debian, systemd, free_port()
        self.get = f"curl -sf -m 10 -H 'Host: hello.localhost' http://127.0.0.1:{self.port}/index.html"
        # A state folder of its own: network devices, control groups and firewall tables are named after it.
        self.state = f"/var/lib/roost/{debian.folder.name}"
        # As a tool for many hosts does it: the settings are there before the package is.
        debian.run(f"mkdir /etc/roost && printf '%s\\n' 'state = \"{self.state}\"' 'listen = [\"127.0.0.1:{self.port}\"]' "
                   ">/etc/roost/roost.toml")

    def install(self, package):
        # No lists of packages are there: what it depends on and is missing can't come from elsewhere.
        return self.debian.run(f"apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold {package}")

    def installed(self):
        """What the package put there does what it should on a host without Swift."""
        run = self.debian.run
        check(run("roost --version") == run("roostd --version"), "roost and roostd tell different versions")
        check("not found" not in run("ldd /usr/bin/roost /usr/bin/roostd /usr/lib/roost/*.so"), "a library is missing")
        check("/opt/" not in run("ldd /usr/bin/roost /usr/bin/roostd"), "a library comes from the toolchain's folder")
        run("test ! -e /opt/swift && test ! -e /opt/roost-tools")
        run("zcat /usr/share/man/man1/roost-deploy.1.gz | grep -q strategy && zcat /usr/share/man/man8/roostd.8.gz | grep -q serve")
        run("bash -n /usr/share/bash-completion/completions/roost && test -s /usr/share/zsh/vendor-completions/_roost"
            " && test -s /usr/share/fish/vendor_completions.d/roost.fish")
        check(run("readlink -f $(command -v fly)").strip() == "/usr/bin/roost", "fly is not roost")
        check("/usr/local" not in run("cat /usr/lib/systemd/system/roost-*.service"), "a unit has a path of make install")
        if self.systemd:
            told = run("systemd-analyze verify --man=no /usr/lib/systemd/system/roost-*.service")
            check(not told, f"systemd finds fault with a unit:\n{told}")
        run(f"grep -q '{self.state}' /etc/roost/roost.toml && test -s /etc/roost/roost.toml.dpkg-dist")

    def doctor(self):
        told = self.debian.run("roost doctor")
        wanted = {"uv": "/usr/bin/uv", "users": "tried out", "kernel limits": "wide enough", "overlayfs": "tried out"}
        for name, seen in wanted.items():
            check(re.search(rf"^ok +{name} +{seen}", told, re.MULTILINE), f"doctor does not say that {name} is right:\n{told}")

    def daemons(self):
        """systemd has started them with the installation; without it, as README.Debian has it."""
        if not self.systemd:
            self.debian.run("install -d -m 700 /run/roost && install -d -m 711 /var/lib/roost")
            keep = "/usr/lib/roost/keep.sh /usr/bin/roostd"
            # Without what the unit takes from it.
            fewer = "setpriv --bounding-set " + ",".join(f"-{name}" for name in self.taken())
            self.debian.start(f"{fewer} {keep} serve", "/var/log/roost-serve.log")
            self.debian.start(f"/usr/bin/roostd listen -- {keep} edge", "/var/log/roost-edge.log")
        self.debian.until("serve answers", "curl -sf --unix-socket /run/roost/api.sock http://roost/v1/health")
        self.debian.until("the edge listens", f"</dev/tcp/127.0.0.1/{self.port}")

    def taken(self):
        """Capabilities that the unit of serve denies it, as setpriv writes them."""
        line = self.debian.run("grep '^CapabilityBoundingSet=~' /usr/lib/systemd/system/roost-serve.service")
        return [word.removeprefix("CAP_").lower() for word in line.strip().partition("~")[2].split()]

    def keepers(self, signal):
        # A keeper is the parent of the daemon that it has noted down.
        self.debian.run("for role in serve edge; do child=$(cat /run/roost/$role.child); "
                        f"kill -{signal} $(sed -n 's/^PPid:\\t//p' /proc/$child/status); done")

    def stop(self):
        """What an administrator without systemd does before the package is removed."""
        if not self.systemd:
            self.keepers("TERM")
            self.debian.until("both daemons are gone", "! ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q /usr/bin/roostd")

    def app(self):
        for name, text in (("Dockerfile", DOCKERFILE), ("fly.toml", FLY), ("index.html", "hello from a package\n")):
            self.debian.run(f"mkdir -p /srv/hello && cat >/srv/hello/{name} <<'END'\n{text}END")
        self.debian.run("cp /host/busybox /srv/hello/busybox && roost deploy --no-ha /srv/hello")
        check(self.debian.run(self.get) == "hello from a package\n", "the app does not answer")

    def machine(self):
        return self.debian.run("roost machine list -a hello -q").split()

    def processes(self):
        """Numbers of both daemons."""
        serve = "systemctl show -P MainPID roost-serve" if self.systemd else "cat /run/roost/serve.child"
        return self.debian.run(f"{serve}; cat /run/roost/edge.child").split()

    def upgraded(self, package):
        """To a later version, while requests pass; returns how many."""
        before, failed, asked, end = self.machine(), [], [0], threading.Event()

        def ask():
            while not end.is_set():
                asked[0] += 1
                done = subprocess.run([*self.debian.inside, "bash", "-c", self.get], check=False, capture_output=True, text=True)
                if done.stdout != "hello from a package\n":
                    failed.append(done)
                time.sleep(0.05)

        asker, old = threading.Thread(target=ask), self.processes()
        asker.start()
        try:
            said = self.install(package)
            if not self.systemd:
                check("keep.sh exchanges them" in said, f"the upgrade does not say what to do without systemd:\n{said}")
                self.keepers("HUP")
            self.debian.wait("both daemons were exchanged", lambda: not set(old) & set(self.processes()))
            self.debian.until("serve answers", "curl -sf --unix-socket /run/roost/api.sock http://roost/v1/health")
            time.sleep(1)
        finally:
            end.set()
            asker.join()
        check(not failed and asked[0] > 10, f"{len(failed)} of {asked[0]} requests failed: {failed[:1]}")
        check(self.machine() == before, "the Machine is another one after the upgrade")
        self.debian.run(f"grep -q '{self.state}' /etc/roost/roost.toml")
        return asked[0]

    def removed(self):
        self.stop()
        self.debian.run("apt-get remove -q -y roost")
        self.debian.run("test ! -e /usr/bin/roost && test ! -L /usr/bin/fly && test -s /etc/roost/roost.toml")
        self.debian.run("! ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q 'busybox\\|roostd'")
        self.debian.run(f"test -s {self.state}/store.db")

    def purged(self):
        said = self.debian.run("apt-get purge -q -y roost")
        check("rm -rf --one-file-system /var/lib/roost" in said, f"purge does not say what is kept:\n{said}")
        run = self.debian.run
        run(f"test -s {self.state}/store.db && test ! -e /etc/roost && test ! -e /run/roost")
        # Once nothing is in the state folder, a purge leaves nothing at all.
        run("find /var/lib/roost -mindepth 1 -delete; printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d")
        self.install("/host/first.deb")
        run("mkdir -p /var/lib/roost/volumes && apt-get purge -q -y roost")
        left = run("find / -xdev -name '*roost*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/var/log/*' -not -path '/host/*'")
        # It is a mount point here.
        check(left.split() in ([], ["/var/lib/roost"]), f"left behind: {left}")
        check("roost" not in run("dpkg-query -l 'roost*' 2>/dev/null || true"), "dpkg still knows the package")


def part(trial):
    """Installed, an app answers."""
    trial.install("/host/first.deb")
    trial.installed()
    step("installed, with nothing but what it depends on")
    trial.daemons()
    trial.doctor()
    step("both daemons run, doctor finds no failure")
    trial.app()
    step("an app is deployed and answers")


def rest(trial):
    """Upgraded, removed, installed again, purged."""
    asked = trial.upgraded("/host/second.deb")
    step(f"upgraded, 0 of {asked} requests failed")
    trial.removed()
    step("removed; the state is kept")
    trial.install("/host/second.deb")
    trial.daemons()
    trial.debian.until("the app answers as before", trial.get)
    step("installed again; the app answers without a deploy")
    trial.removed()
    trial.purged()
    step("purged; nothing is left")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", help="the folder of roost and roostd")
    parser.add_argument("--part", action="store_true", help="without systemd, until an app has answered")
    parser.add_argument("--systemd", choices=("with", "without", "both"), default="both", help="the first process of the host")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roost-deb-", dir="/var/tmp") as folder:
        shared = pathlib.Path(folder)
        first = packed(options.binaries, FIRST, shared)
        step(f"packed: {first.stat().st_size >> 20} MiB")
        lint(first)
        step("lintian has no error")
        first.rename(shared / "first.deb")
        shutil.copy("/bin/busybox", shared / "busybox")
        if not options.part:
            packed(options.binaries, SECOND, shared).rename(shared / "second.deb")
            step("packed a later version")
        kinds = {"with": [True], "without": [False], "both": [False, True]}["without" if options.part else options.systemd]
        for systemd in kinds:
            lower = base(needs(shared / "first.deb") + ["systemd"] * systemd)
            with Debian(lower, {folder: "/host"}, systemd) as debian:
                step(f"a minimal Debian {'with' if systemd else 'without'} systemd is there")
                trial = Trial(debian, systemd)
                try:
                    part(trial)
                    if options.part:
                        trial.removed()
                    else:
                        rest(trial)
                except SystemExit:
                    print(subprocess.run([*debian.inside, "bash", "-c", LOGS], check=False, capture_output=True, text=True).stdout)
                    raise


if __name__ == "__main__":
    main()
