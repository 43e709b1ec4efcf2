#!/usr/bin/env python3
"""Measures `roost launch --plan --json` and `roost audit` beside the checkers that a user would run instead.

Usage: bench_scan.py BIN_DIR [FOLDER …] [--rounds N] [--json FILE] [--tools]

Without folders: on a large project of our own making (`lab/large_project.py` says its shape) and on `examples/notes`.
With folders: on those; `--tools` runs the other checkers there too. Prints Markdown.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from lab import figures, large_project

VALIDATORS = pathlib.Path("/opt/roost-tools/validators/bin")
SKIPPED = {".git", "node_modules", ".venv", "venv", "site-packages", "__pycache__"}
LIMIT_S = 300


@dataclasses.dataclass
class Run:
    seconds: float
    #: Of all its processes together, at the moment when it was highest.
    peak_mb: float


def resident(root):
    """Bytes that a process and its descendants hold."""
    total, waiting = 0, [root]
    while waiting:
        one = waiting.pop()
        try:
            total += int(pathlib.Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += pathlib.Path(f"/proc/{one}/task/{task}/children").read_text().split()
        except OSError:
            continue  # it has ended
    return total


def measure(words, folder):
    """One run; the codes of checkers are 0 for nothing found and 1, 2 for something."""
    begin, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(words, cwd=folder, stdout=output, stderr=output)
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.004)
            if time.perf_counter() - begin > LIMIT_S:
                process.kill()
        seconds = time.perf_counter() - begin
        if process.returncode not in (0, 1, 2):
            output.seek(0)
            sys.exit(f"{' '.join(words)} ended with {process.returncode}: {output.read()[-400:].decode(errors='replace')}")
    return Run(seconds, peak / 1e6)


def shape(folder):
    """Python files, other files, megabytes of Python: those that a scan may look at."""
    python = other = size = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            if name.endswith(".py"):
                python += 1
                path = pathlib.Path(parent, name)
                size += path.stat().st_size if path.is_file() else 0
            else:
                other += 1
    return python, other, size / 1e6


def commands(roost, folder, with_tools):
    """What is measured: a name and its words."""
    rows = [
        ("roost launch --plan --json", [roost, "launch", ".", "--plan", "--json"]),
        ("roost audit", [roost, "audit", ".", "--format", "json"]),
    ]
    if not with_tools:
        return rows
    dockerfiles = [
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*Dockerfile*"))
        if path.is_file() and not SKIPPED & set(path.parts)
    ]
    skipped = ",".join(f"./{name}" for name in sorted(SKIPPED)) + ",./web/node_modules"
    tools = [
        ("ruff check --select S,FAST", ["ruff", "check", "--no-cache", "--select", "S,FAST", "."]),
        ("bandit -r", ["bandit", "-q", "-r", ".", "-x", skipped]),
        ("hadolint", ["hadolint", *dockerfiles] if dockerfiles else []),
    ]
    for name, words in tools:
        if words and (VALIDATORS / words[0]).exists():
            rows.append((name, [str(VALIDATORS / words[0]), *words[1:]]))
    return rows


def bench(roost, folder, rounds, with_tools):
    """Each command in turn, so that what else the host does hits all of them; the first round warms the disk's cache."""
    rows = commands(roost, folder, with_tools)
    runs = {name: [] for name, _ in rows}
    for number in range(rounds + 1):
        for name, words in rows:
            run = measure(words, folder)
            if number > 0:
                runs[name].append(run)
    return {
        name: {
            "seconds": statistics.median(run.seconds for run in each), "all": [round(run.seconds, 3) for run in each],
            "peak_mb": max(run.peak_mb for run in each),
        }
        for name, each in runs.items()
    }


def show(name, counts, result):
    python, other, size = counts
    audit = result["roost audit"]["seconds"]
    print(f"\n{name}: {python:,} Python files ({size:.1f} MB), {other:,} others\n")
    print("| what | median | peak memory | time / audit's |\n|---|---|---|---|")
    for what, row in result.items():
        print(f"| `{what}` | {row['seconds']:.2f} s | {row['peak_mb']:.0f} MB | ×{row['seconds'] / audit:.2f} |")


def show_folders(results):
    print("\n| project | Python files | others | scan | peak | audit | peak |\n|---|---|---|---|---|---|---|")
    for name, (python, other, _), result in sorted(results, key=lambda one: -one[1][0] - one[1][1]):
        scan, audit = result["roost launch --plan --json"], result["roost audit"]
        print(
            f"| {name} | {python:,} | {other:,} | {scan['seconds']:.2f} s | {scan['peak_mb']:.0f} MB "
            f"| {audit['seconds']:.2f} s | {audit['peak_mb']:.0f} MB |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--tools", action="store_true")
    options = parser.parse_intermixed_args()
    roost = str((options.binaries / "roost").resolve())
    load, results = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="roost-scan-") as scratch:
        folders = [folder.resolve() for folder in options.folders]
        if not folders:
            notes = pathlib.Path(__file__).resolve().parent.parent / "examples" / "notes"
            folders = [large_project.make(f"{scratch}/large"), pathlib.Path(shutil.copytree(notes, f"{scratch}/notes"))]
        with_tools = options.tools or not options.folders
        for folder in folders:
            results.append((folder.name, shape(folder), bench(roost, folder, options.rounds, with_tools)))
    host = figures.machine()
    print(
        f"{host['cpu']}, {host['cores']} cores, {host['memory_gib']} GiB, Linux {host['kernel']}; load before "
        f"{load:.1f}, after {os.getloadavg()[0]:.1f}; median of {options.rounds}"
    )
    if with_tools:
        for name, counts, result in results:
            show(name, counts, result)
    else:
        show_folders(results)
    if options.json:
        options.json.write_text(json.dumps({name: {"shape": counts, **rows} for name, counts, rows in results}, indent=1))


if __name__ == "__main__":
    main()
