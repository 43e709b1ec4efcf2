import Foundation
import Testing
import Toolkit

@testable import Scaffold

@Suite("Nothing of a project is run")
struct NothingRunsTests {
    @Test(
        "files that Python, shells and tools run by themselves leave no trace",
        .enabled(if: RoostProgram.missing == nil, "the program is not built: swift build"),
        .timeLimit(.minutes(5))
    )
    func noTrace() async throws {
        let place = try HostileFolder.Maker()
        let traces = try ScratchFolder()
        try Self.lay(in: place, traces: traces.path)
        let search = "\(place.path)/bin:\(place.path):."
        let environment = [
            "PATH": "\(search):/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": place.path, "PYTHONUSERBASE": place.path,
            "PYTHONSTARTUP": "\(place.path)/startup.py", "PYTHONINSPECT": "1", "BASH_ENV": "\(place.path)/start.sh",
            "ENV": "\(place.path)/start.sh", "HOME": place.path,
        ]
        let commands = [
            ["launch", ".", "--plan"], ["launch", ".", "--plan", "--json"], ["launch", ".", "--check"], ["audit", "."],
            ["audit", ".", "--checklist"], ["audit", ".", "--format", "sarif"],
        ]
        for command in commands {
            let run = try RoostProgram.run(command, in: place.path, environment: environment)
            #expect(!run.isCrash, "\(command) \(run.code) \(run.error)")
        }
        let found = try FileManager.default.contentsOfDirectory(atPath: traces.path)
        #expect(found == [])
        // That the files would have left one is true of them all, and shown by those that run without their tool.
        for name in ["sitecustomize.py", "setup.py", "ast.py", "build/backend.py"] {
            _ = try await Command("python3", ["\(place.path)/\(name)"]).run()
        }
        for name in ["bin/python3", "python3", "start.sh"] {
            _ = try await Command("/bin/sh", ["\(place.path)/\(name)"]).run()
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: traces.path).sorted()
        #expect(left == ["ast.py", "backend.py", "bin-python3", "python3", "setup.py", "sitecustomize.py", "start.sh"])
    }

    /// An app that is found, with everything beside it that somebody runs.
    private static func lay(in place: HostileFolder.Maker, traces: String) throws {
        func python(_ name: String) throws {
            let mark = TreePath.name(of: name)
            try place.write(name, "open('\(traces)/\(mark)', 'w').close()\n\(HostileFolder.app)")
        }
        let modules = [
            "main.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py", "startup.py", "manage.py",
            "gunicorn.conf.py", "migrations/env.py", "build/backend.py", "app/__init__.py", "app/__main__.py",
            "noxfile.py", "fabfile.py", "tasks.py", "settings.py",
            // In front of the standard library's own.
            "ast.py", "json.py", "gc.py", "resource.py", "signal.py", "warnings.py", "re.py", "encodings/__init__.py",
        ]
        for name in modules { try python(name) }
        for name in ["python3", "python", "sh", "git", "uv", "timeout", "bin/python3", "bin/env", "start.sh"] {
            let mark = name.replacing("/", with: "-")
            try place.write(name, "#!/bin/sh\n: > '\(traces)/\(mark)'\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(place.path)/\(name)")
        }
        try place.write("requirements.txt", "fastapi\nuvicorn\n-e .\n")
        try place.write(".env", "PATH=.\nPYTHONSTARTUP=startup.py\nX=$(: > '\(traces)/env')\n")
        try place.write(".env.example", "SECRET=`: > '\(traces)/example'`\n")
        let backend = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\"build\"]\n"
        try place.write("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\n\(backend)")
        try place.write("Makefile", "X := $(shell : > '\(traces)/make')\nrun:\n\tuvicorn main:app\n")
        try place.write("Procfile", "web: uvicorn main:app $(: > '\(traces)/procfile')\n")
        try place.write("Dockerfile", "FROM python:3.13\nCOPY . .\nCMD uvicorn main:app `: > '\(traces)/docker'`\n")
        try place.write(
            "compose.yaml",
            "services:\n  web:\n    build: .\n    command: sh -c \": > '\(traces)/compose'\"\n"
        )
        try place.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
        try place.write("x.pth", "import os; open('\(traces)/pth', 'w')\n")
    }
}
