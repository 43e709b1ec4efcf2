#!/usr/bin/env python3
"""Runs the tests of some targets, and those that failed once more by themselves.

Usage: run_tests.py [--at-once N] TARGET...

Most tests that fail only sometimes look at a clock, and two cores that do other things beside are late. So what failed is
asked again with nothing beside it. What fails again has failed; what passes then is named in the last lines, so that it can
be mended. A run that ended without telling which tests failed (a crash, a build that broke) is not repeated.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

#: A change that breaks this many tests did not meet a busy moment.
MOST = 8


def run(patterns, at_once, results):
    """Runs what the patterns match, so many at once; the exit code, and where the results by test stand."""
    command = ["swift", "test", "--skip-build"] + (["--no-parallel"] if at_once == 1 else [])
    for pattern in patterns:
        command += ["--filter", pattern]
    path = os.path.join(results, "tests.xml")
    told = os.path.join(results, "tests-swift-testing.xml")
    if os.path.exists(told):
        os.unlink(told)
    # Without it all tests begin at once, and most of them wait while the first few have the cores.
    environment = os.environ | {"SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH": str(at_once)}
    return subprocess.run(command + ["--xunit-output", path], env=environment).returncode, told


def failures(path):
    """The tests that failed, as `Target.Suite/function()`."""
    try:
        cases = xml.parse(path).getroot().iter("testcase")
    except (OSError, xml.ParseError):
        return []
    return sorted({f"{case.get('classname')}/{case.get('name')}" for case in cases if case.find("failure") is not None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=48, metavar="N", help="tests that run beside each other (48)")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a target of tests, by its whole name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roost-tests-") as results:
        # Anchored: `StoreTests` alone is also the end of names of suites elsewhere.
        code, told = run([f"^({'|'.join(options.targets)})\\."], options.at_once, results)
        if code == 0:
            return 0
        failed = failures(told)
        if not failed or len(failed) > MOST:
            return code
        print(f"Once more, with nothing beside: {', '.join(failed)}", flush=True)
        code, told = run([f"^{re.escape(name)}" for name in failed], 1, results)
        again = failures(told)
    if code != 0:
        print(f"Failed twice: {', '.join(again) or 'see above'}", flush=True)
        return code
    for name in failed:
        print(f"Passed only by itself, to be mended: {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
