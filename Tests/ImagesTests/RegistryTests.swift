import Foundation
import Images
import Model
import Synchronization
import Testing
import Toolkit

extension RealBuilds {
    /// With a registry on this machine, from Debian's package docker-registry.
    @Suite("from a registry", .enabled(if: Requirements.registry))
    struct RegistryTests {
        /// Runs a registry with one image in it: a system with Python.
        private func withRegistry(_ body: (String, [String: String]) async throws -> Void) async throws {
            let folder = try TemporaryFolder()
            let storage = "storage: {filesystem: {rootdirectory: \(folder.path)/data}}"
            try folder.write("version: 0.1\n\(storage)\nhttp: {addr: \"127.0.0.1:0\"}\n", to: "config.yml")
            let lines = Lines()
            let registry = Task {
                try await Command("docker-registry", ["serve", "\(folder.path)/config.yml"]).stream { line in
                    lines.add(BuildProgress(stage: "registry", line: line))
                }
            }
            do {
                try await withImage(in: folder, lines, body)
            } catch {
                registry.cancel()
                _ = await registry.result
                throw error
            }
            registry.cancel()
            _ = await registry.result
        }

        /// Waits for the registry, pushes the image and goes on.
        private func withImage(
            in folder: TemporaryFolder,
            _ lines: Lines,
            _ body: (String, [String: String]) async throws -> Void
        ) async throws {
            let pattern = /listening on (127\.0\.0\.1:\d+)/
            try await eventually(within: .seconds(20)) { lines.text.contains(pattern) }
            let host = String(try #require(lines.text.firstMatch(of: pattern)).1)
            try folder.write("[[registry]]\nlocation = \"\(host)\"\ninsecure = true\n", to: "registries.conf")
            let environment = ["CONTAINERS_REGISTRIES_CONF": "\(folder.path)/registries.conf"]

            let bench = try BuildBench(state: RealBuilds.state)
            try await bench.python.prepare { _ in }
            try await DockerBase.make(in: "\(bench.images)/buildah", images: bench.images)
            let storagePath = "overlay@\(bench.images)/buildah+\(bench.images)/buildah-run"
            let copy = ["containers-storage:[\(storagePath)]\(DockerBase.name)", "docker://\(host)/system:1"]
            try await Command("unshare", ["--mount", "skopeo", "copy", "--dest-tls-verify=false"] + copy).checked()
            try await body("\(host)/system:1", environment)
        }

        @Test("takes an image as it is, as the base of Python builds, and as that of a Dockerfile")
        func pulls() async throws {
            try await withRegistry { name, environment in
                let bench = try BuildBench(baseImage: name, environment: environment)
                let project = try TemporaryFolder()
                try project.write("six\n", to: "requirements.txt")
                try project.write("web: python main.py\n", to: "Procfile")
                try project.write("import six\n", to: "main.py")
                let plain = try await bench.build(project.path) { $0.image = name }
                print("pulled:", plain.stages.map { "\($0.name) \($0.duration)" })
                let built = try await bench.build(project.path)
                #expect(built.image.layers.starts(with: plain.image.layers))
                #expect(built.image.layers.count == plain.image.layers.count + 2)
                #expect(built.image.config.env.contains("HOME=/tmp"))
                try project.write("FROM \(name)\nRUN python3 -c 'print(1)' > /one\n", to: "Dockerfile")
                let dockerfile = try await bench.build(project.path)
                #expect(dockerfile.image.layers.starts(with: plain.image.layers))
                print("dockerfile:", dockerfile.stages.map { "\($0.name) \($0.duration)" })
                let missing = name.replacing("system", with: "nothing")
                let fault = await #expect(throws: Fault.self) {
                    try await bench.build(project.path) { $0.image = missing }
                }
                #expect(fault?.code == .buildFailed)
                #expect(fault?.message.contains(missing) == true)
            }
        }
    }
}
