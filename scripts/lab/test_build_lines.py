import unittest

from lab.build_lines import BuildLines, clock

OUTPUT = """\
warning: 'swift-distributed-tracing': found 1 file(s) which are unhandled; explicitly declare them as resources
    /src/roost/.build/checkouts/swift-distributed-tracing/Sources/Tracing/CMakeLists.txt
Fetching https://github.com/apple/swift-nio
Building for production...
[0/855] Write sources
[171/871] Compiling sha512-586-apple.S
[875/893] Compiling Model EdgeMessage.swift
""".splitlines()


class BuildLinesTests(unittest.TestCase):
    def test_says_how_far_it_is(self):
        lines = BuildLines(["Model", "Scaffold"])
        self.assertEqual(lines.text(1).split(), ["1", "s", "reading", "Package.swift"])
        for line in OUTPUT[:3]:
            lines.feed(line)
        self.assertIn("fetching swift-nio", lines.text(2))
        for line in OUTPUT[3:]:
            lines.feed(line)
        text = lines.text(130)
        for words in ("98%", "2 min 10 s", "step 875 of 893: Model", "1 of Roost's 2 modules"):
            self.assertIn(words, text)
        lines.feed("[893/893] Linking roost")
        self.assertIn("linking roost", lines.text(131))
        self.assertEqual(lines.rest, [])

    def test_keeps_what_a_person_has_to_see(self):
        lines = BuildLines(["Model"])
        error = ["/a/Model/App.swift:3:5: error: cannot find 'x' in scope", " 3 |     x", "error: emit-module failed"]
        for line in OUTPUT + error + ["[2/9] Compiling Model App.swift"]:
            lines.feed(line)
        self.assertEqual(lines.rest, error)

    def test_time(self):
        self.assertEqual([clock(0.4), clock(59.2), clock(61), clock(600)], ["0 s", "59 s", "1 min 01 s", "10 min 00 s"])
