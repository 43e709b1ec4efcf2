import Foundation
import Model
import Synchronization
import Toolkit

/// Which images of buildah's storages the newest build of each app is made of, stages and steps included.
///
/// What an app's newest build is not made of may go: so the next build finds all that it can use again, and the disk holds
/// one build of each app.
struct DockerfileSteps: Sendable {
    let store: ImageStore

    /// Notes what the newest build of an app came by, and which images of the common storage it begins with.
    func save(_ ids: [String], bases: [String], of app: String) throws(Fault) {
        let folder = "\(store.root)/cache/apps/\(app)"
        try Durable.makeFolder(folder)
        try Durable.write(try JSON.encode(bases), to: "\(folder)/\(Self.bases)")
        try Durable.write(try JSON.encode(ids), to: "\(folder)/\(Self.file)")
    }

    /// The beginnings of the IDs of an app's images.
    func kept(of app: String) throws(Fault) -> [String] { try read(Self.file, of: app) }

    /// The images of the common storage that the newest builds of all apps begin with.
    func usedBases() throws(Fault) -> Set<String> {
        var names: Set<String> = []
        for app in try apps() { names.formUnion(try read(Self.bases, of: app)) }
        return names
    }

    /// The apps that builds keep something of.
    func apps() throws(Fault) -> [String] {
        let folder = "\(store.root)/cache/apps"
        return FileTree.exists(folder) ? try FileTree.names(in: folder) : []
    }

    private func read(_ file: String, of app: String) throws(Fault) -> [String] {
        let path = "\(store.root)/cache/apps/\(app)/\(file)"
        guard let bytes = try FileTree.read(path, limit: 4 << 20) else { return [] }
        // What can't be read says nothing; the next build says it anew.
        return (try? JSON.decode([String].self, from: Data(bytes), what: path)) ?? []
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
    private static let bases = "dockerfile-bases.json"
}

/// Keeps a collection of buildah's storage off builds that go on, whose steps nobody has noted yet.
final class StorageUse: Sendable {
    private let builds = Mutex(0)
    private let grown = Mutex<Set<String>>([])
    private let lock = KeyedLock()

    func build<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await lock.withLock("storage") { builds.withLock { $0 += 1 } }
        defer { builds.withLock { $0 -= 1 } }
        return try await body()
    }

    /// Says that an app's storage has steps of an older build now.
    func note(_ app: String) { grown.withLock { _ = $0.insert(app) } }

    /// The apps of which that was said; they are then forgotten.
    func noted() -> [String] {
        grown.withLock { apps in
            defer { apps = [] }
            return apps.sorted()
        }
    }

    /// Runs a collection unless a build goes on; after that build's roll-out comes the next.
    func collect(_ body: () async throws -> Void) async throws {
        try await lock.withLock("storage") {
            guard builds.withLock({ $0 }) == 0 else { return }
            try await body()
        }
    }
}
