#!/usr/bin/env python3
"""What Fly's own launch would find in a folder, by the rules that its documents and source state.

flyctl itself is not run: this is a model of the order and the tests of its scanners (superfly/flyctl, scanner/*.go, read
August 2026), as far as Python projects meet them, and of `fastapi run`'s discovery, which it leaves the entry point to.
Usage: fly_scanner.py FOLDER
"""
import json
import re
import sys
import tomllib
from pathlib import Path

SUPPORTED = ("fastapi", "flask", "streamlit")
# The places that `fastapi run` looks at, in its order (fastapi-cli, discover.py).
DISCOVERED = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def toml(path: Path) -> dict:
    try:
        return tomllib.loads(read(path))
    except tomllib.TOMLDecodeError:
        return {}


def names(requirements) -> list[str]:
    """Lower-cased and cut as flyctl cuts them."""
    return [re.split(r";| |\[|==|>|<|~=", line.strip().lower())[0] for line in requirements if line.strip()]


def dependencies(root: Path):
    """Steps 1 to 4 of the generic scanner: (manager, names, Python version), each that finds a list."""
    project = toml(root / "pyproject.toml")
    poetry = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
    if (root / "poetry.lock").exists() and poetry:
        yield "poetry", [name.lower() for name in poetry], str(poetry.get("python", "")).lstrip("^")
    declared = project.get("project", {}).get("dependencies")
    if (root / "pyproject.toml").exists() and declared:
        version = project["project"].get("requires-python", "").strip("<>=~^!, ")
        yield "pep621", names(declared), version
    if (root / "Pipfile").exists():
        yield "pipenv", [name.lower() for name in toml(root / "Pipfile").get("packages", {})], None
    for file in ("requirements.txt", "requirements.in"):
        if (root / file).exists():
            yield "pip", names(read(root / file).splitlines()), None
            break


def discovered(root: Path) -> str | None:
    """The entry point as `fastapi run` finds it: the first file of its list, then a name in it."""
    for file in DISCOVERED:
        path = root / file
        if not path.exists():
            continue
        found = re.findall(r"^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*FastAPI\(", read(path), re.M)
        name = next((wanted for wanted in ("app", "api") if wanted in found), found[0] if found else None)
        return f"{file[:-3].replace('/', '.')}:{name}" if name else None
    return None


def scan(root: Path) -> dict:
    manifests = [read(root / name) for name in ("requirements.txt", "Pipfile", "pyproject.toml")]
    if any("django" in text.lower() for text in manifests):
        return {"framework": "django", "entry": None}
    for file, framework in (("artisan", "laravel"), ("bin/rails", "rails"), ("redwood.toml", "redwood")):
        if (root / file).exists():
            return {"framework": framework, "entry": None}
    try:
        if json.loads(read(root / "package.json") or "{}").get("scripts", {}).get("start"):
            return {"framework": "node", "entry": None}
    except json.JSONDecodeError:
        pass
    for name in ("Dockerfile", "Containerfile"):
        if (root / name).exists():
            port = re.search(r"^\s*EXPOSE\s+(\d+)", read(root / name), re.M | re.I)
            return {"framework": "dockerfile", "entry": "the Dockerfile's", "port": int(port[1]) if port else 8080}
    for manager, packages, version in dependencies(root):
        found = [name for name in SUPPORTED if name in packages]
        if len(found) == 1:
            result = {"framework": found[0], "manager": manager, "python": version}
            if found[0] == "fastapi":
                result |= {"entry": discovered(root), "port": 8000}
            return result
    return {"framework": None, "entry": None}


if __name__ == "__main__":
    print(json.dumps(scan(Path(sys.argv[1])), indent=2))
