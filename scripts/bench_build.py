#!/usr/bin/env python3
"""Builds both products from nothing and prints what each module cost in CPU seconds (user + system).

Usage: bench_build.py [--scratch-path FOLDER] [--json FILE] [--rows N] [-- OPTION …]

The folder is emptied first, but for the dependencies' sources; what follows `--` goes to `swift build` as it is. Seconds
on the clock depend on what else the host does; CPU seconds hardly do, so those are what a change is judged by.
"""
import argparse
import collections
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
#: Stands in for a compiler: runs it and writes down what it and its children cost. SwiftPM starts one a module or file
#: of C.
STAND_IN = r"""#!/bin/bash
exec 3>&1 4>&2
TIMEFORMAT="%U %S"
cost=$({ time "{compiler}" "$@" 1>&3 2>&4; } 2>&1; exit $?)
code=$?
printf '%s\0' "$cost" "$@" | tr '\0' '\t' >>"{log}"
echo >>"{log}"
exit $code
"""


def stand_in(folder, name, log):
    """A script that runs a compiler of the toolchain and writes down its cost."""
    compiler = pathlib.Path(shutil.which("swift")).resolve().parent / name
    script = folder / name
    script.write_text(STAND_IN.replace("{compiler}", str(compiler)).replace("{log}", str(log)))
    script.chmod(0o755)
    return script


def module(words):
    """The module that a command line of a compiler is for, and what the command makes of it."""
    if "-module-name" in words:
        name = words[words.index("-module-name") + 1]
        return (name, "link") if "-emit-executable" in words else (name, "compile")
    for word in words:
        for part in pathlib.PurePath(word).parts:
            if part.endswith(".build") and part != ".build":
                return part.removesuffix(".build"), "compile"
    return "manifests, probes", "other"


def costs(log):
    """CPU seconds of each module, from the stand-ins' lines."""
    found = collections.Counter()
    for line in log.read_text().split("\n"):
        cost, _, rest = line.partition("\t")
        if cost:
            name, what = module(rest.split("\t"))
            found[name if what != "link" else f"{name} (link)"] += sum(map(float, cost.split()))
    return found


def sources():
    """Modules of this package, to tell them from those of dependencies."""
    return {folder.name for folder in (ROOT / "Sources").iterdir() if folder.is_dir()}


def build(scratch, options, folder):
    """One build from nothing; returns the cost of each module, of all, and seconds on the clock."""
    for kind in ("release", "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "build.db"):
        path = scratch / kind
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    log = folder / "costs"
    log.touch()
    environment = {**os.environ, "SWIFT_EXEC": str(stand_in(folder, "swiftc", log)),
                   "CC": str(stand_in(folder, "clang", log))}
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["swift", "build", "-c", "release", "--scratch-path", str(scratch), *options]
    code = subprocess.run(words, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        sys.exit(f"{' '.join(words)} ended with {code}")
    total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return costs(log), total, time.monotonic() - begin


def show(found, total, seconds, rows):
    own = sources()
    ours = sum(cost for name, cost in found.items() if name.split(" ")[0] in own)
    print(f"\n{total / 60:.1f} CPU minutes in {seconds / 60:.1f} min; load after it {os.getloadavg()[0]:.1f}; own modules "
          f"{ours:.0f} s, dependencies {sum(found.values()) - ours:.0f} s\n")
    print("| module | CPU seconds | of all |\n|---|---|---|")
    for name, cost in found.most_common(rows):
        print(f"| `{name}` | {cost:.1f} | {cost / total:.0%} |")
    rest = found.most_common()[rows:]
    print(f"| {len(rest)} others | {sum(cost for _, cost in rest):.1f} | {sum(cost for _, cost in rest) / total:.0%} |")
    print(f"| SwiftPM itself | {total - sum(found.values()):.1f} | {1 - sum(found.values()) / total:.0%} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch-path", type=pathlib.Path, default=ROOT / ".build" / "bench")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=25)
    parser.add_argument("options", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roost-build-") as folder:
        found, total, seconds = build(options.scratch_path.resolve(), options.options, pathlib.Path(folder))
    show(found, total, seconds, options.rows)
    if options.json:
        options.json.write_text(json.dumps({"cpu_s": total, "clock_s": seconds, "modules": found}, indent=1))


if __name__ == "__main__":
    main()
