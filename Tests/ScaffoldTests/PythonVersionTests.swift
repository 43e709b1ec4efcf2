import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Python version")
struct PythonVersionTests {
    static let ranges: [(String, PythonRange.Syntax, [Int])] = [
        (">=3.11,<4.0", .pep440, [11, 12, 13, 14, 15]), (">=3.9,<=3.11", .pep440, [9, 10]),
        ("~=3.11", .pep440, [11, 12, 13, 14, 15]),
        ("~=3.11.2", .pep440, [11]), ("==3.11.*", .pep440, [11]), ("==3.12", .pep440, [12]),
        (">=3.10,!=3.12.*", .pep440, [10, 11, 13, 14, 15]),
        (">3.13", .pep440, [13, 14, 15]), (">= 3.13", .pep440, [13, 14, 15]), ("^3.12", .poetry, [12, 13, 14, 15]),
        ("~3.11", .poetry, [11]),
        ("3.11", .poetry, [11]), ("3.11.*", .poetry, [11]), (">=3.8,<3.10 || >=3.13", .poetry, [8, 9, 13, 14, 15]),
        (">=3.12 <3.14", .poetry, [12, 13]), ("3.11", .bare, [11]), ("=3.11", .conda, [11]),
        (">=3.13|3.9.*", .conda, [9, 13, 14, 15]),
    ]

    @Test("bounds in the syntax of each tool", arguments: ranges)
    func allows(_ text: String, _ syntax: PythonRange.Syntax, _ expected: [Int]) throws {
        let range = try #require(PythonRange(text, syntax: syntax))
        #expect((6...15).filter { range.allowsNewest(of: $0) } == expected)
    }

    @Test("an exact version allows that patch alone")
    func exact() throws {
        let range = try #require(PythonRange("3.11.7", syntax: .poetry))
        #expect(range.allowsAny(of: 11) && !range.allowsNewest(of: 11))
        #expect(range.allows(minor: 11, patch: 7) && !range.allows(minor: 11, patch: 8))
        #expect(PythonRange("", syntax: .pep440) == nil)
        #expect(PythonRange("latest", syntax: .poetry) == nil)
        #expect(PythonRange(String(repeating: "9", count: 400), syntax: .pep440) == nil)
    }

    static let choices: [(why: String, files: [String: String], version: String, place: String?)] = [
        ("nothing is said", ["main.py": "", "requirements.txt": "fastapi"], "3.14", nil),
        ("a lower bound", ["pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.11'"], "3.14", nil),
        ("an upper bound", ["pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.9,<3.13'"], "3.12", nil),
        ("only ended versions", ["pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.8,<3.10'"], "3.9", nil),
        (
            "one that is young, when nothing else will do",
            ["pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.15'"], "3.15", nil
        ),
        (
            "an exact bound",
            ["pyproject.toml": "[tool.poetry]\nname='a'\n[tool.poetry.dependencies]\npython='3.11.7'"], "3.11", nil
        ),
        (
            "two bounds",
            [
                "pyproject.toml":
                    "[project]\nname='a'\nrequires-python='>=3.9'\n[tool.poetry.dependencies]\npython='<3.12'"
            ], "3.11", nil
        ),
        (
            ".python-version before the image",
            [
                ".python-version": "# pyenv\nshop-env\n3.12.4\n", "Dockerfile": "FROM python:3.11\nRUN pip install x",
                "main.py": "",
            ], "3.12", ".python-version"
        ),
        (
            ".tool-versions", [".tool-versions": "nodejs 20\npython 3.11.4 3.10.1", "main.py": ""], "3.11",
            ".tool-versions"
        ),
        ("runtime.txt", ["runtime.txt": "python-3.10.13\n", "main.py": ""], "3.10", "runtime.txt"),
        ("mise", ["mise.toml": "[tools]\npython = ['3.13', '3.12']", "main.py": ""], "3.13", "mise.toml"),
        (
            "an image by an argument",
            [
                "Dockerfile":
                    "ARG V=3.12\nARG T=slim-trixie\nFROM docker.io/python:${V}-${T} AS a\nFROM a\nRUN pip install x",
                "main.py": "",
            ], "3.12", "Dockerfile"
        ),
        (
            "an image that names Python in its tag",
            ["Dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.8-slim", "a.py": ""], "3.8", "Dockerfile"
        ),
        (
            "Red Hat's images",
            ["Dockerfile": "FROM registry.access.redhat.com/ubi9/python-312:latest\nRUN pip install x", "a.py": ""],
            "3.12", "Dockerfile"
        ),
        (
            "an image without a version", ["Dockerfile": "FROM python:3-slim\nRUN pip install x", "a.py": ""], "3.14",
            nil
        ),
        (
            "Python from packages",
            [
                "Dockerfile": "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y python3.11 python3-pip",
                "a.py": "",
            ], "3.11", "Dockerfile"
        ),
        (
            "the image of production",
            [
                "Dockerfile": "FROM python:3.11 AS dev\nRUN pip install x",
                "Dockerfile.prod": "FROM python:3.12.1\nRUN pip install x", "a.py": "",
            ], "3.12", "Dockerfile.prod"
        ),
        (
            "a linter's target", ["pyproject.toml": "[tool.ruff]\ntarget-version = 'py312'", "a.py": ""], "3.12",
            "pyproject.toml"
        ),
        (
            "a linter's target that has ended is the least, not the choice",
            ["ruff.toml": "target-version = 'py38'", "a.py": ""], "3.14", nil
        ),
        (
            "the header of compiled requirements",
            [
                "requirements.txt": "#\n# This file is autogenerated by pip-compile with Python 3.12\n#\nfastapi==1"
            ], "3.12", "requirements.txt"
        ),
        ("conda", ["environment.yml": "dependencies: [python=3.11, fastapi]"], "3.11", nil),
        (
            "Render's variable",
            [
                "render.yaml":
                    "services: [{type: web, runtime: python, envVars: [{key: PYTHON_VERSION, value: 3.12.3}]}]",
                "a.py": "",
            ], "3.12", "render.yaml"
        ),
    ]

    @Test("where the version is from", arguments: choices)
    func chooses(_ row: (why: String, files: [String: String], version: String, place: String?)) async throws {
        let facts = try await ScanContext.facts(row.files) { PythonVersionDetector.detect(&$0, today: "2026-11-21") }
        let python = try #require(facts.python)
        #expect(python.chosen == row.version, "\(row.why)")
        if let place = row.place { #expect(python.evidence.first?.place.file == place, "\(row.why)") }
    }

    @Test("what contradicts a bound is passed over, and said")
    func conflicts() async throws {
        let files = [
            "pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.10'", ".python-version": "3.8",
            "Dockerfile": "FROM python:3.12\nRUN pip install .",
        ]
        let facts = try await ScanContext.facts(files) { PythonVersionDetector.detect(&$0, today: "2026-11-21") }
        #expect(facts.python?.chosen == "3.12")
        #expect(facts.python?.constraint == ">=3.10")
        #expect(facts.warnings.map(\.message) == [".python-version:1 names Python 3.8, which >=3.10 does not allow"])
        let empty = ["pyproject.toml": "[project]\nname='a'\nrequires-python='>=3.12,<3.11'"]
        let none = try await ScanContext.facts(empty) { PythonVersionDetector.detect(&$0, today: "2026-11-21") }
        #expect(none.python?.chosen == "3.14")
        #expect(none.warnings.count == 1)
    }

    @Test(
        "where nothing says it, pins that have no wheel for a newer one decide",
        arguments: [
            ("fastapi==0.110.0\npydantic==2.7.1\n", "3.12", "pydantic 2.7.1"),
            ("pydantic==2.11.4\n", "3.13", "pydantic 2.11.4"), ("pydantic==2.12.0\n", "3.14", nil),
            ("pydantic>=2.7.1\n", "3.14", nil), ("pydantic==2.7.*\n", "3.14", nil),
            ("cffi==1.16.0\nnumpy==2.1.0\n", "3.12", "cffi 1.16.0"),
            // What the oldest supported Python has no wheel for needs a compiler anyway.
            ("cffi==1.0.0\n", "3.14", nil),
        ]
    )
    func wheels(_ requirements: String, _ version: String, _ pin: String?) async throws {
        let files = ["requirements.txt": requirements, "main.py": "import fastapi\n"]
        let facts = try await ScanContext.facts(files) { context in
            ManifestDetector.detect(&context)
            PythonVersionDetector.detect(&context, today: "2026-11-21")
        }
        #expect(facts.python?.chosen == version)
        let warnings = facts.warnings.map(\.message).filter { $0.contains("wheel") }
        #expect(
            warnings.count == (pin == nil ? 0 : 1) && warnings.allSatisfy { $0.hasPrefix(pin ?? "") },
            "\(warnings)"
        )
        var stated = files
        stated[".python-version"] = "3.14"
        let other = try await ScanContext.facts(stated) { context in
            ManifestDetector.detect(&context)
            PythonVersionDetector.detect(&context, today: "2026-11-21")
        }
        #expect(other.python?.chosen == "3.14", "what is written down counts")
    }

    @Test("the answer follows the day that it is asked for, and an ended version is named")
    func days() async throws {
        let files = ["a.py": "", "Dockerfile": "FROM python:3.9\nRUN pip install x"]
        let facts = try await ScanContext.facts(files) { PythonVersionDetector.detect(&$0, today: "2026-11-21") }
        #expect(facts.warnings.map(\.message) == ["Python 3.9 gets no security fixes since 2025-10-31"])
        let early = try await ScanContext.facts(files) { PythonVersionDetector.detect(&$0, today: "2025-01-01") }
        #expect(early.warnings.isEmpty)
        let free = try await ScanContext.facts(["a.py": ""]) { PythonVersionDetector.detect(&$0, today: "2025-10-10") }
        #expect(free.python?.chosen == "3.13")
        #expect(try await ScanContext.facts(["main.go": ""], PythonVersionDetector.detect).python == nil)
    }

    /// Each is refused by a Python before the one named, and read all the same.
    private static let newer: [(code: String, version: String)] = [
        ("A = 'h'\nURL = f\"db://{A}:{\n    A}@{A}/x\"\n", ">=3.12"),
        ("A = {'b': 1}\nURL = f\"{A[\"b\"]}\"\n", ">=3.12"),
        ("type Name = str\n\ndef first[T](x: T) -> T:\n    return x\n", ">=3.12"),
        ("try:\n    pass\nexcept OSError, KeyError:\n    pass\n", ">=3.14"),
    ]

    @Test("the code's own syntax is a bound", arguments: newer)
    func syntax(_ row: (code: String, version: String)) async throws {
        // A newer Python reads it without a word; then it is the host's own, and fits.
        let other = try await Scan.run(Project(files: ["main.py": "def (:\n"]))
        let version = try #require(other.context.python.modules.first?.error?.python)
        let isNew = version < (row.version.hasSuffix("14") ? 14 : 12)
        let files = ["main.py": "from fastapi import FastAPI\nimport db\napp = FastAPI()\n", "db.py": row.code]
        let scan = try await Scan.run(Project(files: files))
        #expect(scan.context.python.modules.allSatisfy { $0.error == nil })
        #expect(scan.facts.python?.constraint == (isNew ? row.version : nil))
        let offers = ["3.11", "3.13", "3.14"].map { PythonOffer(version: $0, origin: "here", isStandard: $0 == "3.11") }
        guard isNew else { return }
        #expect(try PythonFit.choose(scan, offered: offers).minor >= (row.version.hasSuffix("14") ? 14 : 13))
        let wrong = files.merging(["db.py": "A = f\"b\nC = 1\n"]) { $1 }
        let broken = try await Scan.run(Project(files: wrong))
        #expect(broken.context.python.modules.contains { $0.error != nil } && broken.facts.python?.constraint == nil)
    }
}
