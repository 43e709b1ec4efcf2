#!/usr/bin/env python3
"""Fails when a Swift function is longer than 60 lines. Brackets in strings are rare enough here not to matter."""
import pathlib
import re
import sys

LIMIT = 60
START = re.compile(r"^(\s*)(?:[@\w()]+ )*(?:func |init[?(<]|subscript\()")


def long_functions(path):
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        match = START.match(line)
        if not match:
            continue
        end = match.group(1) + "}"
        for offset, later in enumerate(lines[number:]):
            if later.rstrip() == end or (offset > 0 and START.match(later) and len(later) - len(later.lstrip()) <= len(match.group(1))):
                if later.rstrip() == end and offset + 1 > LIMIT:
                    yield number + 1, offset + 1
                break


failed = False
for root in sys.argv[1:]:
    for path in sorted(pathlib.Path(root).rglob("*.swift")):
        for line, length in long_functions(path):
            print(f"{path}:{line}: function of {length} lines, more than {LIMIT}", file=sys.stderr)
            failed = True
sys.exit(failed)
