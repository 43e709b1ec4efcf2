#!/usr/bin/env python3
"""Measures Roost's edge beside nginx, on one core each in turn, and prints one table of ratios.

Usage: bench_edge.py BIN_DIR [--rounds N] [--seconds N] [--only ROW,…] [--json FILE]
"""
import argparse
import json
import pathlib
import signal
import subprocess
import sys

from lab import edge_rows, figures
from lab.figures import Figure, median
from lab.instance import Failure, Instance


def figure(row, samples):
    what, unit, reach = edge_rows.ROWS[row]
    cost = {name: median([each[0] for each in values]) for name, values in samples.items()}
    rate = {name: median([each[1] for each in values]) for name, values in samples.items()}
    ratio = cost["roost"] / cost["nginx"] if cost["nginx"] > 0 else 0
    speed = f" ({rate['roost']:,.0f} and {rate['nginx']:,.0f} a second)" if rate["nginx"] else ""
    measured = f"{cost['roost']:.2f} and {cost['nginx']:.2f} {unit}{speed}: ×{ratio:.2f}"
    limit = {"idle": 10, "idle_tls": 40}.get(row)
    if limit is not None:
        return Figure(what, measured, f"{limit} KB", cost["roost"] / limit, {"samples": samples})
    return Figure(what, measured, f"×{reach:.2f}", ratio / reach, {"samples": samples})


def main():
    parser = argparse.ArgumentParser(description="Measure Roost's edge beside nginx.")
    parser.add_argument("bin_dir", help="where roostd is, for example .build/release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--only", default=",".join(edge_rows.ROWS), help=f"of {', '.join(edge_rows.ROWS)}")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    arguments = parser.parse_args()
    rows = arguments.only.split(",")
    if unknown := set(rows) - set(edge_rows.ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = figures.machine()
    instance = Instance(arguments.bin_dir)
    try:
        samples = edge_rows.measure(instance, rows, arguments.rounds, arguments.seconds)
    except (Failure, subprocess.SubprocessError, OSError) as problem:
        sys.exit(f"not measured: {problem}\n{instance.log_tail('edge') if (instance.root / 'edge.log').exists() else ''}")
    finally:
        instance.remove()
    found = [figure(row, samples[row]) for row in rows]
    print(f"\n{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
          f"load before {machine['load_before']}; Roost's edge and nginx, in this order\n")
    print(figures.table(found))
    if arguments.json:
        report = {"machine": machine, "figures": [vars(each) for each in found]}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
