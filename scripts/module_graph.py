#!/usr/bin/env python3
"""Prints which target imports which, and fails on an arrow up.

Three things have to say the same: the imports in the sources, the table of ARCHITECTURE.md ("imports only downwards": a
target imports rows above its own, and only those that its row names), and the dependencies in Package.swift, where
nothing is declared that is not imported and nothing imported that is not declared.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMPORT = re.compile(
    r"(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)")
# What comes with the toolchain, on either platform.
TOOLCHAIN = {
    "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Musl", "Observation",
    "RegexBuilder", "Swift", "Synchronization", "Testing", "XCTest", "os",
}


def read_table(text):
    """The targets of ARCHITECTURE.md in their order, each with the set of those that it may import."""
    lines = iter(text.splitlines())
    for line in lines:
        if re.match(r"\|\s*target\s*\|\s*imports\s*\|", line):
            break
    next(lines, None)
    table = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 2:
            break
        names = set(re.findall(r"\w+", cells[1]))
        if cells[1].startswith("all but"):
            names = set(table) - names
        table[cells[0].strip("`")] = names
    return table


def read_imports(text):
    """The modules that a source file imports: those of its first lines, since later ones may be another language's in a text."""
    found = set()
    for line in text.splitlines():
        match = IMPORT.match(line)
        if match:
            found.add(match[1])
        elif line.strip() and not line.startswith(("//", "#")):
            break
    return found - TOOLCHAIN


def imports_of(folder):
    """The modules that the sources below a folder import."""
    return set().union(*(read_imports(path.read_text()) for path in folder.rglob("*.swift")))


def read_package(dump):
    """The dependencies of each Swift target of `swift package dump-package`. A product is named as its module is."""
    targets = {}
    for target in dump["targets"]:
        kinds = [dependency.get("byName") or dependency.get("product") or dependency.get("target")
                 for dependency in target["dependencies"]]
        targets[target["name"]] = {kind[0] for kind in kinds}
    return targets


def faults(table, declared, imports):
    """What does not fit, a sentence each. `imports` has the modules that each target imports."""
    order = list(table)
    for target, modules in imports.items():
        wanted = declared.get(target, set())
        for module in sorted(wanted - modules):
            yield f"Package.swift: {target} depends on {module} and never imports it"
        for module in sorted(modules - wanted):
            yield f"Package.swift: {target} imports {module} and does not depend on it"
        if target not in table:
            if not target.endswith("Tests"):
                yield f"ARCHITECTURE.md: {target} has no row in the table of targets"
            continue
        for module in sorted(modules & set(declared)):
            if module in table and order.index(module) >= order.index(target):
                yield f"arrow up: {target} imports {module}, which stands below it in ARCHITECTURE.md"
            elif module in table and module not in table[target]:
                yield f"ARCHITECTURE.md: {target} imports {module}, which its row does not name"
        for module in sorted(table[target] - modules):
            yield f"ARCHITECTURE.md: the row of {target} names {module}, which it never imports"


def main():
    dump = subprocess.run(["swift", "package", "--ignore-lock", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True)
    package = json.loads(dump.stdout)
    declared = read_package(package)
    table = read_table((ROOT / "ARCHITECTURE.md").read_text())
    folders = {target["name"]: ROOT / ("Tests" if target["type"] == "test" else "Sources") / target["name"]
               for target in package["targets"] if target["type"] in ("regular", "executable", "test")}
    imports = {name: imports_of(folder) for name, folder in folders.items() if any(folder.rglob("*.swift"))}
    for name in table:
        own = sorted(imports.get(name, set()) & set(declared), key=list(declared).index)
        foreign = sorted(imports.get(name, set()) - set(declared))
        print(f"{name:13} → {', '.join(own) or '–'}" + (f"   ({', '.join(foreign)})" if foreign else ""))
    wrong = list(faults(table, declared, imports))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
