import Foundation
import Images
import Model
import Testing
import Toolkit

extension RealBuilds {
    @Suite("by a Dockerfile", .enabled(if: Requirements.buildah))
    struct DockerfileBuildTests {
        private static let dockerfile = """
            FROM python:3.11-slim AS build
            ARG WORD=nothing
            RUN mkdir /opt/x && echo $WORD > /opt/x/one && rm -r /media

            FROM python:3.11-slim
            COPY --from=build /opt/x /opt/x
            COPY . /app
            RUN rm -r /srv
            WORKDIR /app
            ENV A=b
            USER 10001:10001
            EXPOSE 8080 9000/udp
            HEALTHCHECK --interval=15s --start-interval=2s --retries=3 \\
                CMD ["python3", "-c", "pass"]
            ENTRYPOINT ["python3"]
            CMD ["main.py"]
            """

        /// A storage with a base image by the name that Dockerfiles use, made of the base that Python builds have.
        private func bench() async throws -> BuildBench {
            let bench = try BuildBench(state: RealBuilds.state)
            try await bench.python.prepare { _ in }
            try await DockerBase.make(in: "\(RealBuilds.state)/images/buildah", images: bench.images)
            return bench
        }

        @Test("takes over what the Dockerfile says, and the second build comes from the cache")
        func builds() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            try project.write(Self.dockerfile, to: "Dockerfile")
            try project.write("print(\(Int.random(in: 0...Int.max)))", to: "main.py")
            try project.write("secret", to: "left-out")
            try project.write("left-out\n", to: ".dockerignore")
            let result = try await bench.build(project.path) { $0.args = ["WORD": "hello"] }
            print(bench.lines.text)
            let config = result.image.config
            #expect(config.user == "10001:10001")
            #expect(config.workingDirectory == "/app")
            #expect(config.entrypoint == ["python3"])
            #expect(config.cmd == ["main.py"])
            #expect(config.env.contains("A=b"))
            #expect(result.exposedPorts == [8080])
            let layers = try bench.store.layerPaths(of: result.image)
            func find(_ path: String) -> String? {
                layers.reversed().lazy.compactMap { FileManager.default.contents(atPath: "\($0)/\(path)") }.first
                    .map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(find("opt/x/one") == "hello\n")
            #expect(find("app/main.py") != nil)
            #expect(find("app/left-out") == nil)
            #expect(FileStatus.isWhiteout("\(try #require(layers.last))/srv"))
            print(result.stages)
            let again = try await bench.build(project.path) { $0.args = ["WORD": "hello"] }
            print(again.stages)
            #expect(again.image.layers == result.image.layers)
        }

        @Test("a step that fails ends the build with its own words")
        func failingStep() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            try project.write("FROM python:3.11-slim\nRUN echo so it went && exit 7\n", to: "Dockerfile")
            let fault = await #expect(throws: Fault.self) { try await bench.build(project.path) }
            #expect(fault?.code == .buildFailed)
            #expect(fault?.message.contains("so it went") == true)
        }

        @Test("a base image that cannot be had is named, with a hint")
        func missingBase() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            try project.write("FROM localhost:1/nobody/nothing:1\nRUN true\n", to: "Dockerfile")
            let fault = await #expect(throws: Fault.self) { try await bench.build(project.path) }
            #expect(fault?.code == .buildFailed)
            #expect(
                fault?.message.hasPrefix("Dockerfile:1: the image localhost:1/nobody/nothing:1 is out of reach") == true
            )
            #expect(fault?.hint?.contains("registr") == true)
        }

        @Test("a build stage can be chosen, and the Dockerfile can have another name")
        func targetAndName() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            let text = "FROM python:3.11-slim AS one\nENV STAGE=one\nFROM one AS two\nENV STAGE=two\n"
            try project.write(text, to: "deploy/Containerfile")
            let result = try await bench.build(project.path) { build in
                build.dockerfile = "deploy/Containerfile"
                build.target = "one"
            }
            #expect(result.image.config.env.contains("STAGE=one"))
        }

        @Test("a cancelled build leaves no process, no mount and no folder, and the next one works")
        func cancelled() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            let marker = Int.random(in: 100_000...999_999)
            try project.write("FROM python:3.11-slim\nRUN sleep \(marker)\n", to: "Dockerfile")
            let build = Task { try await bench.build(project.path) }
            try await eventually(within: .seconds(60)) { Processes.running("sleep \(marker)") }
            build.cancel()
            let result = await build.result
            #expect(throws: CancellationError.self) { try result.get() }
            try await eventually(within: .seconds(10)) { !Processes.running("sleep \(marker)") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.images)/tmp").isEmpty)
            #expect(!Mounts.below(bench.images))
            try project.write("FROM python:3.11-slim\nRUN echo \(marker)\n", to: "Dockerfile")
            _ = try await bench.build(project.path)
            try await bench.dockerfile.sweep()
            try await bench.dockerfile.collect()
            _ = try await bench.build(project.path)
        }

        private func files(of image: Image, _ bench: BuildBench) throws -> (String) -> String? {
            let layers = try bench.store.layerPaths(of: image)
            return { path in
                layers.reversed().lazy.compactMap { FileManager.default.contents(atPath: "\($0)/\(path)") }.first
                    .map { String(decoding: $0, as: UTF8.self) }
            }
        }

        @Test("takes syntax that is newer than the host's buildah")
        func newerSyntax() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            try project.write(
                """
                # syntax=docker/dockerfile:1.7
                FROM python:3.11-slim
                SHELL ["/bin/bash", "-o", "pipefail", "-c"]
                WORKDIR /app
                ENV WORD=two
                RUN <<EOF
                set -e
                mkdir -p /srv/x
                echo $0 > /srv/x/one
                EOF
                RUN <<-"EOF"
                \t#!/usr/bin/env python3
                \topen("/srv/x/three", "w").write("3")
                \tEOF
                COPY --link <<one <<'two' /etc/docs/
                $WORD
                one
                $WORD
                two
                RUN --mount=type=bind,source=lock,target=lock --network=default \\
                    # why
                    cat lock > /srv/x/lock
                COPY --parents deep/a.txt /p/
                HEALTHCHECK --start-interval=1s CMD true
                CMD ["python3"]
                """,
                to: "Dockerfile"
            )
            let number = Int.random(in: 0...Int.max)
            try project.write("\(number)", to: "lock")
            try project.write("deep", to: "deep/a.txt")
            try project.write("*\n!deep\n!lock\n!Dockerfile\n", to: ".dockerignore")
            var result = try await bench.build(project.path, without: [])
            print(bench.lines.text)
            var find = try files(of: result.image, bench)
            #expect(find("srv/x/one") == "/bin/bash\n")
            #expect(find("srv/x/three") == "3")
            #expect(find("etc/docs/one") == "two\n")
            #expect(find("etc/docs/two") == "$WORD\n")
            #expect(find("srv/x/lock") == "\(number)")
            #expect(find("p/deep/a.txt") == "deep")
            try project.write("\(number) again", to: "lock")
            result = try await bench.build(project.path)
            find = try files(of: result.image, bench)
            #expect(find("srv/x/lock") == "\(number) again")
        }

        @Test("a code-only change keeps the stage of the dependencies and the caches through a collection")
        func survives() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            let marker = Int.random(in: 0...Int.max)
            let text = """
                FROM python:3.11-slim AS build
                COPY requirements.txt .
                RUN --mount=type=cache,target=/c echo \(marker) >> /c/log && mkdir -p /venv && cp /c/log /venv/log
                FROM python:3.11-slim
                COPY --from=build /venv /venv
                COPY main.py /app/main.py
                """
            try project.write(text, to: "Dockerfile")
            try project.write("fastapi", to: "requirements.txt")
            try project.write("1", to: "main.py")
            let app = "app\(marker % 1000)"
            _ = try await bench.build(project.path, app: app)
            try await bench.dockerfile.collect()
            try project.write("2", to: "main.py")
            let start = ContinuousClock.now
            let second = try await bench.build(project.path, app: app)
            print("code-only rebuild by a Dockerfile:", start.duration(to: .now))
            #expect(try files(of: second.image, bench)("venv/log") == "\(marker)\n")
            #expect(try files(of: second.image, bench)("app/main.py") == "2")
            try project.write("uvicorn", to: "requirements.txt")
            try await bench.dockerfile.collect()
            let third = try await bench.build(project.path, app: app)
            #expect(try files(of: third.image, bench)("venv/log") == "\(marker)\n\(marker)\n")
            try await bench.builder.forget(app: app)
        }

        @Test("a Dockerfile that never worked is done without, once it has worked its fault counts")
        func instead() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            let app = "past\(Int.random(in: 0..<1_000_000))"
            let marker = "echo \(app)"
            try project.write("FROM python:3.11-slim\nRUN \(marker) && no-such-program\n", to: "Dockerfile")
            try project.write("", to: "requirements.txt")
            try project.write("from fastapi import FastAPI\n\napp = FastAPI()\n", to: "main.py")
            try project.write("web: python3 main.py\n", to: "Procfile")
            func notices() -> Int { bench.lines.text.components(separatedBy: "building without it").count - 1 }
            let first = try await bench.build(project.path, app: app, instead: true)
            #expect(first.image.config.cmd == ["python3", "main.py"] && notices() == 1, "\(bench.lines.text)")
            #expect(bench.lines.text.contains("Dockerfile could not be built at RUN \(marker) && no-such-program"))
            // Without trying again what is known to fail.
            _ = try await bench.build(project.path, app: app, instead: true)
            #expect(bench.lines.text.components(separatedBy: "STEP 2").count == 2 && notices() == 2)
            await #expect(throws: Fault.self) { try await bench.build(project.path, app: app) }
            try project.write("FROM python:3.11-slim\nRUN \(marker)\nCMD [\"true\"]\n", to: "Dockerfile")
            let mended = try await bench.build(project.path, app: app, instead: true)
            #expect(mended.image.config.cmd == ["true"])
            try project.write("FROM python:3.11-slim\nRUN no-such-program\n", to: "Dockerfile")
            await #expect(throws: Fault.self) { try await bench.build(project.path, app: app, instead: true) }
            try await bench.builder.forget(app: app)
        }

        @Test("an image without what fly.toml starts is none that worked")
        func absentProgram() async throws {
            let bench = try await bench()
            let project = try TemporaryFolder()
            let app = "absent\(Int.random(in: 0..<1_000_000))"
            try project.write("FROM python:3.11-slim\nRUN echo \(app)\n", to: "Dockerfile")
            try project.write("", to: "requirements.txt")
            try project.write("from fastapi import FastAPI\n\napp = FastAPI()\n", to: "main.py")
            try project.write("web: python3 main.py\n", to: "Procfile")
            let there = try await bench.build(project.path, app: app, instead: true, programs: ["python3", "/x", "sh"])
            #expect(there.image.config.cmd != ["python3", "main.py"])
            try await bench.builder.forget(app: app)
            let none = try await bench.build(project.path, app: app, instead: true, programs: ["python3", "gunicorn"])
            #expect(none.image.config.cmd == ["python3", "main.py"])
            #expect(bench.lines.text.contains("Dockerfile makes an image without 'gunicorn', which fly.toml starts"))
            try await bench.builder.forget(app: app)
        }

        @Test("official images are made here when no registry answers", .enabled(if: Mirror.hasInterpreter))
        func officialBases() async throws {
            let bench = try BuildBench(state: RealBuilds.state, pythons: Mirror.interpreters)
            let project = try TemporaryFolder()
            try project.write(
                """
                ARG VERSION=3.12
                FROM python:${VERSION}-slim-bookworm AS build
                COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/
                RUN python -m venv /opt/v && uv --version > /opt/v/uv && useradd -m app
                FROM python:${VERSION}-slim-bookworm
                COPY --from=build /opt/v /opt/v
                RUN /opt/v/bin/python -c 'import sys; print(sys.version_info[1])' > /answer
                RUN pip --version && python3 -c 'import ssl' && test "$PYTHON_VERSION" != ""
                """,
                to: "Dockerfile"
            )
            let names = ["python:3.12-slim-bookworm", "docker.io/library/nothing-like-it:1"]
            let views = try await bench.dockerfile.bases(names)
            guard views.first?.way == "made" else { return print("skipped: a registry answers: \(views)") }
            #expect(views.last?.way == "unreachable")
            let result = try await bench.build(project.path)
            print(bench.lines.text)
            #expect(try files(of: result.image, bench)("answer") == "12\n")
            #expect(try files(of: result.image, bench)("opt/v/uv")?.hasPrefix("uv ") == true)
            #expect(bench.lines.text.contains("python:3.12-slim-bookworm: no registry answers, made here from"))
        }
    }
}
