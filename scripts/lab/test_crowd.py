import contextlib
import json
import pathlib
import sqlite3
import tempfile
import unittest

from lab import crowd


class Instance:
    """Daemons that are only counted."""

    def __init__(self, state):
        self.state = pathlib.Path(state)
        self.calls = []

    def stop(self, role):
        self.calls.append(f"stop {role}")

    def start(self, role):
        self.calls.append(f"start {role}")


class CrowdTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.instance = Instance(folder.name)
        address = {"ipv4": "10.7.0.2", "ipv6": "fdaa:0:1:abcd::2"}
        machine = {
            "id": "148e21b7c65089", "app": "a", "name": "m", "spec": {"release": 1},
            "status": {"address": address, "state": {"name": "started", "process": {"pid": 1}}, "ready": True}}
        with self.store() as store:
            store.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)")
            store.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB, revision INTEGER, lease INTEGER)")
            store.execute("INSERT INTO meta VALUES ('revision', 7)")
            for key, value in (("/apps/a", {"name": "a"}), ("/machines/a/148e21b7c65089", machine)):
                store.execute("INSERT INTO entries VALUES (?, ?, 7, NULL)", (key, json.dumps(value).encode()))

    @contextlib.contextmanager
    def store(self):
        with contextlib.closing(sqlite3.connect(self.instance.state / "store.db")) as store, store:
            yield store

    def rows(self, kind):
        with self.store() as store:
            rows = store.execute(
                "SELECT key, value, revision FROM entries WHERE key LIKE ? ORDER BY revision", (f"/{kind}/crowd%",))
            return [(key, json.loads(value), revision) for key, value, revision in rows]

    def revision(self):
        with self.store() as store:
            return store.execute("SELECT value FROM meta").fetchone()[0]

    def test_each_copy_is_a_machine_of_its_own_that_sleeps(self):
        crowd.crowd(self.instance, "a", 600)
        machines = self.rows("machines")
        self.assertEqual(len(machines), 600)
        self.assertEqual(len(self.rows("apps")), 600)
        for key, machine, _ in machines:
            self.assertEqual(key, f"/machines/{machine['app']}/{machine['id']}")
            self.assertRegex(machine["id"], "^[0-9a-f]{14}$")
            self.assertEqual(machine["status"]["state"], {"name": "stopped"})
            self.assertFalse(machine["status"]["ready"])
        for family in ("ipv4", "ipv6"):
            self.assertEqual(len({machine["status"]["address"][family] for _, machine, _ in machines}), 600)

    def test_revisions_never_come_twice(self):
        crowd.crowd(self.instance, "a", 3)
        revisions = [row[2] for kind in ("apps", "machines") for row in self.rows(kind)]
        self.assertEqual(sorted(revisions), list(range(8, 14)))
        before = self.revision()
        self.assertGreater(before, max(revisions))
        crowd.crowd(self.instance, "a", 1)
        self.assertGreater(min(row[2] for kind in ("apps", "machines") for row in self.rows(kind)), before)

    def test_a_smaller_crowd_takes_the_place_of_a_larger_one(self):
        crowd.crowd(self.instance, "a", 5)
        crowd.crowd(self.instance, "a", 0)
        self.assertEqual(self.rows("apps") + self.rows("machines"), [])
        self.assertEqual(self.instance.calls, ["stop serve", "stop edge", "start serve", "start edge"] * 2)


if __name__ == "__main__":
    unittest.main()
