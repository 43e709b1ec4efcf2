import Foundation
import Model
import Synchronization
import Toolkit

/// The images that Dockerfiles are based on, on a host that may have no registry.
final class LocalBases: Sendable {
    private let store: ImageStore
    private let buildah: Buildah
    private let maker: OfficialImageMaker
    /// Registries that were asked, by host name: whether they answered, and when.
    private let asked = Mutex<[String: (answers: Bool, at: ContinuousClock.Instant)]>([:])
    private let lock = KeyedLock()

    /// How long an answer counts.
    private static let memory = Duration.seconds(60)

    init(store: ImageStore, buildah: Buildah, bases: PythonBaseMaker) {
        self.store = store
        self.buildah = buildah
        maker = OfficialImageMaker(store: store, bases: bases)
    }

    /// How this host comes by each of these images.
    func views(_ names: [String]) async throws -> [BaseImageView] {
        var views: [BaseImageView] = []
        for name in names.prefix(100) {
            guard Self.isName(name) else {
                views.append(BaseImageView(name: name, way: "unreachable", detail: "that is not the name of an image"))
                continue
            }
            switch try await way(to: name) {
            case .present: views.append(BaseImageView(name: name, way: "present"))
            case .registry: views.append(BaseImageView(name: name, way: "registry"))
            case .made(_, let origin): views.append(BaseImageView(name: name, way: "made", detail: origin))
            case .none(let reason): views.append(BaseImageView(name: name, way: "unreachable", detail: reason))
            }
        }
        return views
    }

    /// What a Dockerfile begins with, in the common storage.
    struct Prepared {
        /// The local names that stand in for those of the Dockerfile.
        var names: [String: String] = [:]
        /// All images of the common storage that it needs.
        var used: [String] = []
    }

    /// Makes those that have to be made, and brings those of registries here, for all apps.
    ///
    /// - Throws: ``Fault`` `buildFailed` with the line that names an image out of reach.
    func prepare(
        _ uses: [Dockerfile.ImageUse],
        of dockerfile: String,
        _ trace: BuildTrace
    ) async throws -> Prepared {
        var prepared = Prepared()
        for use in uses where Self.isName(use.name) {
            switch try await way(to: use.name) {
            case .present: prepared.used.append(use.name)
            case .registry:
                try await pull(use.name, trace)
                prepared.used.append(use.name)
            case .none(let reason):
                throw Fault(
                    .buildFailed,
                    "\(dockerfile):\(use.line): the image \(use.name) is out of reach: \(reason)",
                    hint: "name a mirror of its registry in /etc/containers/registries.conf on the host (one in a "
                        + "private network also as [build] registries in roost.toml), or, for a Python project, build "
                        + "without the Dockerfile: [build] builder = \"python\""
                )
            case .made(let official, _):
                let made = try await maker.make(official, trace)
                try await trace.say("dockerfile", Self.line(use.name, official, made.origin))
                let local = try await load(made.image)
                prepared.names[use.name] = local
                prepared.used.append(local)
            }
        }
        return prepared
    }

    // MARK: - Private

    private enum Way {
        case present
        case registry
        case made(OfficialImage, origin: String)
        case none(String)
    }

    private static func line(_ name: String, _ official: OfficialImage, _ origin: String) -> String {
        let pinned = official.isPinned ? "; its digest can't be kept" : ""
        return "\(name): no registry answers, made here from \(origin)\(pinned)"
    }

    static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix("-") && text.utf8.count < 512
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/:@".contains($0)) }
    }

    private func way(to name: String) async throws -> Way {
        if try await isPresent(name) { return .present }
        if try await registryAnswers(for: name) { return .registry }
        guard let official = OfficialImage(name) else {
            return .none("no registry answers, and only Debian's, Python's and uv's own images can be made here")
        }
        do {
            return .made(official, origin: try await maker.origin(of: official))
        } catch let fault as Fault {
            return .none("no registry answers, and \(fault.message)")
        }
    }

    private func isPresent(_ name: String) async throws -> Bool {
        try await buildah.prepare()
        let command = buildah.command(
            ["inspect", "--type", "image", "--format", "{{.FromImageID}}", name],
            temporary: "\(store.root)/tmp"
        )
        return try await command.run().code == 0
    }

    /// Whether the registry that has this image can be reached, whatever it says of the image.
    private func registryAnswers(for name: String) async throws -> Bool {
        let first = name.split(separator: "/").first.map(String.init) ?? ""
        let isHost = name.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        let host = isHost ? first : "docker.io"
        // One question at a time: the others take its answer.
        return try await lock.withLock(host) {
            if let known = asked.withLock({ $0[host] }), known.at.duration(to: .now) < Self.memory {
                return known.answers
            }
            let answers = try await ask(name)
            asked.withLock { $0[host] = (answers, .now) }
            return answers
        }
    }

    private func ask(_ name: String) async throws -> Bool {
        let (buildah, temporary) = (buildah, "\(store.root)/tmp")
        let outcome = try? await withTimeout(.seconds(10), "ask a registry") {
            try await buildah.options.isolation.withNetwork(for: name) { network in
                try await buildah.look(name, temporary: temporary, network: network).run()
            }
        }
        guard let outcome else {
            try Task.checkCancellation()
            return false
        }
        return outcome.code == 0 || Self.isAnswer(outcome.error)
    }

    /// Whether what skopeo said of an image is a registry's own word: only that shows that there is one, while there are
    /// many ways in which none can be reached.
    static func isAnswer(_ error: String) -> Bool {
        let error = error.lowercased()
        return !error.contains("pinging container registry") && words.contains(where: error.contains)
    }

    /// > Source: the error codes of the OCI distribution specification, and what containers/image says of a status.
    private static let words = [
        "reading manifest", "manifest unknown", "name unknown", "unauthorized", "authentication required", "denied",
        "toomanyrequests", "too many requests", "invalid status code from registry", "unsupported manifest",
    ]

    /// Brings an image from its registry into the common storage; where that fails, the build says why.
    private func pull(_ name: String, _ trace: BuildTrace) async throws {
        let buildah = buildah
        try await lock.withLock(name) {
            if try await isPresent(name) { return }
            let scratch = try store.makeScratch()
            defer { FileTree.discard(scratch) }
            let code = try await buildah.options.isolation.withNetwork(for: name) { network in
                try await buildah.command(["pull", name], temporary: scratch, network: network).stream { line in
                    try await trace.say("dockerfile", line)
                }
            }
            try Task.checkCancellation()
            if code == 0 { try brought(name) }
        }
    }

    /// Notes an image of the common storage that we have put there: others are the host's owner's.
    private func brought(_ name: String) throws(Fault) {
        let folder = "\(store.root)/cache/bases"
        try Durable.makeFolder(folder)
        try Durable.write(Data(name.utf8), to: "\(folder)/\(Digest.hex(Data(name.utf8)))")
    }

    /// Removes images from the common storage that we have put there and nobody's newest build begins with.
    func collect(used: Set<String>) async throws {
        let folder = "\(store.root)/cache/bases"
        guard FileTree.exists(folder) else { return }
        for file in try FileTree.names(in: folder) {
            guard let bytes = try FileTree.read("\(folder)/\(file)", limit: 4096) else { continue }
            let name = String(decoding: bytes, as: UTF8.self)
            guard !used.contains(name) else { continue }
            _ = try await buildah.command(["rmi", "--force", name], temporary: "\(store.root)/tmp").run()
            try FileTree.remove("\(folder)/\(file)")
        }
    }

    /// Brings an image of the store into buildah's storage, under a name that says what is in it.
    private func load(_ image: Image) async throws -> String {
        // Counted up when the way of bringing it there changes.
        let name = "localhost/roost-base:2-\(image.digest.dropFirst("sha256:".count).prefix(24))"
        return try await lock.withLock(name) {
            if try await isPresent(name) { return name }
            let scratch = try store.makeScratch()
            defer { FileTree.discard(scratch) }
            let layout = "\(scratch)/layout"
            try store.writeLayout(of: image, to: layout)
            // The layout's own folder is read, its place for large files written.
            try await buildah.load(layout, blobs: "\(store.root)/blobs", as: name, temporary: scratch).checked()
            try brought(name)
            return name
        }
    }
}
