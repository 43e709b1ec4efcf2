"""An arrow up, a row that lies and a dependency that nobody imports are each told."""
import unittest

import module_graph as graph

TABLE = """
| target | imports | is |
|---|---|---|
| `Model` | – | nouns |
| `Store` | Model | keys |
| `tool` | all but Store | commands |

After it.
"""


class ModuleGraphTests(unittest.TestCase):
    def setUp(self):
        self.table = graph.read_table(TABLE)
        self.good = {"Model": set(), "Store": {"Model", "Logging"}, "tool": {"Model"}}

    def faults(self, **other):
        imports = self.good | other
        return list(graph.faults(self.table, {name: set(modules) for name, modules in imports.items()}, imports))

    def test_table(self):
        self.assertEqual(self.table, {"Model": set(), "Store": {"Model"}, "tool": {"Model"}})

    def test_good(self):
        self.assertEqual(self.faults(), [])

    def test_arrow_up(self):
        self.assertEqual(self.faults(Model={"Store"}), ["arrow up: Model imports Store, which stands below it in ARCHITECTURE.md"])

    def test_rows(self):
        self.assertEqual(self.faults(tool={"Model", "Store"}), ["ARCHITECTURE.md: tool imports Store, which its row does not name"])
        self.assertEqual(self.faults(tool=set()), ["ARCHITECTURE.md: the row of tool names Model, which it never imports"])

    def test_package(self):
        wrong = list(graph.faults(self.table, self.good | {"Model": {"Yams"}, "Store": {"Model"}}, self.good))
        self.assertEqual(wrong, [
            "Package.swift: Model depends on Yams and never imports it",
            "Package.swift: Store imports Logging and does not depend on it",
        ])

    def test_imports(self):
        text = "// why\n@testable package import Store\nimport struct Model.Fault\n#if canImport(Glibc)\nimport Glibc\n#endif\n\nlet text = \"\"\"\nimport os\n\"\"\"\n"
        self.assertEqual(graph.read_imports(text), {"Store", "Model"})


if __name__ == "__main__":
    unittest.main()
