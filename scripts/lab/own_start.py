"""How long an app takes to start without Roost: same files, command, environment and user, in a plain chroot.

As a program, it runs inside namespaces of its own, which take everything away again when it ends.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from lab.instance import Failure, copy_tree, first_byte

INIT = "/.fly/init"
SCRIPTS = pathlib.Path(__file__).resolve().parents[1]


class OwnStart:
    """A copy of a running Machine's root and volumes, started again and again."""

    def __init__(self, instance, machine, port, path):
        bundle = instance.bundle(machine)
        process = bundle["process"]
        self.folder = instance.root / "own"
        self.folder.mkdir()
        copy_tree(bundle["root"]["path"], self.folder / "root")
        volumes = []
        for mount in bundle["mounts"]:
            if mount["source"].startswith(str(instance.state / "volumes")):
                copy = self.folder / f"volume{len(volumes)}"
                copy_tree(mount["source"], copy)
                volumes.append((str(copy), mount["destination"]))
        arguments = process["args"]
        self.order = {
            "root": str(self.folder / "root"), "volumes": volumes, "cwd": process["cwd"], "port": port, "path": path,
            "arguments": arguments[2:] if arguments[0] == INIT else arguments,
            "environment": dict(pair.split("=", 1) for pair in process["env"]),
            "uid": process["user"]["uid"], "gid": process["user"]["gid"],
        }

    def measure(self):
        """Milliseconds from exec to the first byte of a 200."""
        # A network of its own, because the app wants the port that its command names.
        wrapper = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        outcome = subprocess.run(
            [*wrapper, sys.executable, "-m", "lab.own_start"], cwd=SCRIPTS, input=json.dumps(self.order),
            capture_output=True, text=True, timeout=60)
        if outcome.returncode != 0:
            raise Failure(f"the app does not start outside Roost: {outcome.stderr}")
        return float(outcome.stdout)


def main():
    order = json.load(sys.stdin)
    root = pathlib.Path(order["root"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mounts = [["-t", "proc", "proc", root / "proc"], ["--rbind", "/dev", root / "dev"]]
    mounts += [["--bind", source, root / destination.lstrip("/")] for source, destination in order["volumes"]]
    for mount in mounts:
        subprocess.run(["mount", *mount], check=True)

    def enter():
        os.chroot(root)
        os.chdir(order["cwd"])
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])

    start = time.perf_counter()
    app = subprocess.Popen(
        order["arguments"], env=order["environment"], preexec_fn=enter, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    while True:
        try:
            first_byte(order["port"], "localhost", order["path"], 10)
            break
        except (OSError, Failure):
            if app.poll() is not None or time.perf_counter() - start > 40:
                raise
            time.sleep(0.001)
    print((time.perf_counter() - start) * 1000)
    # As Roost stops it, so that the next start finds the same files.
    app.send_signal(signal.SIGTERM)
    app.wait(10)


if __name__ == "__main__":
    main()
