import Foundation
import Model
import Synchronization
import Toolkit

/// All ways to a Python that this host has, looked up once and remembered for a while.
final class PythonSources: Sendable {
    private let store: ImageStore
    private let options: PythonOptions
    private let releases: SystemReleases
    private let kept = Mutex<(sources: [PythonSource], at: ContinuousClock.Instant)?>(nil)
    /// Downloads that failed, and when: without a way to them each deploy would wait for the same end.
    private let failures = Mutex<[String: ContinuousClock.Instant]>([:])
    private let lock = KeyedLock()

    /// An interpreter that appears is found after this time at the latest.
    private static let memory = Duration.seconds(60)
    /// How long it counts what the mirrors serve, in seconds; releases come once in two years.
    private static let releaseAge: Int64 = 86_400

    init(store: ImageStore, options: PythonOptions) {
        self.store = store
        self.options = options
        releases = SystemReleases(
            scratch: { () throws(Fault) in try store.makeScratch() },
            environment: options.environment
        )
    }

    /// The host's default.
    ///
    /// - Throws: ``Fault`` `hostUnfit` when the host's configuration names no image and a base of its own release can't
    ///   be made.
    func standard() throws(Fault) -> PythonSource {
        if let image = options.baseImage { return PythonSource(kind: .image(image), origin: image) }
        return Self.source(try SystemReleases.own().release)
    }

    /// All of them: for each version the best one first.
    func all() async throws -> [PythonSource] {
        if let kept = fresh { return kept }
        return try await lock.withLock("sources") {
            if let kept = fresh { return kept }
            let found = try await look()
            kept.withLock { $0 = (found, .now) }
            return found
        }
    }

    /// The ways to one version, major and minor: those with the very release that was asked for first.
    func all(for wanted: PythonVersion) async throws -> [PythonSource] {
        let minor = wanted.numbers.prefix(2).map(String.init).joined(separator: ".")
        let found = try await all().filter { $0.version == minor }
        guard wanted.numbers.count > 2 else { return found }
        return found.filter { $0.full == wanted.description } + found.filter { $0.full != wanted.description }
    }

    /// Fetches an interpreter by uv, when nothing else has it.
    ///
    /// - Returns: nil when uv can't get it.
    func download(_ wanted: PythonVersion, _ trace: BuildTrace) async throws -> PythonSource? {
        let version = wanted.description
        let failed = failures.withLock { $0[version] }
        if let failed, failed.duration(to: .now) < .seconds(600) { return nil }
        try await trace.say("base", "looks for a download of Python \(version)")
        let command = Command(
            options.uv,
            ["python", "install", "--no-progress", "--install-dir", downloads, version],
            // Nothing is to appear in the home folder of whoever runs the daemon.
            environment: ["UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "0", "UV_PYTHON_INSTALL_BIN": "0"].merging(
                options.environment
            ) { $1 }
        )
        let outcome = try? await withTimeout(.seconds(180), "fetch Python \(version)") { try await command.run() }
        try Task.checkCancellation()
        guard outcome?.code == 0 else {
            failures.withLock { $0[version] = .now }
            return nil
        }
        kept.withLock { $0 = nil }
        let places = [PythonPlace(origin: Self.downloadOrigin, folder: downloads)]
        let found = await HostInterpreters(places: places).find()
        return found.first { interpreter in
            PythonVersion(interpreter.full)?.numbers.starts(with: wanted.numbers) == true
        }.map(Self.source)
    }

    // MARK: - Private

    private static let downloadOrigin = "uv"

    private var downloads: String { "\(store.root)/cache/pythons" }

    private var fresh: [PythonSource]? {
        kept.withLock { kept in kept.flatMap { $0.at.duration(to: .now) < Self.memory ? $0.sources : nil } }
    }

    private func look() async throws -> [PythonSource] {
        let named = options.pythons.map { [PythonPlace(origin: $0, folder: $0)] } ?? []
        let downloaded = PythonPlace(origin: Self.downloadOrigin, folder: downloads)
        // An interpreter is copied onto a base of the host's own release, so there has to be one.
        guard let own = try? SystemReleases.own().release else { return [] }
        var found = await HostInterpreters(places: named).find().map(Self.source)
        found.append(Self.source(own))
        found += try await others(own).map { release in
            PythonSource(
                kind: .system(.init(distribution: release.distribution, name: release.name, sources: release.sources)),
                version: release.python,
                origin: "\(release.distribution) \(release.name)"
            )
        }
        found += await HostInterpreters(places: options.places + [downloaded]).find().map(Self.source)
        return found
    }

    /// What the mirrors serve, from a file when they were asked not long ago.
    private func others(_ own: SystemRelease) async throws -> [SystemReleases.Found] {
        let path = "\(store.root)/cache/releases.json"
        let now = Timestamp.now().milliseconds / 1000
        if let bytes = try? FileTree.read(path, limit: 1 << 20),
            let record = try? JSON.decode(Record.self, from: Data(bytes), what: path), record.sources == own.sources,
            (0..<Self.releaseAge).contains(now - record.at)
        {
            return record.found
        }
        guard let found = try await releases.others() else { return [] }
        try Durable.write(try JSON.encode(Record(at: now, sources: own.sources, found: found)), to: path)
        return found
    }

    private struct Record: Codable {
        var at: Int64
        var sources: [String]
        var found: [SystemReleases.Found]
    }

    private static func source(_ release: SystemRelease) -> PythonSource {
        PythonSource(
            kind: .system(release),
            version: SystemReleases.python(of: release),
            origin: "\(release.distribution) \(release.name)"
        )
    }

    private static func source(_ interpreter: HostInterpreter) -> PythonSource {
        PythonSource(
            kind: .interpreter(interpreter),
            version: interpreter.version,
            full: interpreter.full,
            origin: interpreter.origin
        )
    }
}
