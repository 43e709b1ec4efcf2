"""What `swift build` writes, read as a person wants to know it: how far it is, and at what."""
import re

STEP = re.compile(r"^\[(\d+)/(\d+)\] (?:(?:Compiling|Emitting module|Linking|Archiving) )?(\S+)")
FETCH = re.compile(r"^(?:Fetching|Updating|Creating working copy for) (\S+)")
#: What SwiftPM says beside its steps and that nobody can act on: of dependencies, and of its own plan.
NOISE = re.compile(
    r"^(warning: '[\w-]+': found \d+ file|    /.*/checkouts/|Build(ing| complete)|Planning build|Fetched |Updated |"
    r"Computing |Computed |Working copy of |\[\d+/\d+\] |Write |$)")


class BuildLines:
    """The state of a build, line by line."""

    def __init__(self, modules):
        self.modules = set(modules)
        self.done = self.total = 0
        self.what = "reading Package.swift"
        self.compiled = set()
        #: Whatever is no progress: errors with all that belongs to them.
        self.rest = []

    def feed(self, line):
        line = line.rstrip()
        if found := STEP.match(line):
            self.done, self.total = int(found[1]), int(found[2])
            if "Compiling" in line or "Emitting" in line:
                self.what = found[3]
                if found[3] in self.modules:
                    self.compiled.add(found[3])
            elif "Linking" in line:
                self.what = f"linking {found[3]}"
        elif found := FETCH.match(line):
            self.what = f"fetching {found[1].rsplit('/', 1)[-1].removesuffix('.git')}"
        elif not NOISE.match(line):
            self.rest.append(line)

    def text(self, seconds):
        """One line: the share that is done, the time so far, what is being done."""
        if not self.total:
            return f"       {clock(seconds):>9}  {self.what}"
        text = f"{self.done / self.total:6.0%} {clock(seconds):>9}  step {self.done:,} of {self.total:,}: {self.what}"
        if self.compiled:
            text += f"; {len(self.compiled)} of Roost's {len(self.modules)} modules"
        return text


def clock(seconds):
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
