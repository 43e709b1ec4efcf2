import Foundation
import Model
import Synchronization
import Toolkit

/// Which images of buildah's storage the newest build of each app is made of, stages and steps included.
///
/// What no app's newest build is made of may go: so the next build finds all that it can use again, and the disk holds
/// one build of each app.
struct DockerfileSteps: Sendable {
    let store: ImageStore

    /// Notes what the newest build of an app came by.
    func save(_ ids: [String], of app: String) throws(Fault) {
        let folder = "\(store.root)/cache/apps/\(app)"
        try Durable.makeFolder(folder)
        try Durable.write(try JSON.encode(ids), to: "\(folder)/\(Self.file)")
    }

    /// The beginnings of the IDs of all apps' images.
    func all() throws(Fault) -> [String] {
        let folder = "\(store.root)/cache/apps"
        guard FileTree.exists(folder) else { return [] }
        var ids: [String] = []
        for app in try FileTree.names(in: folder) {
            let path = "\(folder)/\(app)/\(Self.file)"
            guard let bytes = try FileTree.read(path, limit: 4 << 20) else { continue }
            // What can't be read says nothing; the next build says it anew.
            ids += (try? JSON.decode([String].self, from: Data(bytes), what: path)) ?? []
        }
        return ids
    }

    /// The image that a line of buildah's output tells of: `--> 7c65448a258`, `--> Using cache 7c65…`.
    static func id(in line: String) -> String? {
        guard line.hasPrefix("--> ") else { return nil }
        let word = line.split(separator: " ").last ?? ""
        guard word.count >= 11, word.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        return String(word)
    }

    /// Those of the listed images, full IDs newest first, that nothing is made of any more.
    static func unused(_ listed: [String], kept: [String]) -> [String] {
        // By the eleven digits that buildah prints at least.
        let beginnings = Set(kept.map { $0.prefix(11) })
        return listed.filter { !beginnings.contains($0.prefix(11)) }
    }

    private static let file = "dockerfile-steps.json"
}

/// Keeps a collection of buildah's storage off builds that go on, whose steps nobody has noted yet.
final class StorageUse: Sendable {
    private let builds = Mutex(0)
    private let lock = KeyedLock()

    func build<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await lock.withLock("storage") { builds.withLock { $0 += 1 } }
        defer { builds.withLock { $0 -= 1 } }
        return try await body()
    }

    /// Runs a collection unless a build goes on; after that build's roll-out comes the next.
    func collect(_ body: () async throws -> Void) async throws {
        try await lock.withLock("storage") {
            guard builds.withLock({ $0 }) == 0 else { return }
            try await body()
        }
    }
}
