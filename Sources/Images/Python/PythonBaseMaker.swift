import Foundation
package import Model
import Toolkit

/// Makes the bottom layers of Python images: once for each recipe, unless what it is made from changes.
package struct PythonBaseMaker: Sendable {
    let store: ImageStore
    let options: PythonOptions
    let steps: BuildStepRunner
    let locks: KeyedLock
    private let sources: PythonSources

    init(store: ImageStore, options: PythonOptions, steps: BuildStepRunner, locks: KeyedLock) {
        self.store = store
        self.options = options
        self.steps = steps
        self.locks = locks
        sources = PythonSources(store: store, options: options)
    }

    /// A base with a Python of a version, and with more packages of the distribution.
    ///
    /// One build makes it; those that need it meanwhile wait.
    ///
    /// The Python is `3.12`, or a full version where that very one is wanted if there is a choice; nil is the host's
    /// default. Packages have the names of Debian 13; see ``DebianPackages``. A ``Fault`` `buildFailed` says when there is
    /// no such Python or package, with the ways on.
    func base(python: String? = nil, packages: [String] = [], _ trace: BuildTrace) async throws -> PythonBase {
        for name in packages where !SystemRoot.isPackageName(name) {
            throw Fault(.invalidRequest, "\(ConfigNode.quoted(name)) is not the name of a package")
        }
        let packages = Array(Set(packages)).sorted()
        return try await trace.stage("base") {
            guard let python else { return try await ready(try sources.standard(), packages, trace) }
            guard let wanted = PythonVersion(python) else {
                throw Fault(.invalidRequest, "\(ConfigNode.quoted(python)) is not a version of Python")
            }
            return try await first(of: wanted, packages, trace)
        }
    }

    /// A base of a release of the host's distribution, whichever Python that has.
    ///
    /// Without a name it is the newest that the host's mirrors serve as stable, else its own.
    func base(release: String?, packages: [String], _ trace: BuildTrace) async throws -> PythonBase {
        let name = try await self.release(release)
        let source = try await sources.all().first { source in
            if case .system(let found) = source.kind { found.name == name } else { false }
        }
        guard let source else { throw Self.noRelease(name) }
        return try await trace.stage("base") { try await ready(source, packages.sorted(), trace) }
    }

    /// The name of the release that is meant.
    func release(_ wanted: String?) async throws -> String {
        let names = try await sources.all().compactMap { source in
            if case .system(let found) = source.kind { found.name } else { nil }
        }
        // A release that still moves is only for those who name it.
        let name = wanted ?? ["trixie", "bookworm", "bullseye"].first(where: names.contains) ?? names.first
        guard let name, names.contains(name) else { throw Self.noRelease(wanted ?? "stable") }
        return name
    }

    private static func noRelease(_ name: String) -> Fault {
        Fault(.buildFailed, "this host's mirrors have no release \(name) of its distribution")
    }

    /// The Pythons that this host can make a base with, the newest first; for each version the best one.
    package func offers() async throws -> [PythonOffer] {
        var offers: [String: PythonOffer] = [:]
        let standard = try sources.standard().origin
        for source in try await sources.all() {
            guard var offer = source.offer, offers[offer.version] == nil else { continue }
            offer.isStandard = source.origin == standard
            if offer.full == nil { offer.full = try known(source)?.version }
            offers[offer.version] = offer
        }
        return offers.values.sorted { left, right in
            let numbers = [left, right].map { PythonVersion($0.version)?.numbers ?? [] }
            return numbers[1].lexicographicallyPrecedes(numbers[0])
        }
    }

    /// Removes archives of the distribution's packages beyond what may be kept, those used longest ago first.
    package func collectPackages(all: Bool = false) async throws {
        let folder = "\(store.root)/cache/packages"
        let limit = all ? 0 : store.limits.packages
        try await Blocking.run { try FileTree.trim(folder, to: limit) }
    }

    // MARK: - Private

    /// All that decides what comes out; its hash is the base's key.
    private struct Recipe: Codable {
        /// Counted up when the way of making it changes.
        var builder = 2
        var image: String?
        var release = ""
        var distribution = ""
        var sources: [String] = []
        /// Those beyond ``PythonBaseMaker/packages``.
        var packages: [String]
        /// The folder of an interpreter and what tells its state; nil for the release's own.
        var interpreter: [String]?
    }

    static let packages = ["python3", "python3-venv", "python-is-python3", "ca-certificates"]

    private func recipe(_ source: PythonSource, _ packages: [String]) throws(Fault) -> Recipe {
        var recipe = Recipe(packages: packages)
        switch source.kind {
        case .image(let image): recipe.image = image
        case .system(let release):
            (recipe.release, recipe.distribution, recipe.sources) = (
                release.name, release.distribution, release.sources
            )
        case .interpreter(let interpreter):
            let release = try SystemReleases.own().release
            (recipe.release, recipe.distribution, recipe.sources) = (
                release.name, release.distribution, release.sources
            )
            recipe.interpreter = [interpreter.prefix, interpreter.full, interpreter.stamp]
        }
        return recipe
    }

    /// What was made of a source before, without any packages.
    private func known(_ source: PythonSource) throws(Fault) -> PythonBase? {
        try BuildCache(store: store).find(try recipe(source, []), as: PythonBase.self)
    }

    private func first(
        of wanted: PythonVersion,
        _ packages: [String],
        _ trace: BuildTrace
    ) async throws -> (PythonBase, cached: Bool) {
        var failure: Fault?
        func attempt(_ source: PythonSource) async throws -> (PythonBase, cached: Bool)? {
            do {
                return try await ready(source, packages, trace)
            } catch let fault as Fault where fault.code != .diskFull {
                if failure == nil { failure = fault }
                let first = fault.message.split(separator: "\n").first ?? ""
                try await trace.say("base", "Python \(wanted) of \(source.origin) can't be used: \(first)")
                return nil
            }
        }
        // An image that the host's owner names comes before all others where it has the version.
        if options.baseImage != nil, let base = try await attempt(try sources.standard()),
            let version = PythonVersion(base.0.version), version.isSameMinor(as: wanted)
        {
            return base
        }
        let found = try await sources.all(for: wanted)
        for source in found {
            if let base = try await attempt(source) { return base }
        }
        if found.isEmpty, let source = try await sources.download(wanted, trace), let base = try await attempt(source) {
            return base
        }
        if let failure { throw failure }
        throw Self.missing(wanted, try await offers())
    }

    static func missing(_ wanted: PythonVersion, _ offers: [PythonOffer]) -> Fault {
        let list = offers.map { "\($0.version) (\($0.origin))" }.joined(separator: ", ")
        return Fault(
            .buildFailed,
            "there is no Python \(wanted) on this host; it can make \(list.isEmpty ? "none" : list)",
            hint:
                "let the project take one of these, put one into the folder that [build] pythons in roost.toml names, "
                + "or write a Dockerfile"
        )
    }

    func ready(
        _ source: PythonSource,
        _ packages: [String],
        _ trace: BuildTrace
    ) async throws -> (PythonBase, cached: Bool) {
        let packages = try Self.names(packages, for: source)
        let recipe = try recipe(source, packages)
        let cache = BuildCache(store: store)
        if let base = try cache.find(recipe, as: PythonBase.self) { return (base, cached: true) }
        let key = "base \(Digest.hex(try JSON.encode(recipe)))"
        let onWait = { try await trace.say("base", "waits for another build that makes the base image") }
        return try await locks.withLock(key, onWait: onWait) {
            if let base = try cache.find(recipe, as: PythonBase.self) { return (base, cached: true) }
            let base = try await make(source, packages, trace)
            try cache.save(recipe, base)
            return (base, cached: false)
        }
    }

    /// Packages as the release of a source calls them.
    private static func names(_ packages: [String], for source: PythonSource) throws -> [String] {
        switch source.kind {
        case .image: packages
        case .system(let release): Set(DebianPackages.names(packages, in: release.name)).sorted()
        case .interpreter: Set(DebianPackages.names(packages, in: try SystemReleases.own().release.name)).sorted()
        }
    }

    private func make(_ source: PythonSource, _ packages: [String], _ trace: BuildTrace) async throws -> PythonBase {
        switch source.kind {
        case .image(let image):
            guard packages.isEmpty else {
                throw Fault(
                    .unsupported,
                    "the packages \(packages.joined(separator: ", ")) can't be added to the base image \(image)",
                    hint: "set base_image in roost.toml to an image that has them, or write a Dockerfile"
                )
            }
            return try await pull(image, trace)
        case .system(let release): return try await bootstrap(release, packages, trace)
        case .interpreter(let interpreter): return try await copy(interpreter, packages, trace)
        }
    }

    private func bootstrap(
        _ release: SystemRelease,
        _ packages: [String],
        _ trace: BuildTrace
    ) async throws -> PythonBase {
        let name = "\(release.distribution) \(release.name)"
        let system = SystemRoot(
            release: release,
            packages: Self.packages,
            archives: "\(store.root)/cache/packages/\(release.name)",
            environment: options.environment
        )
        guard packages.isEmpty else {
            let plain = PythonSource(kind: .system(release), origin: name)
            var base = try await ready(plain, [], trace).0
            let missing = Set(packages).subtracting(try installed(in: base))
            guard !missing.isEmpty else { return base }
            let list = missing.sorted()
            try await trace.say("base", "adds to \(name), once for this host: \(list.joined(separator: ", "))")
            // One at a time: APT locks the folder of its archives, and who comes second fails.
            let layers = base.layers
            let layer = try await locks.withLock("archives \(release.name)") {
                try await system.add(list, to: layers, in: store, trace)
            }
            base.layers.append(layer)
            return base
        }
        try await trace.say("base", "makes the base image of \(name), once for this host")
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        try await system.make(at: "\(scratch)/root", trace)
        let layer = try await store.addLayer(from: "\(scratch)/root", form: .asFound)
        var base = PythonBase(
            layers: [layer],
            python: "",
            version: "",
            tag: "",
            path: Self.path,
            hasAppUser: true,
            origin: name,
            made: release.sources
        )
        try await probe(&base, trace)
        return base
    }

    /// Puts an interpreter onto the host's own release.
    private func copy(
        _ interpreter: HostInterpreter,
        _ packages: [String],
        _ trace: BuildTrace
    ) async throws -> PythonBase {
        let release = PythonSource(kind: .system(try SystemReleases.own().release), origin: "")
        let copy = InterpreterCopy(interpreter: interpreter, store: store)
        let plain = try await ready(release, [], trace).0
        let wanted = Set(packages).union(try await copy.packages()).subtracting(try installed(in: plain))
        let system = wanted.isEmpty ? plain : try await ready(release, wanted.sorted(), trace).0
        try await trace.say("base", "adds Python \(interpreter.full) of \(interpreter.origin)")
        var base = system
        base.layers.append(try await copy.layer(on: system.layers))
        base.origin = "\(interpreter.origin) on \(system.origin)"
        base.made += [interpreter.prefix, interpreter.stamp]
        try await probe(&base, trace)
        guard base.version == interpreter.full else {
            throw Fault(.buildFailed, "Python \(interpreter.full) became \(base.version) in the base image")
        }
        return base
    }

    /// The packages that a base has.
    private func installed(in base: PythonBase) throws -> Set<String> {
        guard let root = try store.layerPaths(base.layers).first,
            let bytes = try FileTree.read("\(root)/var/lib/dpkg/status", limit: 64 << 20)
        else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return Set(lines.filter { $0.hasPrefix("Package: ") }.map { String($0.dropFirst("Package: ".count)) })
    }

    private func pull(_ image: String, _ trace: BuildTrace) async throws -> PythonBase {
        try await trace.say("base", "pulls \(image)")
        let pulled = try await puller.pull(image, "base", trace)
        let path = pulled.config.env.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst("PATH=".count)) }
        var base = PythonBase(
            layers: pulled.layers,
            python: "",
            version: "",
            tag: "",
            path: path ?? Self.path,
            hasAppUser: false,
            origin: image,
            made: [pulled.digest]
        )
        try await probe(&base, trace, isOurs: false)
        return base
    }

    private var puller: ImagePuller {
        ImagePuller(store: store, environment: options.environment, isolation: options.isolation)
    }

    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Asks the interpreter who it is, and of one that we put there ourselves whether its libraries are there too.
    private func probe(_ base: inout PythonBase, _ trace: BuildTrace, isOurs: Bool = true) async throws {
        let script = """
            import sys\(isOurs ? ", ssl, venv, zlib, ctypes, hashlib, sqlite3, ensurepip" : "")
            print("roost", sys.executable, ".".join(map(str, sys.version_info[:3])), sys.implementation.cache_tag)
            """
        let step = try steps.step(on: base, command: ["/bin/sh", "-c", "exec python3 -I -c \"$1\"", "sh", script])
        let last = LastLines()
        let code = try await steps.run(step) { line in last.add(line) }
        let words = last.all.last { $0.hasPrefix("roost ") }?.split(separator: " ").map(String.init) ?? []
        guard code == 0, words.count == 4 else {
            throw BuildStepRunner.fault("the base image \(base.origin) has no python3 that runs", code, last)
        }
        (base.python, base.version, base.tag) = (words[1], words[2], words[3])
        try await trace.say("base", "Python \(base.version) of \(base.origin)")
    }
}
