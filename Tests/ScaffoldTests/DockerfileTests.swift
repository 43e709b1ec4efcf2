import Testing
import Toolkit

@testable import Scaffold

@Suite("Dockerfiles")
struct DockerfileTests {
    private func parse(_ text: String) -> Dockerfile { Dockerfile.parse(text, path: "Dockerfile") }

    @Test("directives count only at the top, and the escape character may change")
    func directives() {
        let file = parse(
            """
            # syntax=docker/dockerfile:1
            # escape=`
            # a comment
            # check=skip=all
            FROM python:3.13
            RUN echo a `
                b
            """
        )
        #expect(file.directives == ["syntax": "docker/dockerfile:1", "escape": "`"])
        #expect(file.stages.first?.instructions.first?.text == "echo a b")
        #expect(file.problems.isEmpty)
    }

    @Test("lines are joined over comments and empty lines, and keep their places")
    func continuations() throws {
        let text = "FROM a\nRUN apt-get update \\\n# why\n\n  && apt-get install gcc\nCMD [\"x\", \"y z\"]\n"
        let file = parse(text.replacing("\n", with: "\r\n"))
        let stage = try #require(file.stages.first)
        #expect(stage.instructions.map(\.text) == ["apt-get update && apt-get install gcc", "[\"x\", \"y z\"]"])
        #expect(stage.instructions.map(\.line) == [2, 6])
        #expect(stage.instructions.map(\.endLine) == [5, 6])
        #expect(stage.instructions.last?.exec == ["x", "y z"])
    }

    @Test("heredocs belong to their instruction, several in order, and tabs may be stripped")
    func heredocs() throws {
        let file = parse(
            """
            FROM a
            RUN <<EOF
            pip install x
            # no comment of the Dockerfile
            EOF
            COPY <<-"ONE" <<TWO /files/
            \t1
            \tONE
            2
            TWO
            RUN python3 -c "print(1 << 2)" <<<word
            CMD run
            """
        )
        let items = try #require(file.stages.first?.instructions)
        #expect(items.map(\.word) == ["RUN", "COPY", "RUN", "CMD"])
        #expect(items[0].heredocs == ["pip install x\n# no comment of the Dockerfile"])
        #expect(items[1].heredocs == ["1", "2"])
        #expect(items[0].endLine == 5)
        #expect(items[2].heredocs.isEmpty)
        #expect(file.problems.isEmpty)
        let open = parse("FROM a\nRUN <<EOF\nx\n")
        #expect(open.problems.first?.message == "the heredoc EOF never ends")
    }

    @Test("arguments before the first FROM are filled in")
    func arguments() {
        let file = parse(
            """
            ARG VERSION=3.13
            ARG TAG=${VERSION}-slim
            ARG REGISTRY
            FROM --platform=$BUILDPLATFORM python:${TAG} AS build
            FROM ${REGISTRY:-docker.io}/python:$VERSION as Final
            FROM build AS test
            """
        )
        #expect(file.stages.map(\.base) == ["python:3.13-slim", "docker.io/python:3.13", "build"])
        #expect(file.stages.map(\.name) == ["build", "Final", "test"])
        #expect(file.globalArguments["REGISTRY"] == .some(nil))
        #expect(file.stage(target: "final")?.line == 5)
    }

    @Test(
        "a misspelt instruction is reported with the one that was meant",
        arguments: [
            ("HEALTH CHECK CMD curl x", "HEALTHCHECK"),
            ("ENTRYPIONT [\"x\"]", "ENTRYPOINT"), ("ENTRY_POINT x", "ENTRYPOINT"),
            ("WORKDIRS /app", "WORKDIR"), ("COYP a b", "COPY"), ("pip install x", nil), ("- uvicorn", nil),
        ]
    )
    func misspelt(line: String, nearest: String?) {
        let file = parse("FROM a\n\(line)\n")
        #expect(file.problems.map(\.line) == [2])
        #expect(file.problems.first?.nearest == nearest)
        #expect(parse("# syntax=example.com/other:2\nFROM a\n\(line)\n").problems.isEmpty)
    }

    @Test("brackets that are no JSON are reported, and are the shell form")
    func brackets() {
        let file = parse("FROM a\nCMD ['uvicorn', 'main:app']\n")
        #expect(file.stages.first?.instructions.first?.exec == nil)
        #expect(file.problems.count == 1)
    }

    @Test("an image's environment, folder, ports and command follow its stages")
    func image() throws {
        let file = parse(
            """
            FROM python:3.13 AS base
            ARG PORT=8000
            ENV PORT=$PORT HOST="0.0.0.0"
            WORKDIR /srv
            CMD ["old"]
            FROM base AS prod
            WORKDIR app
            USER 1000
            EXPOSE $PORT/tcp 9000
            ENTRYPOINT ["/entry.sh"]
            FROM prod AS web
            ENV GREETING hello you
            CMD uvicorn main:app --port $PORT
            HEALTHCHECK --interval=5s CMD ["python", "check.py"]
            """
        )
        let prod = file.image(of: try #require(file.stage(target: "prod")))
        #expect(prod.command == nil)
        #expect(prod.environment == ["PORT": "8000", "HOST": "0.0.0.0"])
        #expect(prod.workingDirectory == "/srv/app")
        #expect(prod.ports.map(\.number) == [8000, 9000])
        #expect(prod.user == "1000")
        let web = file.image(of: try #require(file.stages.last))
        #expect(web.command?.text == "uvicorn main:app --port $PORT")
        #expect(web.entrypoint?.exec == ["/entry.sh"])
        #expect(web.environment["GREETING"] == "hello you")
        #expect(web.healthcheck?.flags.first?.value == "5s")
        #expect(web.base == "python:3.13")
    }

    @Test("hostile text neither hangs nor crashes")
    func hostile() {
        #expect(parse("").stages.isEmpty)
        #expect(parse("RUN x\n").problems.count == 1)
        #expect(parse("FROM\n").stages.isEmpty)
        _ = parse("FROM a\n" + String(repeating: "RUN x \\\n", count: 60_000))
        _ = parse("FROM a\nENV " + String(repeating: "${A:-", count: 5_000) + "\n")
        _ = parse("FROM a\nCOPY " + String(repeating: "<<E ", count: 5_000) + "\n")
        _ = parse("FROM ${\nFROM $\nENV =\nENV\nARG\nEXPOSE ${X}\nVOLUME [\n")
        let loop = parse("FROM b AS a\nFROM a AS b\n")
        #expect(loop.stages.map { loop.lineage(of: $0).count } == [1, 2])
    }

    @Test(
        "variables",
        arguments: [
            ("$A/${B}", "1/$B"), ("${B:-x${A}y}", "x1y"), ("${B-'q'}", "q"), ("${A:+set}", "set"), ("${B:+set}", ""),
            ("${E:-d}", "d"), ("${E-d}", ""), ("\\$A", "$A"), ("$$A", "$1"), ("${A", "${A"), ("${B:?no}", "$B"),
            ("$1", "$1"),
        ]
    )
    func variables(text: String, result: String) {
        #expect(Variables.expand(text) { ["A": "1", "E": ""][$0] } == result)
    }
}
