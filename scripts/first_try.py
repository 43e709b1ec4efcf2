#!/usr/bin/env python3
"""Tries projects as a new user would: launch, deploy, ask, edit, deploy again. Nothing of a checkout is changed.

Usage: first_try.py BIN_DIR FOLDER …                     projects of which nothing is known
       first_try.py BIN_DIR --answers FILE.json          projects whose answers a person read beforehand
       [--only NAME,…] [--keep FOLDER] [--json FILE] [--limit SECONDS] [--service NAME=HOST:PORT:USER:PASSWORD:DATABASE]

Each project is copied aside and deployed to an instance of Roost of its own, whose base image is warm. Then
  roost launch FOLDER --yes --no-deploy [--with SERVICES]   the services that the answers name, where the option exists
  roost deploy FOLDER                                       with the variables that launch asked for
  GET of the health path and one more route                 through the edge
  a comment is added to a source file, roost deploy again, the same requests again
  roost apps destroy                                        of every app that is there
A deploy that fails although all was supplied that launch asked for is tried once more with all the variables of the
answers: what was missing is then for launch to ask.

An answer is an object of `records`: name, checkout, folder (where launch is run), entry (as uvicorn takes it; also
entry_also), health and route (null for none), route_status, services, env (variables with a value to try; ${postgres.host}
stands for a part of a service). Prints a line a project and a table; --json keeps each step, --keep the whole output.
The exit status is 0 whatever the score is, 1 when the instance could not be had.
"""
import argparse
import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lab import attempt as rules
from lab import projects
from lab.instance import Failure, Instance

#: Of one project, if --limit says nothing else.
LIMIT_S = 900
#: An app that a deploy calls healthy has to answer within this.
ANSWER_S = 10
SKIPPED = shutil.ignore_patterns(".git", ".venv", "venv", "node_modules", "__pycache__")


class OutOfTime(Exception):
    """The project took longer than it may."""


class Trial:
    """One project on one instance."""

    def __init__(self, instance, project, options, services):
        self.instance, self.project, self.options, self.services = instance, project, options, services
        self.attempt = rules.Attempt(project.name)
        self.end = time.monotonic() + options.limit
        self.log = None

    def run(self, scratch, log):
        """Never raises for what a project does."""
        self.log = log
        top = pathlib.Path(scratch) / self.project.name
        shutil.copytree(self.project.checkout, top, symlinks=True, ignore=SKIPPED)
        folder = top / self.project.folder
        try:
            self.try_out(folder)
        except OutOfTime as late:
            self.attempt.missing.append(f"no end within {self.options.limit} s: {late}")
            self.cancel(folder)
        return self.attempt

    def cancel(self, folder):
        """Ends the deploy that is still going on: the next project is not to share the host with its build."""
        command = [self.instance.bin / "roost", "deploy", "--cancel", folder]
        subprocess.run(command, env=self.instance.environment, capture_output=True, timeout=60)

    def try_out(self, folder):
        attempt = self.attempt
        folder, facts = self.launch(folder)
        if not attempt.launched:
            return
        self.deploy(folder, "deploy")
        attempt.answered = attempt.deployed and self.ask(folder)
        attempt.wrong_deployed = attempt.deployed and not attempt.answered
        if not attempt.answered:
            left = rules.values_for(self.project, None, self.services)
            unasked = sorted(set(left) - set(self.supplied))
            if not unasked:
                return
            attempt.missing.append(f"launch did not ask for {', '.join(unasked)}")
            self.supply(folder, left)
            again = self.deploy(folder, "deploy again")
            attempt.answered_with_all = again and self.ask(folder)
            if not attempt.answered_with_all:
                return
        if self.edit(folder, facts):
            attempt.redeployed = self.deploy(folder, "redeploy") and self.ask(folder)

    # Steps

    def launch(self, folder):
        """The folder to deploy, as launch says it, and facts; `launched` says whether it went well."""
        known = self.roost("launch", folder, "--plan", "--json", quiet=True)
        try:
            plan = json.loads(known.stdout)
        except ValueError:
            plan = {}
        facts = plan.get("facts") or {}
        entry = facts.get("entry") or {}
        self.attempt.entry, self.attempt.confidence = entry.get("target"), entry.get("confidence")
        self.attempt.entry_right = rules.entry_is_right(self.project, facts)
        words = ["launch", folder, "--yes", "--no-deploy"]
        if self.project.services and self.options.has_with:
            words += ["--with", ",".join(self.project.services)]
        outcome = self.timed("launch", *words)
        self.attempt.launched = outcome.returncode == 0
        if not self.attempt.launched:
            self.attempt.missing += rules.reason(outcome.stderr)
        folder = pathlib.Path(rules.next_folder(outcome.stdout) or folder)
        self.supplied = {}
        names = rules.names_in(plan.get("needed") or [])
        self.supply(folder, rules.values_for(self.project, names, self.services))
        return folder, facts

    def supply(self, folder, values):
        """Sets variables: in the [env] of fly.toml, the one place that every version of Roost reads."""
        config = folder / "fly.toml"
        if not values or not config.exists():
            return
        config.write_text(rules.with_env(config.read_text(), values))
        self.supplied |= values

    def deploy(self, folder, step):
        outcome = self.timed(step, "deploy", folder)
        if step == "deploy":
            self.attempt.deployed = outcome.returncode == 0
        if outcome.returncode != 0:
            self.attempt.missing += rules.reason(outcome.stderr)
        return outcome.returncode == 0

    def ask(self, folder):
        """Whether every path that is known answers as it should."""
        config = folder / "fly.toml"
        app = rules.app_of(config.read_text()) if config.exists() else None
        paths = [path for path in (self.project.health, self.project.route) if path]
        for path in paths:
            self.attempt.statuses[path] = status = self.status(app, path)
            if not rules.is_well(self.project, path, status):
                self.attempt.missing.append(f"GET {path}: {status or 'no answer'}")
                return False
        return bool(paths)

    def status(self, app, path):
        end = min(time.monotonic() + ANSWER_S, self.end)
        status = None
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.instance.port, timeout=ANSWER_S)
            try:
                connection.request("GET", path, headers={"Host": f"{app}.localhost"})
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException):
                status = None
            finally:
                connection.close()
            if (status or 599) < 500 or time.monotonic() > end:
                return status
            time.sleep(0.5)

    def edit(self, folder, facts):
        """Adds a comment to the app's module, or to any other; false when there is none."""
        module = ((facts.get("entry") or {}).get("target") or "").split(":")[0].replace(".", "/")
        sources = sorted(path for path in folder.rglob("*.py") if path.is_file() and not path.is_symlink())
        wanted = [path for path in sources if str(path).endswith((f"{module}.py", f"{module}/__init__.py"))]
        for path in wanted[:1] or sources[:1]:
            with open(path, "a", encoding="utf-8") as file:
                file.write("\n# edited after the first deploy\n")
            return True
        return False

    # Running

    def timed(self, step, *words):
        start = time.monotonic()
        outcome = self.roost(*words)
        self.attempt.seconds[step] = round(time.monotonic() - start, 2)
        return outcome

    def roost(self, *words, quiet=False):
        """A command, bounded by what is left of the project's time; its process group ends with it."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise OutOfTime(" ".join(map(str, words[:1])))
        words = [str(word) for word in words]
        process = subprocess.Popen(
            [self.instance.bin / "roost", *words], env=self.instance.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        try:
            out, error = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, error = process.communicate()
            self.note(words, out, error, "ended: out of time")
            raise OutOfTime(words[0]) from None
        if not quiet:
            self.note(words, out, error, f"exit code {process.returncode}")
        return subprocess.CompletedProcess(words, process.returncode, out, error)

    def note(self, words, out, error, end):
        self.log.write(f"$ roost {' '.join(words)}\n{out}{error}[{end}]\n\n")
        self.log.flush()


def clear(instance):
    """Destroys every app that is there, services for trying out too."""
    answer = json.loads(instance.roost("apps", "list", "--json", limit=60) or "[]")
    for app in answer:
        name = app["name"]
        ended = subprocess.run(
            [instance.bin / "roost", "deploy", "--cancel", "-a", name], env=instance.environment, capture_output=True,
            timeout=60)
        if ended.returncode == 0:
            time.sleep(2)
        try:
            instance.roost("apps", "destroy", name, "--yes", limit=180)
        except (Failure, subprocess.TimeoutExpired) as failure:
            # Throw-aways go with the app that they are for.
            if "Could not find" not in str(failure):
                print(f"{name} could not be destroyed: {failure}", file=sys.stderr)


def warm(instance, scratch):
    """Has the base image made, as on a host that has deployed before."""
    instance.roost("deploy", projects.small(scratch, "warm-base"), limit=900)
    clear(instance)


def measure(options, chosen):
    attempts = []
    keep = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="first-try-", dir="/var/tmp"))
    keep.mkdir(parents=True, exist_ok=True)
    services = dict(rules.parse_service(text) for text in options.service)
    with Instance(options.bin_dir) as instance:
        options.has_with = "--with" in instance.roost("launch", "--help", limit=30)
        with tempfile.TemporaryDirectory(prefix="first-try-", dir="/var/tmp") as scratch:
            warm(instance, scratch)
            for project in chosen:
                with open(keep / f"{project.name}.log", "w", encoding="utf-8") as log:
                    attempts.append(Trial(instance, project, options, services).run(scratch, log))
                print(rules.line(attempts[-1]), flush=True)
                if options.json:
                    text = json.dumps([dataclasses.asdict(one) for one in attempts], indent=1)
                    pathlib.Path(options.json).write_text(text + "\n")
                clear(instance)
                shutil.rmtree(pathlib.Path(scratch) / project.name, ignore_errors=True)
    print(f"\n{rules.summary(attempts)}\n\nwhole output: {keep}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("bin_dir", help="where roost and roostd are, for example .build/release")
    parser.add_argument("folders", nargs="*", help="checkouts")
    parser.add_argument("--answers", help="a JSON file of projects with their answers")
    parser.add_argument("--only", default="", help="names, with commas")
    parser.add_argument("--keep", help="the folder for each project's output")
    parser.add_argument("--json", help="a file for each step of each project")
    parser.add_argument("--limit", type=int, default=LIMIT_S, help="seconds that a project may take")
    parser.add_argument("--service", action="append", default=[], help="a service that Machines reach already")
    options = parser.parse_args()
    chosen = [rules.from_folder(folder) for folder in options.folders]
    if options.answers:
        chosen += rules.read_answers(pathlib.Path(options.answers).read_text(encoding="utf-8"))
    names = {name for name in options.only.split(",") if name}
    chosen = [project for project in chosen if not names or project.name in names]
    if not chosen:
        parser.error("no project is left to try: name folders, or --answers FILE")
    try:
        measure(options, chosen)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
