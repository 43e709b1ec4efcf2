"""A minimal Debian to try a package in: made once for a list of packages, then a fresh copy for each trial.

Everything of a trial is in namespaces of its own and ends with it: what it writes, what it mounts, what it starts. With
systemd, it is the first process there, as in a container.
"""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

CACHE = pathlib.Path("/var/tmp/roost-debian")
CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "net_cls", "net_prio",
               "perf_event", "hugetlb", "rdma", "misc")
# What sets up a kernel or a terminal is the host's to do.
NOT_STARTED = ("systemd-sysctl", "systemd-binfmt", "systemd-modules-load", "systemd-remount-fs", "systemd-random-seed",
               "systemd-logind", "console-getty", "getty@", "getty-static", "systemd-tmpfiles-setup-dev")

FIRST_PROCESS = ("exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd "
                 "--unit=multi-user.target --log-target=null --show-status=0")


def base(packages):
    """The folder of a minimal Debian with these packages; making one takes a minute or two and the network."""
    words = sorted(packages)
    folder = CACHE / hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
    if not folder.exists():
        # Lists that changed leave old ones behind; there is one with systemd and one without.
        if CACHE.exists() and len(list(CACHE.iterdir())) > 1:
            shutil.rmtree(CACHE)
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(words)}",
                        "bookworm", fresh], check=True)
        fresh.rename(folder)
    return folder


def hierarchies(mounts, groups):
    """Mount point, kind, options and own group of each hierarchy of control groups.

    `mounts` is /proc/self/mountinfo, `groups` /proc/self/cgroup: `4:memory:/own`, and `0::/own` of version 2.
    """
    own = dict(line.split(":", 2)[1:] for line in groups.splitlines())
    for line in mounts.splitlines():
        before, after = line.split(" - ")
        kind, _, options = after.split(" ")
        if kind == "cgroup2":
            yield before.split(" ")[4], kind, "", own.get("", "/")
        if kind == "cgroup":
            words = [word for word in options.split(",") if word.startswith("name=") or word in CONTROLLERS]
            group = own.get(",".join(words), "/")
            yield before.split(" ")[4], kind, ",".join((["none"] if words[0].startswith("name=") else []) + words), group


class Debian:
    """One trial's copy of a base. `shared` are folders of the host that it sees, read only: {folder: place inside}."""

    def __init__(self, lower, shared, systemd=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-debian-", dir="/var/tmp"))
        self.root = self.folder / "root"
        for name in ("root", "upper", "work", "lib"):
            (self.folder / name).mkdir()
        # Root of a Machine, who is nobody outside, has to get through.
        self.folder.chmod(0o711)
        self.groups, words = [], ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"]
        if systemd:
            system, first = list(self.control_groups()), FIRST_PROCESS
            words.append("--cgroup")
        else:
            system, first = [f"mount --rbind /sys {self.root}/sys"], "exec sleep infinity"
        lines = [
            f"mount -t overlay -o lowerdir={lower},upperdir={self.folder}/upper,workdir={self.folder}/work overlay {self.root}",
            f"mount -t proc proc {self.root}/proc", f"mount --rbind /dev {self.root}/dev",
            f"mount -t tmpfs -o mode=755 run {self.root}/run", f"mount -t tmpfs -o mode=1777 tmp {self.root}/tmp",
            # No overlay can lie on another: the state has a plain folder.
            f"mkdir {self.root}/var/lib/roost && mount --bind {self.folder}/lib {self.root}/var/lib/roost",
            f"cp /etc/resolv.conf {self.root}/etc/resolv.conf",
            *[f"mkdir -p {self.root}{place} && mount --bind -o ro {path} {self.root}{place}" for path, place in shared.items()],
            *system,
            # No chroot: nobody in one gets a user namespace.
            f"cd {self.root} && mkdir .old && pivot_root . .old && umount -l /.old && rmdir /.old && touch /.ready", first,
        ]
        moves = [f"echo $$ >{group}/cgroup.procs" for group in self.groups]
        script = "\n".join([*moves, 'exec "$@"'])
        self.holder = subprocess.Popen(["sh", "-ec", script, "sh", *words, "sh", "-ec", "\n".join(lines)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.wait("the minimal Debian is mounted", lambda: (self.folder / "upper/.ready").exists())
        child = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()[0]
        spaces = ["--mount", "--pid", "--ipc", "--uts", *(["--cgroup"] if systemd else [])]
        self.inside = ["nsenter", "-t", child, *spaces]
        if systemd:
            self.until("systemd is up", "systemctl is-system-running | grep -q 'running\\|degraded'", 60)

    def control_groups(self):
        """Lines that give systemd a /sys of its own, where it is in control groups of its own, and what it is not to start."""
        yield f"mount -t sysfs sysfs {self.root}/sys"
        all_of_them = list(hierarchies(pathlib.Path("/proc/self/mountinfo").read_text(),
                                       pathlib.Path("/proc/self/cgroup").read_text()))
        if any(kind == "cgroup" for _, kind, _, _ in all_of_them):
            yield f"mount -t tmpfs tmpfs {self.root}/sys/fs/cgroup"
        for place, kind, options, own in all_of_them:
            # A group of version 1 takes nobody in before its processors are set, and systemd makes none there.
            if options != "cpuset":
                self.groups.append(pathlib.Path(place + own) / self.folder.name)
                self.groups[-1].mkdir()
            yield f"mkdir -p {self.root}{place} && mount -t {kind} {f'-o {options}' if options else ''} cgroup {self.root}{place}"
        for unit in NOT_STARTED:
            yield f"ln -sf /dev/null {self.root}/etc/systemd/system/{unit}.service"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.send_signal(signal.SIGKILL)
        self.holder.wait()
        for attempt in range(100):
            try:
                for group in self.groups:
                    for folder in [*sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True), group]:
                        folder.rmdir()
                shutil.rmtree(self.folder)
                return
            except OSError:
                if attempt == 99:
                    raise
                time.sleep(0.1)

    def run(self, line, code=0):
        """A shell line inside; both outputs. Another exit code than `code` ends the trial, with what it said."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        environment |= {name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ}
        done = subprocess.run([*self.inside, "bash", "-c", line], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, check=False, timeout=300)
        if done.returncode != code:
            raise SystemExit(f"{line}\nended with {done.returncode} instead of {code}:\n{done.stdout}")
        return done.stdout

    def start(self, line, log):
        """Starts what goes on; its output goes to a file inside."""
        self.run(f"setsid {line} </dev/null >>{log} 2>&1 &")

    def until(self, what, line, seconds=30):
        """Asks until a shell line ends with 0."""
        self.wait(what, lambda: subprocess.run([*self.inside, "bash", "-c", line], check=False, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL).returncode == 0, seconds)

    def wait(self, what, holds, seconds=30):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self.holder.poll() is not None:
                raise SystemExit(f"not within {seconds} s: {what}")
            time.sleep(0.1)
