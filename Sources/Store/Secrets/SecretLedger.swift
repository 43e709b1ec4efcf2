package import Model
package import Toolkit

/// The secrets of apps, as the store has them: sealed on the way in, and never opened here.
package struct SecretLedger: Sendable {
    private let store: any StateStore
    private let keys: HostKeys
    /// Files of `KEY=value` lines from before there were secrets, or written by a person: taken in when they are met.
    private let files: AppEnvironment?

    package init(store: any StateStore, keys: HostKeys, files: AppEnvironment?) {
        self.store = store
        self.keys = keys
        self.files = files
    }

    /// The newest version of an app's secrets; the empty one when there is none.
    package func head(_ app: String) async throws -> SecretSet {
        try await takeIn(app)
        return try await newest(app)
    }

    /// A certain version; nil when it is no longer there.
    package func version(_ app: String, _ version: Int) async throws -> SecretSet? {
        if version == 0 { return .empty(app) }
        return try await store.secrets.get(Release.versionKey(app, version))?.value
    }

    /// Sets secrets, and takes away those that are nil.
    ///
    /// - Returns: the newest version then; the one there was when nothing is different.
    /// - Throws: ``Fault`` `invalidRequest` naming what can't be one, `tooLarge`; nothing is set then.
    package func change(_ app: String, _ changes: [String: String?]) async throws -> SecretSet {
        try await takeIn(app)
        return try await apply(app, changes)
    }

    /// What a value's digest would be.
    package func digest(_ value: String, app: String, name: String) throws(Fault) -> String {
        try keys.sealer().digest(value, app: app, name: name)
    }

    /// A password that is always the same for a name, and that nobody else can tell.
    package func password(for name: String) throws(Fault) -> String { try keys.sealer().password(for: name) }

    /// Takes in the files of all apps that are there.
    ///
    /// - Returns: the apps whose file could not be taken in, with the reason.
    package func takeInAll() async -> [(app: String, fault: any Error)] {
        var failed: [(String, any Error)] = []
        for app in files?.apps() ?? [] {
            do {
                try await takeIn(app)
            } catch {
                failed.append((app, error))
            }
        }
        return failed
    }

    /// Forgets versions that nothing names any more; the newest one stays.
    package func prune(_ app: String, keep: Set<Int>) async throws {
        for set in try await store.secrets.list("\(app)/").dropLast() where !keep.contains(set.version) {
            try await store.secrets.delete(set.key)
        }
    }

    /// Forgets an app.
    package func remove(_ app: String) async throws {
        files?.remove(app)
        for set in try await store.secrets.list("\(app)/") { try await store.secrets.delete(set.key) }
    }

    // MARK: - Private

    private func newest(_ app: String) async throws -> SecretSet {
        try await store.secrets.list("\(app)/").last ?? .empty(app)
    }

    private func apply(_ app: String, _ changes: [String: String?]) async throws -> SecretSet {
        try App.validate(name: app)
        let sealer = try keys.sealer()
        let now = Timestamp.now()
        var sealed: [String: SealedSecret?] = [:]
        for (name, value) in changes {
            // What is there already may be taken away, whatever its name.
            guard let value else {
                sealed[name] = .some(nil)
                continue
            }
            try SecretRules.check(name: name)
            try SecretRules.check(value: value, of: name)
            sealed[name] = try sealer.seal(value, app: app, name: name, now: now)
        }
        while true {
            let current = try await newest(app)
            guard let next = current.applying(sealed, now: now) else { return current }
            // Base64 takes four thirds, the box 48 bytes.
            let bytes = next.secrets.reduce(0) { $0 + $1.key.utf8.count + $1.value.sealed.utf8.count * 3 / 4 - 48 }
            guard bytes <= SecretRules.maximumBytes else {
                throw Fault(
                    .tooLarge,
                    "the secrets of \(app) have more than \(SecretRules.maximumBytes) bytes together",
                    hint: "no program could be started with them; keep files on a volume"
                )
            }
            do {
                try await store.secrets.put(next.key, next, expected: 0)
                return next
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
        }
    }

    /// First the record, then away with the file: what a crash in between leaves is taken in again, and changes nothing.
    private func takeIn(_ app: String) async throws {
        guard let files, files.isThere(app) else { return }
        let values = try files.values(of: app).filter { !SecretRules.platformNames.contains($0.key) }
        _ = try await apply(app, values.mapValues { .some($0) })
        files.remove(app)
    }
}
