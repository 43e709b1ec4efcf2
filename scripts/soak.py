#!/usr/bin/env python3
"""Deploys and destroys an app a hundred times, under load on another, and looks for anything that is left behind.

Usage: soak.py BIN_DIR [--cycles N]
"""
import argparse
import signal
import subprocess
import sys
import time

from lab import projects, traces
from lab.figures import percentile
from lab.instance import Failure, Instance, eventually
from lab.load import Load

#: Allocators and caches take their size in these; only what comes after them counts as growth.
WARM_UP = 0.2
MEMORY_TOLERANCE = 0.2
#: What may still be on its way when the last `destroy` has returned.
SETTLE_S = 15


def cycle(instance, folder, number):
    """One life of an app with a volume, of a name and a source that no cycle before had."""
    project = projects.small(folder, f"cycle{number}", volume=True)
    with open(project / "server.py", "a") as source:
        source.write(f"# {number}\n")
    instance.roost("deploy", project)
    # Through the edge, and down to the volume.
    instance.first_byte(project.name, "/write")
    instance.roost("apps", "destroy", project.name, "--yes")


def daemons(instance):
    return {role: traces.daemon(instance.pid(role)) for role in ("serve", "edge")}


def settle(instance, before):
    """What is left beyond `before`, once that has stopped to become less."""
    try:
        eventually("nothing is left", lambda: not traces.look(instance).beyond(before), limit=SETTLE_S)
    except Failure:
        pass
    return traces.look(instance).beyond(before)


def growth(before, after):
    """What the daemons hold beyond `before`."""
    problems = []
    for role, was in before.items():
        now = after[role]
        # Sockets of pooled connections come and go; a leak of one a cycle is far beyond that.
        if now["descriptors"] > was["descriptors"] + 8:
            problems.append(f"{role}: {was['descriptors']} descriptors became {now['descriptors']}")
        if now["rss_mb"] > was["rss_mb"] * (1 + MEMORY_TOLERANCE):
            problems.append(f"{role}: {was['rss_mb']:.1f} MB became {now['rss_mb']:.1f} MB")
    return problems


def soak(instance, cycles):
    """Returns what is wrong, and a line on what was seen."""
    folder = instance.root / "projects"
    instance.roost("deploy", projects.small(folder, "steady"))
    warm_up = max(int(cycles * WARM_UP), 2)
    start = time.monotonic()
    with Load(instance.port, "steady") as load:
        for number in range(cycles):
            if number == warm_up:
                before, held, images = traces.look(instance), daemons(instance), traces.image_cache_mb(instance)
            cycle(instance, folder, number)
            if sys.stderr.isatty():
                print(f"\r{number + 1}/{cycles}", end="", file=sys.stderr, flush=True)
        took = time.monotonic() - start
        left = settle(instance, before)
        after = daemons(instance)
        more_mb = traces.image_cache_mb(instance) - images
    problems = left + growth(held, after)
    if load.failed:
        problems.append(f"load: {load.failed} of {load.total} requests failed: {dict(load.results)}")
    sizes = ", ".join(
        f"{role} {held[role]['rss_mb']:.0f} → {after[role]['rss_mb']:.0f} MB, "
        f"{held[role]['descriptors']} → {after[role]['descriptors']} descriptors" for role in held)
    line = (
        f"{cycles} cycles in {took:.0f} s; {load.total} requests beside them, {load.failed} failed, "
        f"p99 {percentile(load.latencies_ms, 0.99):.1f} ms; {sizes}; build cache +{more_mb:.1f} MB, kept by age")
    return problems, line


def main():
    parser = argparse.ArgumentParser(description="Deploy and destroy again and again; look for what is left.")
    parser.add_argument("bin_dir", help="where roost and roostd are, for example .build/release")
    parser.add_argument("--cycles", type=int, default=100, help="at least 5")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Instance(arguments.bin_dir) as instance:
            problems, line = soak(instance, max(arguments.cycles, 5))
    except (Failure, subprocess.SubprocessError, OSError) as error:
        sys.exit(f"soak: {error}")
    for problem in problems:
        print(f"soak: left behind: {problem}", file=sys.stderr)
    print(f"soak: {'FAILED' if problems else 'nothing left behind'}: {line}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
