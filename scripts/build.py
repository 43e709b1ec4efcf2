#!/usr/bin/env python3
"""Builds roost and roostd in one go and says how far it is.

Usage: build.py CONFIGURATION [OPTION …]

What follows the configuration goes to `swift build` as it is. On a terminal one line is written over and over; elsewhere
a line each half minute. Errors come at the end, with all that belongs to them.
"""
import os
import pathlib
import selectors
import subprocess
import sys
import time

from lab.build_lines import BuildLines, clock

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAUSE_S = {True: 0.5, False: 30}


def follow(process, lines, begin):
    """Reads what the build writes until it ends."""
    on_terminal = sys.stdout.isatty()
    stream, pending, shown = process.stdout, b"", begin
    os.set_blocking(stream.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=PAUSE_S[True]):
                data = stream.read()
                if data == b"":
                    break
                *whole, pending = (pending + (data or b"")).split(b"\n")
                for line in whole:
                    lines.feed(line.decode(errors="replace"))
            now = time.monotonic()
            if now - shown >= PAUSE_S[on_terminal]:
                show(lines.text(now - begin), on_terminal)
                shown = now
    lines.feed(pending.decode(errors="replace"))
    if on_terminal:
        print("\r\033[K", end="", flush=True)


def show(text, on_terminal):
    if on_terminal:
        print("\r\033[K" + text[:os.get_terminal_size().columns - 1], end="", flush=True)
    else:
        print(text, flush=True)


def main():
    configuration, options = sys.argv[1], sys.argv[2:]
    modules = [folder.name for folder in (ROOT / "Sources").iterdir() if any(folder.rglob("*.swift"))]
    lines, begin = BuildLines(modules), time.monotonic()
    is_first = not (ROOT / ".build" / configuration / "roostd").exists()
    print(f"Building roost and roostd ({configuration})" + (": minutes the first time, seconds later on" * is_first),
          flush=True)
    words = ["swift", "build", "-c", configuration, *options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0) as process:
        try:
            follow(process, lines, begin)
        except KeyboardInterrupt:
            # The build gets the same signal, and ends by itself.
            process.wait()
            sys.exit(130)
    if process.returncode != 0:
        print("\n".join(lines.rest))
        sys.exit(f"{' '.join(words)} ended with {process.returncode} after {clock(time.monotonic() - begin)}")
    print(f"Built in {clock(time.monotonic() - begin)}", flush=True)


if __name__ == "__main__":
    main()
