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
            #expect(fault?.message.contains("nobody/nothing") == true)
            #expect(fault?.hint?.contains("registry") == true)
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
    }
}
