#!/usr/bin/env python3
"""Rolls an app out again and again under mixed load, by each strategy, and counts what its clients saw.

Usage: bench_rollouts.py BIN_DIR [--rounds 20] [--rate 500] [--start 2] [--only NAME,…] [--json FILE]

A row is a strategy with two Machines, or the default one with one Machine and a volume. The load runs in a process of its
own for the whole row; before the first roll-out it runs alone, for the p99 to compare with. A roll-out that fails, a
request that fails and a stream that is cut count against the row, and so does what is over its limit (LIMITS); the exit
code is 1 then. The limits are for a release build on a host that does nothing else.

Rows plain and plain-one are the same app and load without Roost: two processes, or one, behind nginx, restarted one after
the other; their failures count against nobody. Row times deploys changed code without load, and rolls it back.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

from lab.instance import Failure, Instance, need
from lab.plain_restart import PlainRestart

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/IntegrationTests/Fixtures"
STRATEGIES = ["rolling", "canary", "bluegreen", "immediate", "volume"]
PLAIN = {"plain": 2, "plain-one": 1}
ROWS = [*STRATEGIES, *PLAIN, "times"]
#: Seconds of load by itself, before and after.
ALONE = 10
#: Seconds that a roll-out may take on average.
PACE = 15
#: What a row may cost: milliseconds of p99 beyond the load alone, seconds that requests are held where nothing else can take
#: them, seconds beyond the app's own start (twice, once).
LIMITS = {"p99_ms": 10, "held_s": 1, "deploy_s": 3, "rollback_s": 2}


def project(folder, row, greeting, start=0):
    """A project folder with the target app; each greeting is another release."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "target.py").write_text(f"# {greeting}\n" + (FIXTURES / "target.py").read_text())
    strategy = row if row in STRATEGIES and row != "volume" else "rolling"
    mounts = '\n[[mounts]]\n  source = "data"\n  destination = "/data"\n' if row == "volume" else ""
    (folder / "fly.toml").write_text(f"""app = "{row}"
kill_timeout = "2s"
[env]
  GREETING = "{greeting}"
  START_S = "{start}"
[deploy]
  strategy = "{strategy}"
[processes]
  app = "python3 target.py"
[http_service]
  processes = ["app"]
  internal_port = 8080
  [http_service.concurrency]
    soft_limit = 400
  [[http_service.checks]]
    path = "/health"
    interval = "2s"
    timeout = "2s"
    grace_period = "1s"
{mounts}""")
    return folder


def load(port, row, seconds, rate):
    words = [sys.executable, FIXTURES / "mixed.py", str(port), f"{row}.localhost", str(seconds), str(rate)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def report(process, limit):
    out, err = process.communicate(timeout=limit)
    if process.returncode != 0:
        raise Failure(f"the load ended with {process.returncode}: {err[-400:]}")
    return json.loads(out)


def measure(row, port, rounds, rate, roll):
    """Calls `roll` with each round's number, under load for as long as it takes."""
    alone = report(load(port, row, ALONE, rate), ALONE + 120)
    times, missing = [], 0
    # More rounds than fit into it would be cut off; fewer are waited for.
    seconds = ALONE + rounds * PACE
    running = load(port, row, seconds, rate)
    begin = time.monotonic()
    for number in range(1, rounds + 1):
        if time.monotonic() - begin > seconds - PACE:
            missing = rounds - number + 1
            break
        start = time.monotonic()
        roll(number)
        times.append(time.monotonic() - start)
    seen = report(running, seconds + 300)
    return {
        "row": row, "rounds": len(times), "missing": missing, "failed": seen["failed"], "requests": seen["requests"],
        "results": seen["results"], "p99_ms": seen["p99_ms"], "p99_alone_ms": alone["p99_ms"],
        "max_ms": seen["max_ms"], "deploy_s": median(times), "alone": alone["results"],
    }


def by_roost(instance, row, rounds, rate):
    folder = instance.root / "projects" / row
    instance.roost("deploy", project(folder, row, "r0"))
    said, held = [], []

    def roll(number):
        text = instance.roost("deploy", "--no-audit", project(folder, row, f"r{number}"))
        said[:] = [line.strip() for line in text.splitlines() if "during the roll-out" in line]
        held.extend(float(seconds) for seconds in re.findall(r"requests were held for ([0-9.]+) s", text))

    figures = measure(row, instance.port, rounds, rate, roll)
    instance.roost("apps", "destroy", row, "--yes")
    over = []
    if figures["p99_ms"] > figures["p99_alone_ms"] + LIMITS["p99_ms"]:
        over.append(f"p99 is more than {LIMITS['p99_ms']} ms over that of the load alone")
    if max(held, default=0) > LIMITS["held_s"]:
        over.append(f"requests were held for more than {LIMITS['held_s']} s")
    return figures | {"said": said, "held_s": max(held, default=0), "over": over}


def by_hand(instance, row, rounds, rate):
    with PlainRestart(instance.root / row, FIXTURES / "target.py", PLAIN[row]) as plain:
        return measure(row, plain.port, rounds, rate, lambda _: plain.roll())


def times(instance, rounds, start):
    """Seconds of a redeploy of changed code on two Machines, and of the way back, beside the app's own start."""
    folder = instance.root / "projects" / "times"
    instance.roost("deploy", project(folder, "times", "r0", start))
    deploys, returns = [], []
    for number in range(1, rounds + 1):
        begin = time.monotonic()
        instance.roost("deploy", "--no-audit", project(folder, "times", f"r{number}", start))
        deploys.append(time.monotonic() - begin)
        begin = time.monotonic()
        instance.roost("releases", "rollback", "-a", "times")
        returns.append(time.monotonic() - begin)
    instance.roost("apps", "destroy", "times", "--yes")
    figures = {"row": "times", "rounds": rounds, "deploy_s": median(deploys), "rollback_s": median(returns), "over": []}
    for what, starts in ("deploy_s", 2), ("rollback_s", 1):
        limit = LIMITS[what] + starts * start
        if figures[what] > limit:
            figures["over"].append(f"{what[:-2]} takes more than {limit:g} s")
    return figures | {"start_s": start}


def median(seconds):
    return round(sorted(seconds)[len(seconds) // 2], 1) if seconds else None


def show(figures):
    if figures["row"] == "times":
        print(
            f"times      {figures['rounds']:3} rounds: redeploy of two Machines {figures['deploy_s']} s, rollback "
            f"{figures['rollback_s']} s, of an app that takes {figures['start_s']:g} s to start", flush=True)
        return show_over(figures)
    print(
        f"{figures['row']:10} {figures['rounds']:3} roll-outs, {figures['requests']} requests, {figures['failed']} failed, "
        f"p99 {figures['p99_ms']} ms (alone {figures['p99_alone_ms']}), longest {figures['max_ms']} ms, "
        f"each {figures['deploy_s']} s"
        + (f", held for at most {figures['held_s']} s" if figures.get("held_s") else ""), flush=True)
    show_over(figures)
    if figures["failed"] or figures["missing"]:
        print(f"  {figures['results']} {figures['missing']} roll-outs not done", flush=True)


def show_over(figures):
    for line in figures.get("over", []):
        print(f"  OVER: {line}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--start", type=float, default=2)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    need("runc", "conmon", "nft")
    rows = []
    with Instance(options.bin_dir) as instance:
        for row in options.only.split(","):
            if row == "times":
                rows.append(times(instance, options.rounds, options.start))
            elif row in PLAIN:
                rows.append(by_hand(instance, row, options.rounds, options.rate))
            else:
                rows.append(by_roost(instance, row, options.rounds, options.rate))
            show(rows[-1])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    ours = [row for row in rows if row["row"] not in PLAIN]
    return 1 if any(row.get("failed") or row.get("missing") or row["over"] for row in ours) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"bench_rollouts: {failure}")
