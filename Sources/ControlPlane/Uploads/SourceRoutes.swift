import Foundation
import Hummingbird
import Model
import NIOCore
import Toolkit

/// `/v1/sources`: what is missing, then the files themselves.
struct SourceRoutes {
    let sources: SourceDesk
    /// The largest file of a project, in bytes.
    private static let maximumFile: Int64 = 2 << 30

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
            try await store(request, as: digest)
            return Response(status: .noContent)
        }
    }

    // MARK: - Private

    private func store(_ request: Request, as digest: String) async throws {
        guard let size = request.headers[.contentLength].flatMap({ Int64($0) }) else {
            throw Fault(.invalidRequest, "the request needs a Content-Length", hint: "send the file's size along")
        }
        guard size <= Self.maximumFile else { throw Fault(.tooLarge, "a file is larger than 2 GiB") }
        let sink = try await sources.begin(digest, size)
        for try await piece in request.body { try await sink.append(Data(piece.readableBytesView)) }
        try await sink.finish()
    }
}
