"""What `first_try.py` knows without running anything: answers, settings files, verdicts, the table."""
import dataclasses
import json
import os
import re
import statistics

#: What stands in an answer's value for a part of a service: ${postgres.host}.
PLACEHOLDER = re.compile(r"\$\{(\w+)\.(\w+)\}")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclasses.dataclass
class Project:
    """A checkout, and what a person read in it beforehand."""

    name: str
    checkout: str
    folder: str = ""
    entry: str | None = None
    entry_also: list = dataclasses.field(default_factory=list)
    python: str | None = None
    health: str | None = None
    route: str | None = "/openapi.json"
    #: What the route answers when all is well; anything below 400 where it is 200.
    route_status: int = 200
    services: list = dataclasses.field(default_factory=list)
    env: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Attempt:
    """How one project went."""

    name: str
    launched: bool = False
    #: The deploy ended with 0.
    deployed: bool = False
    #: Every path that was asked answered as it should, with what launch asked for and nothing else.
    answered: bool = False
    #: The same after variables were set that launch had not asked for.
    answered_with_all: bool = False
    redeployed: bool = False
    entry: str | None = None
    confidence: str | None = None
    entry_right: bool | None = None
    #: Exit code 0 and no answer.
    wrong_deployed: bool = False
    missing: list = dataclasses.field(default_factory=list)
    seconds: dict = dataclasses.field(default_factory=dict)
    statuses: dict = dataclasses.field(default_factory=dict)


def read_answers(text):
    """Projects of a file of answers: `records`, unknown keys left out."""
    known = {field.name for field in dataclasses.fields(Project)}
    return [Project(**{key: value for key, value in one.items() if key in known and value is not None or key == "route"})
            for one in json.loads(text)["records"]]


def from_folder(path):
    """A project of which nothing is known."""
    return Project(name=os.path.basename(os.path.normpath(path)), checkout=path)


def dotted(root, target):
    """A module's full name, so that the same module found from another folder on the path is the same."""
    return ".".join([part for part in (root or "").split("/") if part and part != "."] + [target])


def entry_is_right(project, facts):
    """None where nobody said what is right."""
    found = facts.get("entry")
    if project.entry is None:
        return None
    if not found or not found.get("target"):
        return False
    root = "/".join(part for part in (facts.get("root"), found.get("importRoot")) if part)
    full = dotted(root, found["target"])
    # An answer is written as the command line has it, whatever folder is on the path then.
    return any(full == wanted or full.endswith("." + wanted) for wanted in [project.entry, *project.entry_also])


def names_in(needed):
    """Variables among what launch says must be supplied; it may say more about each."""
    found = [re.match(r"[A-Za-z_][A-Za-z0-9_]*", one) for one in needed]
    return [match.group(0) for match in found if match]


def next_folder(output):
    """The folder that launch names in its last line, `Next: roost deploy FOLDER`; None when it names none."""
    named = re.findall(r"(?m)^Next: roost deploy (\S.*)$", output)
    return named[-1] if named else None


def values_for(project, names, services):
    """Values for variables; those that need a service which is not there are left out."""
    chosen = {}
    for name, value in project.env.items():
        if names is not None and name not in names:
            continue
        parts = PLACEHOLDER.findall(value)
        if any(service not in services or part not in services[service] for service, part in parts):
            continue
        chosen[name] = PLACEHOLDER.sub(lambda match: str(services[match.group(1)][match.group(2)]), value)
    # What is asked for and no answer knows gets what somebody writes who only wants to see the app run.
    for name in names or []:
        if name not in project.env and re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            chosen[name] = "example"
    return chosen


def parse_service(text):
    """`postgres=HOST:PORT:USER:PASSWORD:DATABASE`, later parts optional."""
    name, _, rest = text.partition("=")
    if not rest:
        raise ValueError(f"{text}: expected NAME=HOST:PORT:USER:PASSWORD:DATABASE")
    parts = dict(zip(("host", "port", "user", "password", "database"), rest.split(":")))
    return name, parts


def with_env(text, values):
    """A fly.toml with variables in its [env]; what stands there under those names goes."""
    lines, kept, inside, place = text.splitlines(), [], False, None
    for line in lines:
        if re.match(r"\s*\[", line):
            inside = re.match(r"\s*\[env\]\s*(#.*)?$", line) is not None
        named = re.match(r"\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?\s*=", line)
        if inside and named and named.group(1) in values:
            continue
        kept.append(line)
        if inside and place is None:
            place = len(kept)
    settings = [f"  {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in sorted(values.items())]
    if not settings:
        return text
    if place is None:
        kept += ["", "[env]"]
        place = len(kept)
    return "\n".join(kept[:place] + settings + kept[place:]) + "\n"


def app_of(text):
    """The app's name in a fly.toml."""
    match = re.search(r"(?m)^\s*app\s*=\s*[\"']([^\"']+)", text)
    return match.group(1) if match else None


def is_well(project, path, status):
    """Whether a path's status is what it should be."""
    if status is None:
        return False
    if path == project.route and project.route_status != 200:
        return status == project.route_status
    return status < 400


def reason(output):
    """What a command that failed says, in at most three lines."""
    lines = [ESCAPES.sub("", line).rstrip() for line in output.splitlines() if line.strip()]
    start = next((index for index, line in enumerate(lines) if line.startswith("Error:")), max(len(lines) - 1, 0))
    return lines[start:start + 3]


def line(attempt):
    """One line a project."""
    verdict = ("first try" if attempt.answered else "with all variables" if attempt.answered_with_all
               else "WRONG: deployed, no answer" if attempt.wrong_deployed else "deployed" if attempt.deployed
               else "launched" if attempt.launched else "not launched")
    entry = {True: "ok", False: "WRONG", None: "-"}[attempt.entry_right]
    times = " ".join(f"{name} {value:.1f}" for name, value in attempt.seconds.items())
    why = f"  | {' / '.join(attempt.missing)[:200]}" if attempt.missing and not attempt.answered else ""
    return f"{attempt.name:<18} {verdict:<27} entry {entry:<6} {times}{why}"


def share(part, whole):
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none"


def summary(attempts):
    """Rows of what and measured, as Markdown."""
    judged = [one for one in attempts if one.entry_right is not None]
    certain = [one for one in judged if one.confidence == "certain"]
    first = [sum(one.seconds[step] for step in ("launch", "deploy") if step in one.seconds)
             for one in attempts if one.answered]
    again = [one.seconds["redeploy"] for one in attempts if one.redeployed]
    rows = [
        ("first try, variables as launch asks", share(sum(one.answered for one in attempts), len(attempts))),
        ("with all variables supplied",
         share(sum(one.answered or one.answered_with_all for one in attempts), len(attempts))),
        ("entry point right", share(sum(one.entry_right for one in judged), len(judged))),
        ("entry points that are certain: right", share(sum(one.entry_right for one in certain), len(certain))),
        ("a wrong \"deployed\"", str(sum(one.wrong_deployed for one in attempts))),
        ("checkout to URL, median", f"{statistics.median(first):.1f} s" if first else "-"),
        ("code-only redeploy, median", f"{statistics.median(again):.1f} s" if again else "-"),
    ]
    return "\n".join(["| what | measured |", "|---|---|", *(f"| {what} | {measured} |" for what, measured in rows)])
