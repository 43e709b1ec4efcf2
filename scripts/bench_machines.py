#!/usr/bin/env python3
"""Measures single Machines at the API, each beside the same without Roost, on an instance of its own.

Usage: bench_machines.py BIN_DIR [--quick] [--json FILE] [--only ROW,…]
"""
import argparse
import concurrent.futures
import json
import pathlib
import signal
import subprocess
import sys
import time

from lab import figures, projects, traces
from lab.figures import Figure, median, percentile, spread
from lab.instance import Failure, Instance, eventually, need
from lab.plain_start import PlainStart

APP = "bench"
ROOT = f"/v1/apps/{APP}/machines"
CLIENTS = 20


class Bench:
    """One host with one app, whose image all Machines have; each runs `sleep`."""

    def __init__(self, instance, quick):
        self.instance = instance
        self.quick = quick
        instance.roost("deploy", "--no-ha", projects.small(instance.root / "projects", APP))
        # The first one unpacks what all others find.
        self.steady = self.started(self.make())
        self.plain = PlainStart(instance, self.steady)
        self.plain.measure()

    def rounds(self, full, quick):
        return quick if self.quick else full

    # Rows

    def starts(self):
        """Machines from the request to `started`, and the same bundle by the runtime alone, in turn."""
        creates, stopped, plain = [], [], []
        for _ in range(self.rounds(50, 5)):
            begin = time.perf_counter()
            machine = self.started(self.make())
            creates.append(since(begin))
            self.call("POST", f"/{machine}/stop", {"signal": "SIGKILL"})
            self.reach(machine, "stopped")
            begin = time.perf_counter()
            self.call("POST", f"/{machine}/start")
            self.reach(machine, "started")
            stopped.append(since(begin))
            self.call("DELETE", f"/{machine}?force=true")
            plain.append(self.plain.measure())
        alone = median(plain)
        name = pathlib.Path(self.plain.runtime).name
        for what, took, reach in (
            ("create → started", creates, 80), ("start of a stopped Machine → started", stopped, 40),
        ):
            over = median(took) - alone
            yield Figure(
                f"{what}, beyond {name} alone: median", f"{over:.0f} ms", f"{reach} ms", over / reach,
                {"roost_ms": spread(took), "plain_ms": spread(plain)})
            yield Figure(f"  the whole of it, against {name} alone", f"{median(took):.0f} ms, ×{median(took) / alone:.2f}")
        yield Figure(f"  {name} alone", f"{alone:.0f} ms", details=spread(plain))

    def resumes(self):
        """A frozen Machine, from the request to its answer."""
        took = []
        for _ in range(self.rounds(200, 20)):
            self.call("POST", f"/{self.steady}/suspend")
            self.reach(self.steady, "suspended")
            begin = time.perf_counter()
            self.call("POST", f"/{self.steady}/start")
            took.append(since(begin))
        p99 = percentile(took, 0.99)
        yield Figure(f"suspend → resume at the API, p99 of {len(took)}", f"{p99:.1f} ms", "10 ms", p99 / 10, spread(took))
        yield Figure("  median", f"{median(took):.1f} ms")

    def execs(self):
        """`true` in a Machine that runs."""
        took = []
        rounds = self.rounds(50, 5)
        for _ in range(rounds):
            begin = time.perf_counter()
            outcome = self.call("POST", f"/{self.steady}/exec", {"command": ["true"]})
            took.append(since(begin))
            if outcome["exit_code"] != 0:
                raise Failure(f"true: {outcome}")
        plain = self.plain.execs(rounds)
        yield Figure(
            "exec of true, median", f"{median(took):.0f} ms", "30 ms", median(took) / 30,
            {"roost_ms": spread(took), "plain_ms": spread(plain)})
        yield Figure("  against the runtime's own exec", f"{median(plain):.0f} ms, ×{median(took) / median(plain):.2f}")

    def waits(self):
        """From a change to the answer of who waits for it, as the event's own time tells it."""
        took = []
        for _ in range(self.rounds(50, 5)):
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(self.reached_at, "suspended")
                time.sleep(0.05)
                self.call("POST", f"/{self.steady}/suspend")
                answered = waiting.result()
            event = next(each for each in self.call("GET", f"/{self.steady}/events") if each["type"] == "suspend")
            took.append(answered - event["timestamp"])
            self.call("POST", f"/{self.steady}/start")
            self.reach(self.steady, "started")
        yield Figure(
            "a change → the answer of wait, median", f"{median(took):.1f} ms", "5 ms", median(took) / 5, spread(took))

    def many(self):
        """A thousand Machines that are stopped: what they cost, and how long a list of them takes."""
        count = self.rounds(1000, 100)
        time.sleep(5)
        before = traces.daemon(self.instance.pid("serve"))["rss_mb"]
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            made = list(pool.map(lambda _: self.make(skip_launch=True), range(count)))
        time.sleep(5)
        more = traces.daemon(self.instance.pid("serve"))["rss_mb"] - before
        used, begin = cpu_seconds(self.instance.pid("serve")), time.perf_counter()
        time.sleep(self.rounds(30, 5))
        share = (cpu_seconds(self.instance.pid("serve")) - used) / (time.perf_counter() - begin)
        took = []
        for _ in range(self.rounds(50, 5)):
            begin = time.perf_counter()
            if len(self.call("GET", "")) < count:
                raise Failure("the list is not whole")
            took.append(since(begin))
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda each: self.call("DELETE", f"/{each}?force=true"), made))
        yield Figure(f"list of {count} Machines, median", f"{median(took):.0f} ms", "20 ms", median(took) / 20, spread(took))
        yield Figure(f"memory of serve for {count} stopped Machines", f"{more:.1f} MB", "20 MB", more / 20)
        yield Figure("  and of one core, while nothing happens", f"{share * 100:.1f} %")

    def cycles(self):
        """Lives of Machines by many clients at once, and what is left of them."""
        count = self.rounds(1000, 60)
        before = traces.look(self.instance)
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            outcomes = list(pool.map(lambda _: self.life(), range(count)))
        took = time.perf_counter() - begin
        failed = [each for each in outcomes if each]

        def left():
            # The records of destroyed Machines are to be read for an hour.
            return [line for line in traces.look(self.instance).beyond(before) if not line.startswith("records")]

        try:
            eventually("nothing is left", lambda: not left(), limit=30)
        except Failure:
            pass
        rest = left()
        yield Figure(
            f"{count} lives of Machines, {CLIENTS} clients: failed, left behind", f"{len(failed)}, {len(rest)}", "0, 0",
            0 if not failed and not rest else 2, {"failed": failed[:20], "left": rest})
        yield Figure("  a second", f"{count / took:.1f}")

    # Parts

    def life(self):
        """Made, started, stopped, destroyed; returns what went wrong."""
        try:
            machine = self.started(self.make(skip_launch=True), start=True)
            self.call("POST", f"/{machine}/stop", {"timeout": "1s"})
            self.reach(machine, "stopped")
            self.call("DELETE", f"/{machine}")
        except (Failure, OSError) as error:
            return str(error)
        return None

    def call(self, method, path, body=None):
        return self.instance.api(method, ROOT + path, body=body)

    def make(self, **more):
        config = {
            "image": f"roost/{APP}:latest", "init": {"exec": ["sleep", "inf"]}, "restart": {"policy": "no"},
            "stop_config": {"signal": "SIGTERM", "timeout": "1s"},
        }
        return self.call("POST", "", {"config": config, **more})["id"]

    def started(self, machine, start=False):
        if start:
            self.call("POST", f"/{machine}/start")
        self.reach(machine, "started")
        return machine

    def reach(self, machine, state):
        self.call("GET", f"/{machine}/wait?state={state}&timeout=60")

    def reached_at(self, state):
        self.reach(self.steady, state)
        return time.time() * 1000


def since(begin):
    return (time.perf_counter() - begin) * 1000


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


ROWS = ("starts", "resumes", "execs", "waits", "many", "cycles")


def main():
    parser = argparse.ArgumentParser(description="Measure single Machines on this host.")
    parser.add_argument("bin_dir", help="where roost and roostd are, for example .build/release")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first look, no figures to quote")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    parser.add_argument("--only", default=",".join(ROWS), help=f"of {', '.join(ROWS)}; separated by commas")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    need("cp", "nft")
    machine = figures.machine()
    found, problem = [], None
    try:
        with Instance(arguments.bin_dir) as instance:
            bench = Bench(instance, arguments.quick)
            for row in (row for row in ROWS if row in wanted):
                for figure in getattr(bench, row)():
                    found.append(figure)
                    print(f"  {figure.what.strip()}: {figure.measured}", file=sys.stderr, flush=True)
    except (Failure, subprocess.SubprocessError, OSError) as error:
        problem = error
    print(f"\n{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
          f"load before {machine['load_before']}{', quick' if arguments.quick else ''}\n")
    print(figures.table(found))
    if arguments.json:
        report = {"machine": machine, "quick": arguments.quick, "figures": [vars(each) for each in found]}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    if problem is not None:
        sys.exit(f"\nnot everything was measured: {problem}")


if __name__ == "__main__":
    main()
