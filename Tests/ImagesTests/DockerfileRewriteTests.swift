import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Dockerfiles in words that an old buildah knows")
struct DockerfileRewriteTests {
    private static let manifest = SourceManifest(files: [
        .init(path: "link", kind: .symlink, mode: 0o777, size: 0, sha256: "", target: "/etc"),
        .init(path: "src/a.py", mode: 0o644, size: 1, sha256: String(repeating: "a", count: 64)),
        .init(path: "src/b/c.py", mode: 0o644, size: 1, sha256: String(repeating: "b", count: 64)),
        .init(path: "uv.lock", mode: 0o644, size: 1, sha256: String(repeating: "c", count: 64)),
    ])

    private func rewrite(
        _ text: String,
        arguments: [String: String] = [:],
        bases: [String: String] = [:],
        manifest: SourceManifest = manifest
    ) throws -> (text: String, rewrite: DockerfileRewrite) {
        var rewrite = DockerfileRewrite(
            text,
            path: "Dockerfile",
            manifest: manifest,
            arguments: arguments,
            bases: bases
        )
        return (try rewrite.text(), rewrite)
    }

    @Test(
        "leaves alone what buildah knows",
        arguments: [
            "# syntax=docker/dockerfile:1\nARG V=3\nFROM python:$V AS b\nRUN a && \\\n  # why\n  b\nCMD [\"x\"]\n",
            "FROM x\nCOPY --chown=1:1 a b /c/\nADD a.tar /\nHEALTHCHECK --interval=3s CMD true\n",
            "FROM x\nRUN --mount=type=cache,target=/root/.cache pip install x\nRUN echo '<<EOF'\n",
            "FROM x\r\nRUN echo \"a \\\r\n   b\"\r\n",
        ]
    )
    func untouched(text: String) throws {
        #expect(try rewrite(text).text == text.replacing("\r\n", with: "\n"))
    }

    @Test("a here-document of commands becomes a file that the shell of the stage reads")
    func commands() throws {
        let (text, rewrite) = try rewrite("FROM x\nRUN <<EOF\nset -e\nif true; then\n\techo $HOME\nfi\nEOF\nUSER app\n")
        let (name, content) = try #require(rewrite.files.first)
        #expect(content.text == "set -e\nif true; then\n\techo $HOME\nfi\n")
        let mount = "--mount=type=bind,from=roost-build,source=\(name),target=/run/roost/\(name)"
        #expect(text == "FROM x\nRUN \(mount) . /run/roost/\(name)\nUSER app\n")
    }

    @Test("one with a program named in it is started by that program, one for a program is its input")
    func programs() throws {
        var result = try rewrite("FROM x\nRUN <<PY\n#!/usr/bin/env python3\nprint(1)\nPY\n")
        let program = try #require(result.rewrite.files.first)
        #expect(program.value.isProgram)
        #expect(result.text.hasSuffix(" /run/roost/\(program.key)\n"))
        result = try rewrite("FROM x\nRUN python3 - <<'A' > /x && cat <<-B\nprint('$1')\nA\n\ttwo\n\tB\n")
        #expect(result.rewrite.files.values.first?.text == "python3 - <<'A' > /x && cat <<-B\nprint('$1')\nA\ntwo\nB\n")
    }

    @Test("files in a COPY are written, with variables where the mark is not quoted")
    func documents() throws {
        let (text, rewrite) = try rewrite(
            "FROM x\nARG A=1\nENV B=two\nCOPY --chmod=755 uv.lock <<one <<\"two\" /etc/\n$A ${B} \\$A $C\none\n$A\ntwo\n",
            arguments: ["A": "9"]
        )
        let contents = Dictionary(
            uniqueKeysWithValues: rewrite.files.map { ($0.key.split(separator: "/").last ?? "", $0.value.text) }
        )
        #expect(contents == ["one": "9 two $A \n", "two": "$A\n"])
        let lines = text.split(separator: "\n").dropFirst(3)
        #expect(lines.first == "COPY --chmod=755 uv.lock /etc/")
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("COPY --from=roost-build --chmod=755 copy-") })
        #expect(lines.last?.hasSuffix("/two /etc/") == true)
    }

    @Test(
        "flags that change only how an image is made go, the rest stays",
        arguments: [
            ("COPY --link --chown=1 a b", "COPY --chown=1 a b"), ("ADD --link=true a /b", "ADD a /b"),
            ("COPY --link [\"a b\", \"/c\"]", "COPY \"a b\" /c"), ("RUN --network=default a", "RUN a"),
            ("RUN --security=sandbox \\\n  --network=host \\\n  # why\n  a \\\n  b", "RUN a \\\n  b"),
            ("HEALTHCHECK --interval=1s --start-interval=2s CMD true", "HEALTHCHECK --interval=1s CMD true"),
            ("COPY --parents src/a.py ./uv.lock /d/", "COPY src/a.py /d/src/a.py\nCOPY ./uv.lock /d/uv.lock"),
            ("COPY --parents src/*.py /d", "COPY src/a.py /d/src/a.py"),
            ("COPY --parents --from=b /x/./y/z /d", "COPY --from=b /x/y/z /d/y/z"),
            ("RUN --mount=type=cache,target=c,id=x a", "RUN --mount=type=cache,target=/w/c,id=x a"),
            ("RUN --mount=type=tmpfs,dst=../t a", "RUN --mount=type=tmpfs,dst=/t a"),
            ("RUN --mount=type=cache,target=$Q/c a", "RUN --mount=type=cache,target=/q/c a"),
        ]
    )
    func flags(old: String, new: String) throws {
        let head = "FROM x\nENV Q=/q\nWORKDIR /w\n"
        let text = try rewrite(head + old + "\n").text
        // A target that is absolute by its variable is as good as filled in.
        let same = text.replacing("target=$Q/c", with: "target=/q/c")
        #expect(same == head + new + "\n")
    }

    @Test("what is mounted counts for the cache, which buildah does not see to")
    func inputs() throws {
        let text = "FROM x\nWORKDIR /w\nRUN --mount=type=bind,source=uv.lock,target=uv.lock cat uv.lock\n"
        let first = try rewrite(text).text
        #expect(first.contains("RUN --mount=type=bind,source=uv.lock,target=/w/uv.lock cat uv.lock\n"))
        #expect(first.contains("\nARG ROOST_INPUTS="))
        var other = Self.manifest
        other.files[1].sha256 = String(repeating: "e", count: 64)
        #expect(try rewrite(text, manifest: other).text == first)
        other.files[3].sha256 = String(repeating: "e", count: 64)
        #expect(try rewrite(text, manifest: other).text != first)
        let stages = "FROM x AS b\nCOPY src /s\nRUN make\nFROM x\nRUN --mount=from=b,source=/o,target=/o cp /o/x /\n"
        #expect(try rewrite(stages).text != rewrite(stages, manifest: SourceManifest(files: [])).text)
    }

    @Test("a download with a sum is compared, as root, and the user stays who he was")
    func sums() throws {
        let sum = String(repeating: "a", count: 64)
        let old = "FROM x\nUSER app\nWORKDIR /w\nADD --checksum=sha256:\(sum) http://h/p/f.tgz?x=1 lib/\n"
        let new =
            "FROM x\nUSER app\nWORKDIR /w\nADD http://h/p/f.tgz?x=1 lib/\nUSER 0\n"
            + "RUN echo '\(sum)  /w/lib/f.tgz' | sha256sum -c -\nUSER app\n"
        #expect(try rewrite(old).text == new)
    }

    @Test("a secret becomes a variable for its command alone")
    func secrets() throws {
        let text = try rewrite("FROM x\nRUN --mount=type=secret,id=tok,env=TOKEN curl -H $TOKEN\n").text
        #expect(text.contains("--mount=type=secret,id=tok,target=/run/secrets/tok if [ -e '/run/secrets/tok' ]; then"))
        #expect(text.hasSuffix("export TOKEN; fi; curl -H $TOKEN\n"))
    }

    @Test("images that were made here stand in wherever they are named")
    func bases() throws {
        let old =
            "ARG V=3.12\nFROM --platform=$BUILDPLATFORM python:${V}-slim AS b\nCOPY --from=uv:1 /uv /bin/\n"
            + "RUN --mount=from=uv:1,source=/uv,target=/uv /uv\nFROM b\nCOPY --from=b /x /x\n"
        let file = Dockerfile.parse(old, path: "Dockerfile")
        let uses = file.imagesUsed(arguments: ["V": "3.13"], target: nil)
        #expect(uses.map(\.name) == ["python:3.13-slim", "uv:1"])
        #expect(uses.map(\.line) == [2, 3])
        let map = ["python:3.13-slim": "localhost/p", "uv:1": "localhost/u", "b": "never"]
        let text = try rewrite(old, arguments: ["V": "3.13"], bases: map).text
        #expect(
            text == "ARG V=3.12\nFROM localhost/p AS b\nCOPY --from=localhost/u /uv /bin/\n"
                + "RUN --mount=from=localhost/u,source=/uv,target=/uv /uv\nFROM b\nCOPY --from=b /x /x\n"
        )
    }

    @Test(
        "refuses with the line what can't be said in older words",
        arguments: [
            "RUN --security=insecure a", "RUN --network=x a", "COPY --exclude=*.md . /x", "RUN --device=x a",
            "RUN --mount=type=bind,source=../../etc,target=/x cat /x", "RUN --mount=type=cache,id=../x,target=/x a",
            "RUN --mount=type=bind,source=link/shadow,target=/x cat /x", "ADD --checksum=sha256:1 http://h/x /x",
            "RUN --mount=type=secret,id=a,env=A [\"x\"]", "SHELL [\"pwsh\", \"-c\"]\nRUN <<E\nx\nE",
            "ONBUILD RUN <<E\nx\nE", "COPY --parents none*.x /d/", "COPY <<a/b /x\nE\na/b",
        ]
    )
    func refused(line: String) throws {
        let fault = #expect(throws: Fault.self) { try rewrite("FROM x\n" + line + "\n") }
        #expect(fault?.code == .buildFailed)
        #expect(fault?.message.hasPrefix("Dockerfile:") == true)
        #expect(fault?.hint != nil)
    }

    @Test("the table in the manual has every flag that is changed or refused")
    func manual() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "../../docs/dockerfile.md"
        )
        let text = try String(contentsOf: path, encoding: .utf8)
        for word in [
            "<<EOF", "--link", "--parents", "--exclude", "--checksum", "--network", "--security", "--start-interval",
            "type=bind", "type=cache", "type=secret", "# syntax=", "SHELL",
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test("steps of the newest builds stay, whichever way buildah names them")
    func steps() {
        #expect(DockerfileSteps.id(in: "--> 7c65448a258") == "7c65448a258")
        #expect(DockerfileSteps.id(in: "--> Using cache 76470ed043f0e01f") == "76470ed043f0e01f")
        #expect(DockerfileSteps.id(in: "--> nothing") == nil)
        #expect(DockerfileSteps.id(in: "STEP 1/2: FROM x") == nil)
        let listed = ["76470ed043f0e01fff", "7c65448a25800", "aaaaaaaaaaaaaaaa"]
        #expect(DockerfileSteps.unused(listed, kept: ["76470ed043f0e01f", "7c65448a258"]) == ["aaaaaaaaaaaaaaaa"])
    }

    @Test(
        "knows official images by their tags",
        arguments: [
            ("python:3.12-slim", "Python 3.12"), ("docker.io/library/python:3.12.4-slim-bookworm", "Python 3.12.4"),
            ("python", "Python"), ("python:3-bookworm", "Python 3"), ("debian:12-slim", "Debian"),
            ("debian:trixie-20250520-slim", "Debian"), ("ghcr.io/astral-sh/uv:latest", "uv"),
            ("ghcr.io/astral-sh/uv:0.5.11", "uv"), ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "Python 3.12"),
            ("ghcr.io/astral-sh/uv:0.8-python3.13-trixie", "Python 3.13"),
            ("ghcr.io/astral-sh/uv:debian-slim", "Debian"),
            ("python:3.12-slim@sha256:0", "Python 3.12"), ("python:3.12-alpine", nil),
            ("python:3.12-windowsservercore", nil),
            ("node:20", nil), ("evil/python:3.12", nil), ("python:3.12-slim-x", nil), ("debian:99", nil),
            ("tiangolo/uvicorn-gunicorn-fastapi:python3.11", nil),
        ] as [(String, String?)]
    )
    func official(name: String, title: String?) {
        #expect(OfficialImage(name)?.title == title)
    }
}
