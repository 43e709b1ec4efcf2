import shutil
import subprocess
import unittest

from lab.man_pages import escaped, pages, spelled


def option(name, kind="option", **more):
    return {"kind": kind, "names": [{"kind": "long", "name": name}], "valueName": name, "shouldDisplay": True, **more}


TREE = {"command": {
    "commandName": "roost", "abstract": "Your own host.", "discussion": "ENVIRONMENT:\n  FLY_APP   The app.\n\n.dot begins this",
    "subcommands": [
        {"commandName": "deploy", "abstract": "Roll it out.", "aliases": ["d"], "arguments": [
            {"kind": "positional", "valueName": "dir", "isOptional": True, "abstract": "The folder."},
            option("app", abstract="The app, a\\b."), option("help", kind="flag"), option("secret", shouldDisplay=False)]},
        {"commandName": "machine", "abstract": "Machines.", "subcommands": [
            {"commandName": "stop", "abstract": "Stop one.", "arguments": [
                {"kind": "positional", "valueName": "id", "isRepeating": True}, option("wait", kind="flag")]}]},
        {"commandName": "help", "abstract": "Help."},
    ]}}


class ManPageTests(unittest.TestCase):
    def setUp(self):
        self.pages = dict(pages(TREE, 1, "0.1.0", "2026-11-30"))

    def test_has_a_page_for_the_program_and_for_each_command(self):
        self.assertEqual(sorted(self.pages), ["roost-deploy.1", "roost-machine.1", "roost.1"])
        self.assertIn('.TH ROOST 1 "2026-11-30" "roost 0.1.0" "Roost"', self.pages["roost.1"])
        self.assertIn("roost\\-deploy \\- Roll it out\n", self.pages["roost-deploy.1"])

    def test_tells_arguments_without_those_of_the_library(self):
        page = self.pages["roost-deploy.1"]
        self.assertIn("\\fBroost deploy\\fR [\\fIoptions\\fR] [\\fIdir\\fR]", page)
        self.assertIn("\\fB\\-\\-app <app>\\fR\nThe app, a\\eb.", page)
        self.assertNotIn("help", page)
        self.assertNotIn("secret", page)

    def test_a_group_has_its_commands_on_its_page(self):
        self.assertIn(".SS \\fBroost machine stop\\fR [\\fIoptions\\fR] \\fIid\\fR...", self.pages["roost-machine.1"])

    def test_keeps_columns_and_hides_dots_from_roff(self):
        page = self.pages["roost.1"]
        self.assertIn(".SH ENVIRONMENT\n.nf\n  FLY_APP   The app.", page)
        self.assertIn("\n\\&.dot begins this", page)
        self.assertEqual(escaped("'x-y"), "\\&'x\\-y")

    def test_the_daemon_has_one_page(self):
        daemon = dict(pages({"command": {**TREE["command"], "commandName": "roostd"}}, 8, "0.1.0", "2026-11-30"))
        self.assertEqual(list(daemon), ["roostd.8"])
        self.assertIn(".SS \\fBroostd machine\\fR", daemon["roostd.8"])

    def test_spells_both_names(self):
        both = {"kind": "option", "names": [{"kind": "short", "name": "a"}, {"kind": "long", "name": "app"}], "valueName": "app"}
        self.assertEqual(spelled(both), "-a, --app <app>")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_has_nothing_to_say(self):
        for name, text in self.pages.items():
            told = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, capture_output=True, text=True, check=True)
            self.assertEqual(told.stderr, "", name)


if __name__ == "__main__":
    unittest.main()
