#!/usr/bin/env python3
"""Checks the documentation of what `swift build` has built: `check_docs.py [.build/debug]`.

Every `package` type, function and constant of Model, Runtime and Store has a summary: its own, or that of the requirement
it fulfils. (A stored property, a case and a memberwise initialiser are told by their type's.) And the landing page of each
target is made by DocC, whose warnings about it are errors: a link to a symbol that was renamed is one.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMMARISED = ("Model", "Runtime", "Store")
TOLD_BY_THEIR_TYPE = {"swift.property", "swift.enum.case", "swift.init"}
# The keys of a record are words of its form, told by the properties of the same names; the others are requirements of
# `KeyedForm`, which only Model's own graph tells of.
TOLD_BY_THEIR_NAME = {"CodingKeys", "schema", "blank"}


def undocumented(graph):
    """Yields place and name of each symbol of a symbol graph that has no summary."""
    inherits = {link["source"] for link in graph["relationships"] if link.get("sourceOrigin")}
    for symbol in graph["symbols"]:
        precise = symbol["identifier"]["precise"]
        if symbol["kind"]["identifier"] in TOLD_BY_THEIR_TYPE or symbol["pathComponents"][-1] in TOLD_BY_THEIR_NAME:
            continue
        if symbol.get("docComment") or precise in inherits or "::SYNTHESIZED::" in precise:
            continue
        place = symbol.get("location", {})
        yield place.get("uri", "").removeprefix("file://"), place.get("position", {}).get("line", 0) + 1, ".".join(
            symbol["pathComponents"])


def landing_faults(diagnostics, page):
    """What DocC says about a landing page, a line each."""
    for diagnostic in diagnostics["diagnostics"]:
        if diagnostic["severity"] in ("warning", "error") and diagnostic.get("source", "").endswith(f"/{page.name}"):
            line = diagnostic.get("range", {}).get("start", {}).get("line", 0)
            yield f"{page}:{line}: {diagnostic['summary']}"


def extract(module, build, folder):
    """Writes a module's symbol graph."""
    maps = list(build.glob("*.build/module.modulemap"))
    maps += [path for path in (ROOT / ".build/checkouts").glob("*/Sources/*/include/module.modulemap")
             if path.parent.parent.name not in {file.parent.stem for file in maps}]
    options = [option for path in maps for option in ("-Xcc", f"-fmodule-map-file={path}")]
    # Libraries of the system, each described by a map of its own.
    options += [option for path in sorted((ROOT / "Sources").glob("*/module.modulemap")) for option in ("-I", path.parent)]
    triple = subprocess.run(["swift", "-print-target-info"], check=True, capture_output=True, text=True).stdout
    subprocess.run(
        ["swift-symbolgraph-extract", "-module-name", module, "-I", build / "Modules", "-target", json.loads(triple)["target"]["triple"],
         "-minimum-access-level", "package", "-output-dir", folder, *options],
        check=True, cwd=ROOT)


def main(build):
    # Where several toolchains are, that of the compiler.
    docc = pathlib.Path(shutil.which("swift-symbolgraph-extract")).resolve().parent / "docc"
    wrong = []
    for page in sorted((ROOT / "Sources").glob("*/*.docc/*.md")):
        module = page.stem
        with tempfile.TemporaryDirectory() as folder:
            extract(module, build, folder)
            if module in SUMMARISED:
                graphs = [json.loads(path.read_text()) for path in pathlib.Path(folder).glob(f"{module}*.symbols.json")]
                wrong += [f"{path}:{line}: no summary: {name}" for graph in graphs for path, line, name in undocumented(graph)]
            told = pathlib.Path(folder) / "told.json"
            subprocess.run(
                [docc, "convert", page.parent, "--additional-symbol-graph-dir", folder, "--output-path", f"{folder}/out",
                 "--fallback-display-name", module, "--fallback-bundle-identifier", f"roost.{module}",
                 "--diagnostics-file", told], check=False, capture_output=True)
            wrong += landing_faults(json.loads(told.read_text()), page.relative_to(ROOT))
        print(f"{page.relative_to(ROOT)}: made")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main((ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".build/debug")).resolve()))
