#!/usr/bin/env python3
"""Measures what docs/benchmarks.md promises, on an instance of its own, and prints one table.

Usage: bench.py BIN_DIR [--quick] [--json FILE] [--only ROW,…]
"""
import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from lab import crowd, figures, projects, proxy_cost
from lab.figures import Figure, median, percentile, spread
from lab.instance import Failure, Instance, need
from lab.own_start import OwnStart

NOTES_PORT = 8080
NOTES_PATH = "/health/ready"
IDLE_APPS = 10
#: A part's end in what `roost deploy` prints, with its seconds.
DONE = re.compile(r"done: (.+) \(([\d.]+)s\)")


class Bench:
    """One host on which the rows are measured, in the order in which they need each other."""

    def __init__(self, instance, quick):
        self.instance = instance
        self.quick = quick
        self.projects = instance.root / "projects"
        self.own_starts = []

    def rounds(self, full, quick):
        return quick if self.quick else full

    # Rows

    def deploys(self):
        """First deploys with an empty cache of packages, then redeploys of one of them."""
        # Makes the base image, which the next deploys find.
        _, base_parts = self.deploy(projects.small(self.projects, "warm-base"))
        self.instance.roost("apps", "destroy", "warm-base", "--yes")
        firsts = []
        for number in range(self.rounds(3, 1)):
            project = projects.notes(self.projects, f"notes{number}")
            # Other dependencies as far as any cache can tell, so that nothing of an earlier round is used again.
            mark = f"\n# Round {number} of the benchmark.\n"
            (project / "pyproject.toml").write_text((project / "pyproject.toml").read_text() + mark)
            took, parts = self.deploy(project)
            self.prove(project.name)
            firsts.append((took, parts))
            if number > 0:
                self.instance.roost("apps", "destroy", project.name, "--yes")
        first_s = median([took for took, _ in firsts])
        yield Figure(
            "first deploy, warm base image, cold dependencies", f"{first_s:.1f} s", "20 s", first_s / 20,
            {"seconds": spread([took for took, _ in firsts]), "parts": [parts for _, parts in firsts],
             "with_base_image": base_parts})

        project, redeploys = self.projects / "notes0", []
        for number in range(self.rounds(5, 2)):
            projects.change_line(project, number)
            took, parts = self.deploy(project)
            self.prove(project.name)
            redeploys.append((took, parts))
            self.start_alone()
        own_s = median(self.own_starts) / 1000
        redeploy_s = median([took for took, _ in redeploys])
        over_s = redeploy_s - own_s
        yield Figure(
            "code-only redeploy, beyond the app's own start", f"{over_s:.2f} s", "2 s", over_s / 2,
            {"redeploy_s": spread([took for took, _ in redeploys]), "own_start_s": own_s,
             "parts": [parts for _, parts in redeploys]})
        yield Figure("  the whole redeploy, command to healthy", f"{redeploy_s:.2f} s")
        yield Figure("  the app's own start, outside Roost", f"{own_s * 1000:.0f} ms", details=spread(self.own_starts))

    def stopped(self):
        """A request that finds its Machine stopped, and in turn the same app started without Roost."""
        machine = self.machine("notes0")
        wakes, own = [], []
        for _ in range(self.rounds(50, 5)):
            self.instance.rest("notes0", machine, "stop", "stopped")
            wakes.append(self.instance.first_byte("notes0", NOTES_PATH))
            own.append(self.start_alone())
        # At the same rank of both: the app's own bad moments are not Roost's.
        over_ms = median(wakes) - median(own)
        over_p99_ms = percentile(wakes, 0.99) - percentile(own, 0.99)
        yield Figure(
            "stopped → first byte, beyond the app's own start: median", f"{over_ms:.0f} ms", "60 ms", over_ms / 60,
            {"wake_ms": spread(wakes), "own_start_ms": spread(own)})
        yield Figure(f"  p99 of {len(wakes)}, of both", f"{over_p99_ms:.0f} ms", "150 ms", over_p99_ms / 150)
        yield Figure("  the whole wake, against the own start", f"{median(wakes):.0f} ms, ×{median(wakes) / median(own):.2f}")

    def suspended(self):
        """A request that finds its Machine frozen."""
        machine = self.machine("notes0")
        wakes = []
        for _ in range(self.rounds(100, 10)):
            self.instance.rest("notes0", machine, "suspend", "suspended")
            wakes.append(self.instance.first_byte("notes0", NOTES_PATH))
        awake = [self.instance.first_byte("notes0", NOTES_PATH) for _ in wakes]
        p99 = percentile(wakes, 0.99)
        yield Figure(
            f"suspended → first byte, p99 of {len(wakes)}", f"{p99:.1f} ms", "12 ms", p99 / 12,
            {"wake_ms": spread(wakes), "awake_ms": spread(awake)})
        yield Figure("  median, and of the same request awake", f"{median(wakes):.1f} ms, {median(awake):.1f} ms")

    def crowded(self):
        """A request that finds its Machine frozen, with ten and with a thousand other apps on the host, in turn."""
        app = "crowded"
        self.deploy(projects.small(self.projects, app), "--no-ha")
        machine = self.machine(app)
        few, many = self.rounds((10, 1000), (10, 100))
        wakes, cpu, idle = {few: [], many: []}, {few: [], many: []}, {few: [], many: []}
        for count in (few, many) * self.rounds(2, 1):
            self.instance.rest(app, machine, "suspend", "suspended")
            crowd.crowd(self.instance, app, count)
            self.instance.first_byte(app)
            idle[count].append(self.cpu_a_second(self.rounds(10, 3)))
            start, used = time.perf_counter(), crowd.cpu_ms(self.instance)
            rounds = self.rounds(50, 10)
            for _ in range(rounds):
                self.instance.rest(app, machine, "suspend", "suspended")
                wakes[count].append(self.instance.first_byte(app))
            spent = crowd.cpu_ms(self.instance) - used
            # What goes on by itself, whether or not somebody is woken, is told apart.
            cpu[count].append((spent - idle[count][-1] * (time.perf_counter() - start)) / rounds)
        crowd.crowd(self.instance, app, 0)
        self.instance.roost("apps", "destroy", app, "--yes")
        for what, values in (("median", wakes), ("processor time of a sleep and a wake", cpu)):
            low, high = median(values[few]), median(values[many])
            yield Figure(
                f"suspended → first byte with {many} apps / with {few}: {what}", f"×{high / low:.2f}", "×1.1",
                high / low / 1.1, {"few": spread(values[few]), "many": spread(values[many])})
            yield Figure("  the two", f"{low:.1f} ms, {high:.1f} ms")
        yield Figure(
            "  processor time a second while nothing happens", f"{median(idle[few]):.1f} ms, {median(idle[many]):.1f} ms")

    def cpu_a_second(self, seconds):
        """Milliseconds of processor time that both daemons use in a second by themselves."""
        before = crowd.cpu_ms(self.instance)
        time.sleep(seconds)
        return (crowd.cpu_ms(self.instance) - before) / seconds

    def memory(self):
        """What both daemons hold while nothing happens; they are the ones that have done all of the above."""
        self.instance.roost("apps", "destroy", "notes0", "--yes")
        for number in range(IDLE_APPS):
            project = projects.small(self.projects, f"idle{number}")
            self.deploy(project, "--no-ha")
        for number in range(IDLE_APPS):
            self.instance.first_byte(f"idle{number}")
        time.sleep(self.rounds(30, 5))
        used = {role: memory(self.instance.pid(role)) for role in ("serve", "edge")}
        total = sum(each["pss"] for each in used.values())
        # The same after a restart, as a host that has only just booted would show it.
        for role in used:
            self.instance.stop(role)
            self.instance.start(role)
        time.sleep(self.rounds(30, 5))
        fresh = {role: memory(self.instance.pid(role)) for role in ("serve", "edge")}
        yield Figure(
            f"memory of serve + edge, {IDLE_APPS} idle apps", f"{total:.0f} MB", "80 MB", total / 80,
            {"megabytes": used, "after_restart": fresh})
        yield Figure("  the same after a restart of both", f"{sum(each['pss'] for each in fresh.values()):.0f} MB")

    # Parts

    def deploy(self, project, *flags):
        """Seconds from command to healthy, and what the command says that its parts took."""
        start = time.perf_counter()
        output = self.instance.roost("deploy", *flags, project)
        took = time.perf_counter() - start
        # Without the Machine's ID, so that rounds can be compared.
        parts = [(re.sub(r" [0-9a-f]{14}", "", name), float(part)) for name, part in DONE.findall(output)]
        return took, parts

    def prove(self, app):
        self.instance.first_byte(app, NOTES_PATH)

    def machine(self, app):
        machines = self.instance.machines(app)
        if len(machines) != 1:
            raise Failure(f"{app} has {len(machines)} Machines, and this needs exactly one")
        return machines[0]["id"]

    def start_alone(self):
        if not hasattr(self, "own"):
            self.own = OwnStart(self.instance, self.machine("notes0"), NOTES_PORT, NOTES_PATH)
            self.own.measure()  # its files are in memory from here on, as the Machine's are
        took = self.own.measure()
        self.own_starts.append(took)
        return took


def memory(pid):
    """Megabytes: in proportion where pages are shared, and all that are resident."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {
        name.lower(): round(int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024 / 1e6, 1)
        for name in ("Pss", "Rss")
    }


def proxied(bin_dir, quick):
    """On an instance that is an edge and nothing else."""
    instance = Instance(bin_dir)
    try:
        results = proxy_cost.measure(instance, rounds=2 if quick else 6, seconds=2 if quick else 5)
    finally:
        instance.remove()
    cost = {name: median([each["cpu_us"] for each in samples]) for name, samples in results.items()}
    rate = {name: median([each["per_second"] for each in samples]) for name, samples in results.items()}
    yield Figure(
        "CPU time of a proxied request: Roost's edge", f"{cost['roost']:.1f} µs", details={"rounds": results})
    yield Figure("  nginx, same core, same backend", f"{cost['nginx']:.1f} µs")
    yield Figure("  edge / nginx", f"×{cost['roost'] / cost['nginx']:.2f}")
    yield Figure("  requests a second: edge, nginx", f"{rate['roost']:.0f}, {rate['nginx']:.0f}")


ROWS = ("deploys", "stopped", "suspended", "crowded", "memory", "proxied")


def measure(arguments, wanted, found):
    with Instance(arguments.bin_dir) as instance:
        bench = Bench(instance, arguments.quick)
        for row in ROWS[:-1]:
            # Most need what the deploys leave behind.
            if row in wanted or row == "deploys" and set(wanted) - {"crowded", "proxied"}:
                collect(getattr(bench, row)(), found)
    if "proxied" in wanted:
        collect(proxied(arguments.bin_dir, arguments.quick), found)


def collect(row, found):
    for figure in row:
        found.append(figure)
        print(f"  {figure.what.strip()}: {figure.measured}", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Measure Roost on this machine.")
    parser.add_argument("bin_dir", help="where roost and roostd are, for example .build/release")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first look, no figures to quote")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    parser.add_argument("--only", default=",".join(ROWS), help=f"of {', '.join(ROWS)}; separated by commas")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    # An end from outside has to take the instance down, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    need("unshare", "ip", "mount", "cp")
    machine = figures.machine()
    found = []
    problem = None
    try:
        measure(arguments, wanted, found)
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
