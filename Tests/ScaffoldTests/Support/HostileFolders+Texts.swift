import Foundation

extension HostileFolders {
    static let python = [
        HostileFolder("Python that no parser likes") { place in
            try place.plain()
            let texts = [
                "x = " + String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000),
                "x = " + String(repeating: "-", count: 900_000) + "1",
                "x = " + String(repeating: "not ", count: 200_000) + "1",
                "x = a" + String(repeating: ".b", count: 400_000), "x = 1" + String(repeating: "+1", count: 300_000),
                "x = a" + String(repeating: "()", count: 300_000),
                "x = '" + String(repeating: "a", count: 900_000) + "'",
                "x = " + String(repeating: "lambda:", count: 100_000) + "1", "x = 9**9**9**9\ny = 'a' * 10**12",
                "if x: pass\n" + String(repeating: "elif x: pass\n", count: 50_000),
                "x = " + String(repeating: "9", count: 9_000),
                "x = " + String(repeating: "f'{", count: 200) + "1" + String(repeating: "}'", count: 200),
                "x = [" + String(repeating: "1,", count: 100_000) + "]",
                String(repeating: "@x\n", count: 100_000) + "def f(): pass",
                "def (:", "x = '\\ud800://x'\ny = 'http://\\udfff'\napp2 = fastapi.FastAPI(title='\\ud800')",
            ]
            for (index, text) in texts.enumerated() { try place.write("p\(index)/x.py", "import fastapi\n\(text)\n") }
            try place.write("ten.py", "import fastapi\nx = 1" + String(repeating: "+1", count: 5_000_000) + "\n")
        },
        HostileFolder("Python of other bytes", entry: "main:app") { place in
            try place.write("main.py", "\u{FEFF}" + HostileFolder.app.replacing("\n", with: "\r\n"))
            try place.write("requirements.txt", "\u{FEFF}fastapi\r\nuvicorn\r\n")
            try place.write("nul.py", "import fastapi\n\u{0}\nx = 1\n")
            try place.write("cookie.py", "# -*- coding: nonsense -*-\nimport fastapi\nother = fastapi.FastAPI(\n")
            try place.write("rot.py", "# coding: rot13\nvzcbeg snfgncv\nimport fastapi\n")
            try place.write(
                "latin.py",
                Data("# coding: latin-1\nimport fastapi\nx = '".utf8) + Data([0xE9, 0xFF, 0x27, 0x0A])
            )
            try place.write("wide.py", Data([0xFF, 0xFE]) + Data("import fastapi\n".utf8.flatMap { [$0, 0] }))
            try place.write("half.py", Data([0xFF, 0xFE, 0x00, 0xD8, 0x0A]))
            try place.write("ends.py", "import fastapi\u{C}\rx = 1\u{2028}y = 2\u{85}z = 3\n")
        },
    ]

    /// What a name may hold on this file system, and means something to a shell, a template or a terminal.
    static let texts = [
        "a\nb", "a\r\nb", "q\"u", "o'q", "s;i", "$(touch x)", "{{ x }}", "%n%s", "-rf", "`id`", "a b", "a\u{1B}[31mb",
        "#x", "*", "a\\b", "${{ secrets.X }}", "\u{202E}x", "a\u{7F}b", "~", "&& y", "<z>", "|",
    ]

    static let names = [
        HostileFolder("names of folders and modules", says: ["2 files or folders whose names are no UTF-8"]) { place in
            try place.plain()
            for (index, text) in texts.enumerated() {
                try place.write("\(text)/main.py", HostileFolder.app)
                try place.write("\(text)/Dockerfile", "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n")
                try place.write("\(text).py", HostileFolder.app.replacing("app =", with: "app\(index) ="))
                try place.write("\(text).Dockerfile", "FROM\n")
            }
            place.unnamed([0xFF, 0xFE])
            place.unnamed(Array("main\u{E9}.py".unicodeScalars.map { UInt8($0.value) }))
        },
        HostileFolder("names of processes, services, variables and projects", audit: [0, 1, 2]) { place in
            try place.plain()
            let evil = texts.joined()
            func quoted(_ text: String) -> String {
                let data = try? JSONEncoder().encode(text)
                return String(decoding: data ?? Data(), as: UTF8.self).replacing("\\/", with: "/")
            }
            try place.write(
                "pyproject.toml",
                "[project]\nname = \(quoted(evil).replacing("\u{7F}", with: ""))\ndependencies = [\"fastapi\"]\n"
            )
            let services = texts.map { "  \(quoted($0)): {image: redis, command: \"celery -A main worker\"}\n" }
                .joined()
            try place.write("compose.yaml", "services:\n\(services)")
            try place.write(
                "Procfile",
                "web: uvicorn main:app\n" + texts.map { "\($0): celery -A main worker\n" }.joined()
            )
            try place.write(".env.example", texts.map { "\($0)=1\nOK_\($0)=\($0)\n" }.joined())
            let reads = texts.map { "os.environ[\(quoted($0))]\nos.getenv(\(quoted("A" + $0)), \(quoted($0)))\n" }
            try place.write("settings.py", "import os\n\(reads.joined())")
        },
    ]

    static let kinds = [
        HostileFolder("nothing at all", kind: "empty", entry: "none", audit: [2]) { _ in },
        HostileFolder("a folder without code", kind: "empty", entry: "none") { place in
            try place.write("README.md", "# Hello\n")
            try place.write("data/x.csv", "1\n")
        },
        HostileFolder("a project's template", kind: "template", entry: "none", says: ["project template: fill it in"]) {
            place in
            try place.write("cookiecutter.json", "{\"slug\": \"x\"}")
            try place.write("{{cookiecutter.slug}}/main.py", HostileFolder.app)
        },
        HostileFolder("a library", kind: "library", entry: "none") { place in
            try place.write("pyproject.toml", "[project]\nname = \"lib\"\nversion = \"1\"\n")
            try place.write("src/lib/__init__.py", "def f():\n    return 1\n")
        },
        HostileFolder("an app with an error of syntax") { place in
            try place.write("main.py", HostileFolder.app + "\ndef broken(:\n    pass\n")
            try place.write("requirements.txt", "fastapi\nuvicorn\n")
        },
        HostileFolder("files that are no UTF-8") { place in
            try place.write("main.py", Data([0x23, 0xE9, 0xFF, 0x0A]) + Data(HostileFolder.app.utf8))
            try place.write("requirements.txt", Data([0xFF, 0xFE]) + Data("fastapi\r\n".utf8.flatMap { [$0, 0] }))
            for name in ["Dockerfile", "compose.yaml", "pyproject.toml", "Procfile", ".env.example", "fly.toml"] {
                try place.write("other/\(name)", Data([0xC3, 0x28, 0x0A, 0xFF, 0x3A, 0x20, 0xED, 0xA0, 0x80, 0x0A]))
            }
        },
    ]
}
