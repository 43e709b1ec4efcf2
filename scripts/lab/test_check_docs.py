"""Which symbols want a summary, and which warnings of DocC are about a landing page."""
import pathlib
import unittest

import check_docs


def symbol(name, kind="swift.struct", **more):
    return {"kind": {"identifier": kind}, "identifier": {"precise": name}, "pathComponents": name.split("."), **more}


class CheckDocsTests(unittest.TestCase):
    def test_summaries(self):
        graph = {
            "symbols": [
                symbol("Told", docComment={"lines": []}), symbol("Bare"), symbol("Bare.field", "swift.property"), symbol("Bare.CodingKeys"),
                symbol("Bare.run", "swift.method"),
            ],
            "relationships": [{"source": "Bare.run", "sourceOrigin": {"identifier": "run"}}],
        }
        self.assertEqual([name for *_, name in check_docs.undocumented(graph)], ["Bare"])

    def test_pages(self):
        told = {"diagnostics": [
            {"severity": "warning", "source": "file:///a/Model.md", "range": {"start": {"line": 3}}, "summary": "gone"},
            {"severity": "warning", "source": "file:///a/Fault.swift", "summary": "elsewhere"},
        ]}
        page = pathlib.Path("Sources/Model/Model.docc/Model.md")
        self.assertEqual(list(check_docs.landing_faults(told, page)), [f"{page}:3: gone"])


if __name__ == "__main__":
    unittest.main()
