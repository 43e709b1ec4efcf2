#!/usr/bin/env python3
"""Sends requests, well and badly formed, through Roost's edge and nginx to a backend that writes down what comes, and explains each difference.

Usage: edge_difference.py BIN_DIR [--count N] [--show] [--json FILE]

It fails when there is a difference that it can't explain, or when the edge passes on what two readers may take in two ways.
"""
import argparse
import collections
import json
import pathlib
import signal
import sys

from lab import difference
from lab.instance import Failure, Instance
from lab.protocol import Bench


def main():
    parser = argparse.ArgumentParser(description="Compare what Roost's edge and nginx make of the same requests.")
    parser.add_argument("bin_dir", help="where roostd is, for example .build/release")
    parser.add_argument("--count", type=int, default=1200, help="requests beside the known attacks")
    parser.add_argument("--show", action="store_true", help="print an example of each difference")
    parser.add_argument("--json", metavar="FILE", help="write all differences")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    instance = Instance(arguments.bin_dir, log_level="error")
    try:
        with Bench(instance) as bench:
            found = bench.differences(arguments.count)
    except (Failure, OSError) as problem:
        sys.exit(f"not compared: {problem}")
    finally:
        instance.remove()
    return report(found, arguments)


def report(found, arguments):
    reasons = collections.defaultdict(list)
    for name, data, reason, roost, nginx in found:
        reasons[reason].append((name, data, roost, nginx))
    unknown, same = reasons.pop(None, []), reasons.pop("", [])
    doubtful = [each for each in found if any(method == "doubtful" for method, _, _ in each[3].passed)]
    print(f"{len(found)} requests: {len(same)} alike, {sum(map(len, reasons.values()))} explained, {len(unknown)} not explained\n")
    for reason, cases in sorted(reasons.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(cases):5}  {reason}")
        if arguments.show:
            tell(*cases[0])
    for case in unknown:
        print(f"not explained: {case[0]}")
        tell(*case)
    for name, data, _, roost, nginx in doubtful:
        print(f"the edge passes on what can be read in two ways: {name}")
        tell(name, data, roost, nginx)
    if arguments.json:
        every = [{"name": name, "request": data.decode("latin1"), "reason": reason, "roost": str(roost), "nginx": str(nginx)}
                 for name, data, reason, roost, nginx in found]
        pathlib.Path(arguments.json).write_text(json.dumps(every, indent=2) + "\n")
    return 1 if unknown or doubtful else 0


def tell(name, data, roost, nginx):
    print(f"         {name}: {data[:300]!r}\n         roost {roost}\n         nginx {nginx}")


if __name__ == "__main__":
    sys.exit(main())
