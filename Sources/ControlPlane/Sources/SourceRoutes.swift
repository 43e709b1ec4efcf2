import Foundation
import Hummingbird
import Model
import NIOCore
import Toolkit

/// `/v1/sources`: what is missing, then the files themselves.
struct SourceRoutes {
    let sources: Sources
    /// The largest file of a project, in bytes.
    private static let maximumFile = 2 << 30

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/sources/missing") { request, _ in
            let manifest = try await request.json(SourceManifest.self, limit: 64 << 20)
            return try JSONAnswer.make(try await sources.missing(manifest))
        }
        router.put("/v1/sources/:sha256") { request, context in
            let digest = try context.parameters.require("sha256")
            guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
                throw Fault(.invalidRequest, "\"\(digest)\" is not a SHA-256 digest")
            }
            try await store(request.body, as: digest)
            return Response(status: .noContent)
        }
    }

    // MARK: - Private

    private func store(_ body: RequestBody, as digest: String) async throws {
        try Durable.makeFolder(sources.folder, mode: 0o700)
        let path = "\(sources.folder)/\(ULID.make())"
        defer { unlink(path) }
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Durable.fault(errno, "open", path) }
        defer { try? file.close() }
        var size = 0
        for try await piece in body {
            size += piece.readableBytes
            guard size <= Self.maximumFile else { throw Fault(.tooLarge, "a file is larger than 2 GiB") }
            do {
                try file.write(contentsOf: piece.readableBytesView)
            } catch {
                throw Durable.fault(errno, "write", path)
            }
        }
        try await sources.adopt(digest, path)
    }
}
