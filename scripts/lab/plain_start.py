"""How long a Machine takes to start without Roost: its very bundle, started by the same runtime, and nothing else."""
import json
import os
import shutil
import subprocess
import time

from lab.instance import Failure


class PlainStart:
    """The bundle of a Machine that runs, started beside it again and again."""

    def __init__(self, instance, machine):
        self.runtime = next((path for path in map(shutil.which, ("crun", "runc")) if path), None)
        if self.runtime is None:
            raise Failure("missing: crun or runc (scripts/install.sh test)")
        self.root, self.bundle = instance.root / "plain", instance.root / "plain-bundle"
        self.bundle.mkdir()
        config = instance.bundle(machine)
        for namespace in config["linux"]["namespaces"]:
            # A network of its own, without anything in it.
            namespace.pop("path", None)
        # Of its own place in the tree, and of a device that it has not.
        for key in ("cgroupsPath", "sysctl"):
            config["linux"].pop(key, None)
        (self.bundle / "config.json").write_text(json.dumps(config))
        self.number = 0

    def call(self, *words, **options):
        return subprocess.run(
            [self.runtime, "--root", self.root, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, timeout=60, **options)

    def run(self):
        """Starts one; returns its name, and the milliseconds until its program runs."""
        self.number += 1
        name = f"plain-{os.getpid()}-{self.number}"
        start = time.perf_counter()
        # What it starts must not hold a pipe of ours open.
        with open(self.bundle / "log", "w") as log:
            outcome = subprocess.run(
                [self.runtime, "--root", self.root, "run", "--detach", "--bundle", self.bundle, name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60)
        took = (time.perf_counter() - start) * 1000
        if outcome.returncode != 0:
            raise Failure(f"{self.runtime} starts no bundle: {(self.bundle / 'log').read_text()}")
        return name, took

    def end(self, name):
        self.call("delete", "--force", name)

    def measure(self):
        """Milliseconds from the command to a program that runs."""
        name, took = self.run()
        self.end(name)
        return took

    def execs(self, rounds):
        """Milliseconds of `true` in one that runs, each."""
        name, _ = self.run()
        took = []
        try:
            for _ in range(rounds):
                start = time.perf_counter()
                outcome = self.call("exec", name, "true")
                took.append((time.perf_counter() - start) * 1000)
                if outcome.returncode != 0:
                    raise Failure(f"{self.runtime} exec: {outcome.stderr}")
        finally:
            self.end(name)
        return took
