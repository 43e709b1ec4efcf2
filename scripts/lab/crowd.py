"""Many apps on one host that nobody asks for: what they cost those that somebody asks for."""
import contextlib
import json
import os
import pathlib
import sqlite3

TICKS = os.sysconf("SC_CLK_TCK")


def crowd(instance, app, count):
    """Has `count` apps with a stopped Machine each stand beside `app`, as copies of its records; restarts both daemons.

    Deploying a thousand apps takes an hour, and would leave the very records that this writes.
    """
    for role in ("serve", "edge"):
        instance.stop(role)
    # The inner one commits, the outer one closes.
    with contextlib.closing(sqlite3.connect(instance.state / "store.db")) as store, store:
        for kind in ("apps", "machines"):
            store.execute("DELETE FROM entries WHERE key LIKE ?", (f"/{kind}/crowd%",))
        record = json.loads(value(store, f"/apps/{app}"))
        machine = json.loads(value(store, f"/machines/{app}/%"))
        revision = store.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()[0]
        for number in range(count):
            name = f"crowd{number}"
            for key, copy in ((f"/apps/{name}", record | {"name": name}), copy_of(machine, name, number)):
                revision += 1
                store.execute(
                    "INSERT INTO entries (key, value, revision) VALUES (?, ?, ?)",
                    (key, json.dumps(copy, separators=(",", ":")).encode(), revision))
        # A revision never comes twice.
        store.execute("UPDATE meta SET value = ? WHERE name = 'revision'", (revision + 1,))
    for role in ("serve", "edge"):
        instance.start(role)


def value(store, pattern):
    return store.execute("SELECT value FROM entries WHERE key LIKE ?", (pattern,)).fetchone()[0]


def copy_of(machine, app, number):
    """The key and the record of a stopped Machine with an ID and addresses of its own."""
    identity = f"c0{number:012x}"
    copy = json.loads(json.dumps(machine)) | {"id": identity, "app": app, "name": app}
    # Far above what the instance gives out by itself.
    place = 8192 + number
    ipv4, ipv6 = (copy["status"]["address"][family] for family in ("ipv4", "ipv6"))
    copy["status"] |= {
        "state": {"name": "stopped"}, "ready": False, "proven": True,
        "address": {
            "ipv4": ".".join([*ipv4.split(".")[:2], str(place >> 8), str(place & 255)]),
            "ipv6": f"{ipv6.rsplit(':', 1)[0]}:{place:x}",
        },
    }
    return f"/machines/{app}/{identity}", copy


def cpu_ms(instance):
    """Milliseconds of processor time that both daemons have used so far."""
    used = 0
    for role in ("serve", "edge"):
        # After the name, which may hold anything: fields 14 and 15 of all.
        fields = pathlib.Path(f"/proc/{instance.pid(role)}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used * 1000 / TICKS
