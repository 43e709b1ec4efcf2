"""What of an instance exists on this machine: in the kernel, on the disk, in its store, in its daemons."""
import dataclasses
import pathlib
import sqlite3
import subprocess

from lab.instance import Failure


@dataclasses.dataclass(frozen=True)
class Traces:
    """Lists of names, so that what is left over can be told by name."""

    namespaces: frozenset
    mounts: frozenset
    cgroups: frozenset
    links: frozenset
    rules: frozenset
    processes: frozenset
    files: frozenset
    records: frozenset

    def beyond(self, other):
        """What is here and not there, as lines of text."""
        lines = []
        for field in dataclasses.fields(self):
            left = sorted(getattr(self, field.name) - getattr(other, field.name))
            if left:
                more = f" and {len(left) - 5} more" if len(left) > 5 else ""
                lines.append(f"{field.name}: {', '.join(left[:5])}{more}")
        return lines


def look(instance):
    name = short_name(str(instance.state))
    bridge = f"{name}0"
    mounts = (line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines())
    links = (path.name for path in pathlib.Path("/sys/class/net").iterdir())
    return Traces(
        # A namespace of a build carries a mark after the name, one of a Machine a hyphen.
        namespaces=frozenset(
            path.name for path in children("/run/netns") if path.name.startswith((f"{name}-", f"{name}."))),
        mounts=frozenset(path for path in mounts if path.startswith(f"{instance.root}/")),
        cgroups=frozenset(str(path) for path in cgroups(name)),
        links=frozenset(link for link in links if master(link) == bridge or link.startswith(name)),
        rules=frozenset(line.strip() for line in rules(name)),
        processes=frozenset(processes(instance)),
        files=frozenset(files(instance)),
        records=frozenset(records(instance)),
    )


def short_name(state):
    """As `HostPaths.instance` makes it: FNV-1a of the state folder's path."""
    number = 2_166_136_261
    for byte in state.encode():
        number = (number ^ byte) * 16_777_619 & 0xFFFFFFFF
    return f"r{number & 0xFFFFF:05x}"


def children(folder):
    try:
        return list(pathlib.Path(folder).iterdir())
    except FileNotFoundError:
        return []


def cgroups(name):
    """On version 1 in each hierarchy, on version 2 in the only one."""
    roots = [pathlib.Path("/sys/fs/cgroup"), *children("/sys/fs/cgroup")]
    for slice_folder in (root / name for root in roots if not root.is_symlink()):
        if slice_folder.is_dir():
            yield from (path for path in slice_folder.rglob("*") if path.is_dir())


def master(link):
    try:
        return pathlib.Path(f"/sys/class/net/{link}/master").readlink().name
    except OSError:
        return None


def rules(name):
    outcome = subprocess.run(["nft", "list", "table", "inet", name], capture_output=True, text=True, timeout=30)
    return outcome.stdout.splitlines()


def processes(instance):
    """Those whose command line names a folder of the instance, and all children of its daemons, dead ones too."""
    parents = {instance.pid(role) for role in instance.daemons}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            pid = int(folder.name)
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue  # it has just ended
        if pid not in parents and (str(instance.root) in command or int(parent) in parents):
            yield f"{pid} {state} {command or (folder.name + ' of ' + parent)}"


def files(instance):
    """All but what the image store keeps for the next build, which goes by age; `image_cache_mb` measures that."""
    images = instance.state / "images"
    for top in (instance.state, instance.run):
        for path in top.rglob("*"):
            if images not in path.parents and not path.name.startswith("store.db"):
                yield str(path.relative_to(instance.root))
    for folder in ("tmp", "cache/apps"):
        for path in children(images / folder):
            yield str(path.relative_to(instance.root))


def image_cache_mb(instance):
    outcome = subprocess.run(
        ["du", "-s", "--block-size=1", instance.state / "images"], capture_output=True, text=True, timeout=120)
    return int(outcome.stdout.split()[0]) / 1e6


def records(instance):
    path = instance.state / "store.db"
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as database:
            return [key for (key,) in database.execute("SELECT key FROM entries")]
    except sqlite3.Error as error:
        raise Failure(f"{path} can't be read: {error}") from None


def daemon(pid):
    """Descriptors and resident memory of a process."""
    status = dict(
        line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return {
        "descriptors": len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())),
        "rss_mb": int(status["VmRSS"].split()[0]) * 1024 / 1e6,
    }
