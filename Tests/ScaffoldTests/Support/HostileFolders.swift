import Foundation

#if canImport(Glibc)
import Glibc
import Toolkit
#endif

/// What is wrong in each, and what is said about it.
enum HostileFolders {
    static let all = sizes + links + documents + dockerfiles + python + names + kinds

    private static let sizes = [
        HostileFolder("100,000 files and one", says: ["more than 100000 files"]) { place in
            try place.plain()
            for part in 0..<100 {
                try place.folder("d\(part)")
                for index in 0..<1_000 { try place.empty("d\(part)/f\(index).\(index % 10 == 0 ? "py" : "txt")") }
            }
        },
        HostileFolder("5,000 folders in each other", says: ["1 folders lie deeper than 64 levels"]) { place in
            try place.plain()
            try place.nest(5_000, appsAt: [10, 63, 70, 4_000])
        },
        HostileFolder(
            "files of a gigabyte",
            kind: "library",
            entry: "none",
            says: [
                "main.py is larger", "requirements.txt is larger", "compose.yaml is larger", "Dockerfile is larger",
            ],
            audit: [2]
        ) { place in
            for name in ["main.py", "requirements.txt", "compose.yaml", "Dockerfile", "pyproject.toml", ".env.example"]
            {
                try place.sparse(name, bytes: 1 << 30)
            }
        },
    ]

    private static let links = [
        HostileFolder("links in circles, and out of the project", says: ["6 links"]) { place in
            try place.plain()
            try place.folder("a/b")
            try place.link("a/up", to: "..")
            try place.link("a/b/up", to: "../..")
            try place.link("self.py", to: "self.py")
            try place.link("Dockerfile", to: "/etc/passwd")
            try place.link("etc", to: "/etc")
            try place.link("gone.py", to: "nowhere")
            try place.link("a/inner.py", to: "../main.py")
        },
        HostileFolder(
            "a pipe, a socket and a device for files",
            kind: "empty",
            entry: "none",
            says: ["no regular file", "1 links"]
        ) { place in
            try place.pipe("main.py")
            try place.pipe("Dockerfile")
            try place.node("app.py", S_IFSOCK)
            try place.node("asgi.py", S_IFCHR)
            try place.link("server.py", to: "/dev/zero")
            try place.write("requirements.txt", "fastapi\n")
        },
    ]

    private static let documents = [
        HostileFolder("aliases that multiply", says: ["compose.yaml:1: too many"], audit: [1, 2]) { place in
            try place.plain()
            var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            for level in 1..<10 {
                text +=
                    "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
            }
            try place.write("compose.yaml", text + "services:\n  web: {command: *a9, environment: *a9}\n")
            var pairs = "x-0: &b0 {k: x}\n"
            for level in 1..<40 { pairs += "x-\(level): &b\(level) {l: *b\(level - 1), r: *b\(level - 1)}\n" }
            try place.write("deploy/compose.yaml", pairs + "services:\n  web: {environment: *b39, <<: *b39}\n")
        },
        HostileFolder(
            "brackets without end",
            says: ["compose.yaml:1", "pyproject.toml:3", "render.yaml:1"],
            audit: [1, 2]
        ) {
            place in
            try place.plain()
            try place.write("compose.yaml", "services: " + String(repeating: "[", count: 100_000))
            try place.write("render.yaml", String(repeating: "{a: ", count: 50_000))
            try place.write("package.json", String(repeating: "{\"a\":", count: 50_000))
            let open = String(repeating: "[", count: 100_000)
            try place.write("pyproject.toml", "[project]\nname = \"x\"\nx = \(open)\n")
            try place.write("uv.toml", "a" + String(repeating: ".a", count: 60_000) + " = 1\n")
        },
        HostileFolder("a million keys", says: ["pyproject.toml is larger"]) { place in
            try place.plain()
            let keys = (0..<1_000_000).map { "k\($0) = 1\n" }.joined()
            try place.write("pyproject.toml", "[project]\nname = \"x\"\n[tool.x]\n\(keys)")
        },
        HostileFolder("forty thousand keys") { place in
            try place.plain()
            let keys = (0..<40_000).map { "k\($0) = 1\n" }.joined()
            try place.write("pyproject.toml", "[project]\nname = \"x\"\n[tool.x]\n\(keys)")
        },
    ]

    private static let dockerfiles = [
        HostileFolder("a Dockerfile of 50 MB", says: ["Dockerfile is larger than"]) { place in
            try place.plain()
            try place.write(
                "Dockerfile",
                "FROM python:3.13\n" + String(repeating: "RUN echo 0123456789\n", count: 2_500_000)
            )
        },
        HostileFolder("Dockerfiles that go on and on") { place in
            try place.plain()
            try place.write("Dockerfile", "FROM python:3.13\nRUN a" + String(repeating: " \\\n", count: 160_000))
            try place.write(
                "Dockerfile.b",
                "FROM python:3.13\nRUN " + String(repeating: "a \\\n", count: 120_000) + "b\n"
            )
            try place.write("Dockerfile.c", "FROM x\nRUN <<A <<B <<C\n" + String(repeating: "x\n", count: 100_000))
            let doubling = (1..<60).map { "ENV A\($0)=$A\($0 - 1)$A\($0 - 1)\n" }.joined()
            try place.write("Dockerfile.d", "FROM x\nENV A0=abc\n\(doubling)CMD uvicorn $A59:app\n")
            try place.write("Dockerfile.e", "FROM x\nCMD " + String(repeating: "${A:-", count: 50_000) + "\n")
            try place.write("Dockerfile.f", "FROM x\nCMD " + String(repeating: "[", count: 200_000) + "\n")
            let stages = (0..<10_000).map { "FROM s\($0) AS s\($0 + 1)\n" }.joined()
            try place.write("Dockerfile.g", "FROM x AS s0\n\(stages)")
            try place.write("Dockerfile.h", "FROM a AS b\nFROM b AS a\nCMD uvicorn main:app\n")
        },
        HostileFolder("a Dockerfile with unknown words") { place in
            try place.plain()
            let lines = [
                "# syntax=example/own:1", "from ${A:-${B:-x}} as \"y", "UNKNOWN x y", "FROM", "COPY", "CMD [\"a\", ",
                "HEALTHCHECK", "ONBUILD ONBUILD RUN x", "ENV", "ENV =", "EXPOSE 99999999999999999999 -1 a/b",
                "WORKDIR ../../../..", "USER", "SHELL []", "\\", "RUN <<", "ENTRYPOINT []", "CMD []", "\u{0}",
            ]
            try place.write("Dockerfile", lines.joined(separator: "\n"))
            try place.write("b.Dockerfile", lines.dropLast().joined(separator: "\r\n"))
        },
        HostileFolder("scripts that go on and on") { place in
            try place.plain()
            let texts = [
                "uvicorn " + String(repeating: "a;", count: 100_000), String(repeating: "$(", count: 60_000),
                String(repeating: "'", count: 100_001), String(repeating: "\\\n", count: 100_000),
                String(repeating: "cat <<A <<B\n", count: 9_000), String(repeating: "(", count: 60_000),
                (1..<60).map { "A\($0)=$A\($0 - 1)$A\($0 - 1)\n" }.joined() + "uvicorn $A59:app\n",
                String(repeating: "cd a\n", count: 20_000) + "uvicorn main:app\n", "sh run0.sh; sh run7.sh\n",
            ]
            for (index, text) in texts.enumerated() { try place.write("run\(index).sh", "A0=abc\n" + text) }
            let runs = texts.indices.map { "sh run\($0).sh" }.joined(separator: " && ")
            try place.write("Dockerfile", "FROM python:3.13\nCOPY . .\nRUN true\nCMD \(runs)\n")
            try place.write("Makefile", "x:\n\t" + String(repeating: "y && ", count: 30_000) + "z\n")
            try place.write("requirements-dev.txt", "-r requirements-dev.txt\n-r requirements.txt\n")
            try place.write(
                ".dockerignore",
                String(repeating: "**/", count: 20_000) + "a\n" + String(repeating: "[a", count: 900)
            )
        },
    ]
}
