"""`python3 -m unittest discover scripts/lab -t scripts`: what first_try.py reads and says."""
import json
import unittest

from lab import attempt


class AttemptTests(unittest.TestCase):
    def project(self, **more):
        return attempt.Project(**({"name": "shop", "checkout": "/x"} | more))

    def test_answers_keep_a_route_that_is_none_and_leave_out_unknown_keys(self):
        text = json.dumps({"records": [{"name": "a", "checkout": "/a", "route": None, "note": "x", "health": None}]})
        self.assertEqual(attempt.read_answers(text), [attempt.Project("a", "/a", route=None)])

    def test_the_same_module_from_another_folder_is_the_same_entry(self):
        project = self.project(entry="app.main:app", entry_also=["main:app"])
        facts = {"root": "backend", "entry": {"target": "main:app", "importRoot": "app"}}
        self.assertTrue(attempt.entry_is_right(project, facts))
        self.assertTrue(attempt.entry_is_right(project, {"entry": {"target": "app.main:app"}}))
        self.assertFalse(attempt.entry_is_right(project, {"entry": {"target": "app.domain:app"}}))
        self.assertFalse(attempt.entry_is_right(project, {}))
        self.assertIsNone(attempt.entry_is_right(self.project(), {}))

    def test_values_are_those_asked_for_and_no_service_that_is_not_there(self):
        env = {"URL": "redis://${redis.host}:${redis.port}/0", "KEY": "k", "DB": "${postgres.host}"}
        services = {"redis": {"host": "10.0.0.9", "port": "6379"}}
        self.assertEqual(
            attempt.values_for(self.project(env=env), ["URL", "DB"], services), {"URL": "redis://10.0.0.9:6379/0"})
        self.assertEqual(attempt.values_for(self.project(env=env), None, {}), {"KEY": "k"})
        asked = ["OTHER", "postgres"]
        self.assertEqual(attempt.values_for(self.project(env=env), asked, {}), {"OTHER": "example"})

    def test_names_are_read_from_what_launch_says_must_be_supplied(self):
        self.assertEqual(attempt.names_in(["DATABASE_URL", "SECRET_KEY (app/config.py:3)", "- x"]),
                         ["DATABASE_URL", "SECRET_KEY"])

    def test_the_folder_to_deploy_is_the_one_that_launch_names(self):
        self.assertEqual(attempt.next_folder("x\n\nNext: roost deploy /tmp/a b/backend\n"), "/tmp/a b/backend")
        self.assertIsNone(attempt.next_folder("Next: roost deploy\n"))
        self.assertIsNone(attempt.next_folder(""))

    def test_variables_go_into_the_env_table_and_replace_what_stands_there(self):
        text = 'app = "shop"\n\n[env] # ours\n  PORT = "8000"\n  KEY = "old"\n\n[http_service]\n  KEY = 1\n'
        made = attempt.with_env(text, {"KEY": 'a"b\\', "NAME": "é"})
        self.assertEqual(made, 'app = "shop"\n\n[env] # ours\n  KEY = "a\\"b\\\\"\n  NAME = "é"\n  PORT = "8000"\n\n'
                               '[http_service]\n  KEY = 1\n')
        self.assertEqual(attempt.with_env('app = "shop"\n', {"A": "1"}), 'app = "shop"\n\n[env]\n  A = "1"\n')
        self.assertEqual(attempt.with_env("x", {}), "x")

    def test_a_service_is_read(self):
        self.assertEqual(attempt.parse_service("redis=10.0.0.9:6379"), ("redis", {"host": "10.0.0.9", "port": "6379"}))
        self.assertRaises(ValueError, attempt.parse_service, "redis")

    def test_a_status_is_judged_by_the_answers(self):
        project = self.project(route="/x", route_status=400)
        self.assertTrue(attempt.is_well(project, "/x", 400))
        self.assertFalse(attempt.is_well(project, "/x", 200))
        self.assertTrue(attempt.is_well(project, "/health", 307))
        self.assertFalse(attempt.is_well(project, "/health", 404))
        self.assertFalse(attempt.is_well(project, "/health", None))

    def test_a_reason_is_three_lines_from_the_error_on_without_colours(self):
        text = "Warning: x\n\x1b[1;31mError:\x1b[0m it failed\nline 2\n\nhint\nmore\n"
        self.assertEqual(attempt.reason(text), ["Error: it failed", "line 2", "hint"])
        self.assertEqual(attempt.reason("only this\n"), ["only this"])
        self.assertEqual(attempt.reason(""), [])

    def test_the_table_counts(self):
        good = attempt.Attempt("a", True, True, True, redeployed=True, entry_right=True, confidence="certain",
                               seconds={"launch": 1.0, "deploy": 5.0, "redeploy": 2.0})
        bad = attempt.Attempt("b", True, True, entry_right=False, wrong_deployed=True, missing=["GET /: 502"])
        text = attempt.summary([good, bad])
        self.assertIn("| first try, variables as launch asks | 1 of 2 (50 %) |", text)
        self.assertIn("| entry points that are certain: right | 1 of 1 (100 %) |", text)
        self.assertIn('| a wrong "deployed" | 1 |', text)
        self.assertIn("| checkout to URL, median | 6.0 s |", text)
        self.assertIn("WRONG: deployed, no answer", attempt.line(bad))
        self.assertIn("GET /: 502", attempt.line(bad))
        self.assertIn("- |", attempt.summary([]))


if __name__ == "__main__":
    unittest.main()
