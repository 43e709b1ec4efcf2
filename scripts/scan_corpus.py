#!/usr/bin/env python3
"""Compares what a scan finds with right answers that people read from the same repositories.

    scan_corpus.py ANSWERS.json CHECKOUTS ROOST [--whole] [--only NAME] [--details]

ANSWERS.json has `records` with `repo`, `root`, `entry`, `manager`, `python`, `db`, `migrations`, `workers`, `port` and
`health_path`; CHECKOUTS holds a folder `<owner>+<name>` for each; ROOST is the program. Each project is scanned with its
root given, or with --whole from the top of its repository. The exit status is 0 whatever the score is.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

FIELDS = ["entry", "manager", "python", "db", "driver", "migrations", "workers", "port", "health"]


def scan(program, folder, root):
    """Facts of a folder, and the seconds it took."""
    command = [program, "launch", folder, "--json", "--plan"]
    if os.path.basename(program) != "roost":  # a probe of a package that has no command line yet
        command = [program, folder]
    if root:
        command += ["--root", root] if command[1] == "launch" else [root]
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return {"error": "no answer within 300 s"}, time.monotonic() - start
    seconds = time.monotonic() - start
    try:
        output = json.loads(done.stdout)
    except ValueError:
        return {"error": (done.stderr or done.stdout)[-300:]}, seconds
    return output.get("facts", output), seconds


def joined(*parts):
    path = os.path.normpath("/".join(part for part in parts if part and part != "."))
    return "" if path == "." else path.lstrip("/")


def entry(right, facts):
    found = facts.get("entry")
    if not found:
        return None, "none"
    root = joined(facts.get("root", ""), found.get("importRoot", ""))
    wanted = joined(right["import_root"])
    text = f"{found['kind']} {found['target']} in {root or '.'} [{found['confidence']}]"
    same = found["target"] == right["target"] and root == wanted and found["kind"] == right["kind"]
    if not same:  # the same module from another folder on the path is as good
        same = dotted(root, found["target"]) == dotted(wanted, right["target"]) and found["kind"] == right["kind"]
    return same, text


def dotted(root, target):
    return ".".join(part for part in root.split("/") if part) + "." + target


def minor(text):
    match = re.search(r"\d+\.\d+", text or "")
    return match.group(0) if match else None


def python(right, facts):
    found = (facts.get("python") or {}).get("chosen")
    exact = minor(right.get("image"))
    if exact:
        return found == exact, found
    constraint = right.get("constraint") or ""
    if re.fullmatch(r"[\d.]+", constraint):
        return found == minor(constraint), found
    return bool(found) or None, found


def database(right, facts):
    found = (facts.get("database") or {}).get("engine")
    return found == right.get("engine"), found


def driver(right, facts):
    found = (facts.get("database") or {}).get("driver")
    wanted = right.get("driver")
    if wanted is None:
        return None, found
    return found == wanted or {found, wanted} == {"sqlite3", "pysqlite"}, found


def migrations(right, facts):
    found = facts.get("migrations")
    tool = (found or {}).get("tool")
    text = f"{tool} {' '.join((found or {}).get('command', []))}".strip()
    if not right:
        return found is None, text
    return tool == right["tool"], text


def workers(right, facts):
    """What runs inside the web process is compared as one kind, and only where the answers speak of it."""
    inside = {"apscheduler": "in-process", "scheduler": "in-process"}
    found = {inside.get(process["kind"], process["kind"]) for process in facts.get("processes") or []}
    wanted = {inside.get(one["kind"], one["kind"]) for one in right if not one.get("optional")}
    optional = {inside.get(one["kind"], one["kind"]) for one in right if one.get("optional")} | {"in-process"}
    return found - (optional - wanted) == wanted, ",".join(sorted(found))


def health(record, facts):
    found = facts.get("health") or {}
    known = [found.get("live"), found.get("ready")]
    wanted = record.get("health_path")
    text = "/".join(str(path) for path in known)
    if wanted is None:
        return not any(known), text
    return wanted in known, text


def compare(record, facts):
    """Field to whether it is right (None when there is nothing to compare) and what was found."""
    port = (facts.get("port") or {}).get("number")
    manager = (facts.get("manager") or {}).get("name")
    return {
        "entry": entry(record["entry"], facts),
        "manager": (manager == record["manager"]["name"], manager),
        "python": python(record.get("python") or {}, facts),
        "db": database(record.get("db") or {}, facts),
        "driver": driver(record.get("db") or {}, facts),
        "migrations": migrations(record.get("migrations"), facts),
        "workers": workers(record.get("workers") or [], facts),
        "port": (port == record.get("port"), port),
        "health": health(record, facts),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("answers")
    parser.add_argument("checkouts")
    parser.add_argument("roost")
    parser.add_argument("--whole", action="store_true", help="scan from the top of each repository")
    parser.add_argument("--only", default="", help="part of a repository's name")
    parser.add_argument("--details", action="store_true", help="print what was found wherever it is wrong")
    options = parser.parse_args()
    with open(options.answers, encoding="utf-8") as file:
        records = [one for one in json.load(file)["records"] if options.only in one["repo"] and one.get("entry")]
    score = {field: [0, 0] for field in FIELDS}
    sure = [0, 0]
    print(f"{'repository':<52}" + "".join(f"{field[:7]:>8}" for field in FIELDS) + "       s")
    for record in records:
        folder = os.path.join(options.checkouts, record["repo"].replace("/", "+"))
        if not os.path.isdir(folder):
            print(f"{record['repo']:<52} no checkout")
            continue
        root = "" if options.whole else record["root"]
        facts, seconds = scan(options.roost, folder, root)
        if "error" in facts:
            print(f"{record['repo']:<52} {facts['error']}")
            for field in FIELDS:
                score[field][1] += 1
            continue
        result = compare(record, facts)
        if (facts.get("entry") or {}).get("confidence") == "certain":
            sure[0] += bool(result["entry"][0])
            sure[1] += 1
        line = ""
        for field in FIELDS:
            right = result[field][0]
            line += f"{'-' if right is None else 'ok' if right else 'WRONG':>8}"
            if right is not None or field == "entry":
                score[field][0] += bool(right)
                score[field][1] += 1
        print(f"{record['repo'][:51]:<52}{line}{seconds:8.2f}")
        if options.details:
            for field in FIELDS:
                if result[field][0] is False or field == "entry" and not result[field][0]:
                    wanted = record["health_path"] if field == "health" else record.get(field, record.get("db"))
                    print(f"    {field}: found {result[field][1]}; right is {json.dumps(wanted)[:200]}")
            if facts.get("kind") != "app":
                print(f"    kind {facts.get('kind')}, roots {[one['folder'] for one in facts.get('roots', [])]}")
    print("".join(f"{field} {right}/{all}  " for field, (right, all) in score.items()))
    print(f"entries that are certain: {sure[0]} right of {sure[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
