#!/usr/bin/env python3
"""Writes the man pages of what was built: `man.py BIN_DIR MAN_DIR`, from what `roost` and `roostd` tell of themselves."""
import datetime
import json
import os
import pathlib
import subprocess
import sys

from lab.man_pages import pages


def main(bin_folder, target):
    version = subprocess.run([f"{bin_folder}/roost", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    # A build that is made again has the same bytes: the day is that of the source where the caller says it.
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", 0)) or None
    day = (datetime.datetime.fromtimestamp(moment, datetime.timezone.utc) if moment else datetime.datetime.now()).date()
    for program, section in (("roost", 1), ("roostd", 8)):
        told = subprocess.run([f"{bin_folder}/{program}", "--experimental-dump-help"], check=True, capture_output=True)
        folder = pathlib.Path(target) / f"man{section}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages(json.loads(told.stdout), section, version, day.isoformat()):
            (folder / name).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
