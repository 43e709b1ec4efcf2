#!/usr/bin/env python3
"""Attacks Roost as a client, an app, a stranger's project and a bad night would, and prints one table.

Usage: attack.py BIN_DIR [--part] [--json FILE]

Requests and answers that two readers may take in two ways go through the edge and through nginx, side by side. The rest is
the tests of the package that try the same: each row of the table names what to filter for. `--part` is what CI runs beside
its own tests: the edge and nginx, under five minutes.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

from lab.figures import Figure, table
from lab.instance import Failure, Instance
from lab.protocol import WAYS, Bench, exchange_of_edges

CHUNKS = 40_000
TUNNELLED = 4_000

#: What is tried by tests, and the filter that finds them.
SUITES = {
    "hostile requests, answers and crowds at the edge": "EdgeTests.(Hostile|Disorder|Work|Crowd|Patience|Place|HTTP2Flood|FieldRule)",
    "readers of bytes from outside, damaged inputs": "FuzzTests",
    "inside a Machine: kernel, limits, users": "RuntimeTests.(InsideTests|UserTests|LoopDisk)",
    "neighbours: spoofing, connection table, monitor": "RuntimeTests.NeighbourTests",
    "hostile layers and Dockerfiles": "ImagesTests.(LayerTests|LayerLimitTests|BuilderRootTests|HostileDockerfile)",
    "builds that try the host, its network, its disk": "IntegrationTests.HostileBuildTests",
    "faults under load: kill -9, lost stores, full disks": "IntegrationTests.(CrashTests|LostStoreTests|DiskTests)",
}


def protocol(binaries, ways):
    figures, faults = [], []
    instance = Instance(binaries, log_level="error")
    try:
        with Bench(instance) as bench:
            right, count, wrong = bench.smuggling(ways)
            figures.append(compared(f"requests that pass in one reading only ({', '.join(ways)})", right, count))
            faults += wrong
            right, count, wrong = bench.answers()
            figures.append(compared("malformed answers that reach a client in one reading only", right, count))
            faults += wrong
            figures += chunk_costs(bench, os.path.realpath(binaries).endswith("/release"))
    finally:
        instance.remove()
    return figures, faults


def chunk_costs(bench, is_optimised):
    """One byte at a time: CPU beside nginx's where the build is one that is made for speed, and what eight times as many cost."""
    few, many = bench.chunk_cost(CHUNKS), bench.chunk_cost(8 * CHUNKS)
    # A tick of the clock is 10 ms: a few of them are not told apart.
    ratio = many["roost"] / max(3 * many["nginx"], 0.05) if is_optimised else None
    yield Figure(
        f"CPU of {8 * CHUNKS:,} one-byte chunks", f"{many['roost']:.2f} s, nginx {many['nginx']:.2f} s", "3 × nginx", ratio, many)
    growth = many["roost"] / max(few["roost"], 0.02)
    yield Figure("8 times as many one-byte chunks cost", f"{growth:.1f} times the CPU", "12 times", growth / 12, few)
    few, many = bench.tunnel_cost(TUNNELLED), bench.tunnel_cost(8 * TUNNELLED)
    growth = many / max(few, 0.02)
    yield Figure("8 times as many bytes, one by one through a WebSocket, cost", f"{growth:.1f} times the CPU", "12 times",
                 growth / 12, {"few": few, "many": many})


def exchanged(binaries, keep):
    instance = Instance(binaries, log_level="error")
    try:
        failed, total = exchange_of_edges(instance, keep, rate=500, times=5)
    finally:
        instance.remove()
    return Figure("requests lost while the edge is exchanged 5 times, 500/s", f"{failed} of {total}", "0", float(failed > 0) * 2)


def compared(what, right, count):
    text = f"{right['roost']} of {count}, nginx {right['nginx']}"
    return Figure(what, text, "all", count / max(right["roost"], 0.5), {"right": right, "count": count})


def suite(what, pattern):
    """Runs tests; the figure says how many passed."""
    start = time.monotonic()
    outcome = subprocess.run(
        ["swift", "test", "--skip-build", "--no-parallel", "--filter", pattern], capture_output=True, text=True,
        env=os.environ | {"ROOST_FUZZ_SECONDS": "5"})
    text = outcome.stdout + outcome.stderr
    total = sum(map(int, re.findall(r"Test run with (\d+) tests?", text)))
    failed = sorted(set(re.findall(r'Test "?(?!run with )(.*?)"? (?:with \d+ test cases )?failed after', text)))
    took = time.monotonic() - start
    ratio = 1.0 if total > 0 and outcome.returncode == 0 else 2.0
    figure = Figure(what, f"{total - len(failed)} of {total} tests ({took:.0f} s)", "all", ratio)
    return figure, [f"{pattern}: {name}" for name in failed] or ([] if ratio == 1 else [f"{pattern}: {text[-500:]}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binaries")
    parser.add_argument("--part", action="store_true")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    figures, faults = protocol(arguments.binaries, ["whole"] if arguments.part else list(WAYS))
    figures.append(exchanged(arguments.binaries, os.path.join(os.path.dirname(os.path.abspath(__file__)), "keep.sh")))
    if not arguments.part:
        for what, pattern in SUITES.items():
            print(f"… {what}", file=sys.stderr, flush=True)
            figure, wrong = suite(what, pattern)
            figures.append(figure)
            faults += wrong
    print(table(figures))
    for fault in faults:
        print(f"  wrong: {fault}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump([vars(figure) for figure in figures], file, indent=1)
    return 1 if faults or any(figure.verdict == "missed" for figure in figures) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"attack.py: {failure}", file=sys.stderr)
        sys.exit(2)
