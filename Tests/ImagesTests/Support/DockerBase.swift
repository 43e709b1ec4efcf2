import Foundation
import Toolkit

/// An image named as the Dockerfiles of the world name theirs, made without a registry.
enum DockerBase {
    static let name = "docker.io/library/python:3.11-slim"

    /// Makes it of the layer of a store that is a whole Debian 12; nothing happens when it is there.
    static func make(in storage: String, images: String) async throws {
        let buildah =
            ["--mount", "buildah", "--root", storage, "--runroot", "\(storage)-run", "--storage-driver", "overlay"]
        func run(_ arguments: [String]) async throws -> String {
            try await Command("unshare", buildah + arguments).checked().trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if try await Command("unshare", buildah + ["inspect", "--type", "image", name]).run().code == 0 { return }
        let blobs = "\(images)/blobs/sha256"
        let system = try FileManager.default.contentsOfDirectory(atPath: blobs).first { name in
            let python = "\(images)/layers/\(name)/usr/bin/python3.11"
            return FileManager.default.fileExists(atPath: python)
        }
        guard let system else { return }
        let container = try await run(["from", "scratch"])
        _ = try await run(["add", "--quiet", container, "\(blobs)/\(system)", "/"])
        _ = try await run(["commit", "--quiet", container, name])
        _ = try await run(["rm", container])
    }
}
