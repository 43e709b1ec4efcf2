"""Numbers from many, and how they are shown."""
import dataclasses
import math
import os
import pathlib
import platform
import statistics


@dataclasses.dataclass
class Figure:
    """One row of the table."""

    what: str
    measured: str
    #: What it should reach, as text; empty where nothing is asked.
    reach: str = ""
    #: Measured over asked; below 1 is reached. None where nothing is asked.
    ratio: float | None = None
    #: All that it was made from, for the JSON.
    details: dict = dataclasses.field(default_factory=dict)

    @property
    def verdict(self):
        if self.ratio is None:
            return ""
        return "ok" if self.ratio <= 1 else "missed"


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """By nearest rank: a value that was really measured."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def spread(values):
    """What a reader needs to judge a series."""
    return {
        "median": round(median(values), 2), "p99": round(percentile(values, 0.99), 2),
        "min": round(min(values), 2), "max": round(max(values), 2), "all": [round(value, 2) for value in values],
    }


def table(figures):
    heads = ("what", "measured", "reach", "measured / reach", "")
    rows = [heads] + [
        (each.what, each.measured, each.reach, "" if each.ratio is None else f"{each.ratio:.2f}", each.verdict)
        for each in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def machine():
    """The host that measured, as far as it matters."""
    model = next(
        (line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine())
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return {
        "cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory, 1), "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
    }
