/// One version of an app's secrets: all of them, each sealed to a key of the host that runs the app.
///
/// Never changed once it is written, but for the key that its values are sealed to: a release names a version, and gets
/// just these values also when it comes back later.
package struct SecretSet: Equatable, Sendable {
    package var app: String
    /// Counts from 1; zero is the empty set before the first one.
    package var version: Int
    package var createdAt: Timestamp
    package var secrets: [String: SealedSecret]

    package init(app: String, version: Int, createdAt: Timestamp, secrets: [String: SealedSecret]) {
        self.app = app
        self.version = version
        self.createdAt = createdAt
        self.secrets = secrets
    }

    /// What an app has before anything is set.
    package static func empty(_ app: String) -> SecretSet {
        SecretSet(app: app, version: 0, createdAt: Timestamp(milliseconds: 0), secrets: [:])
    }

    /// Where the store has it; the order of keys is that of versions.
    package var key: String { Release.versionKey(app, version) }

    /// The next version: each change sets a secret, or takes it away when it is nil.
    ///
    /// - Returns: nil when everything is as it was.
    package func applying(_ changes: [String: SealedSecret?], now: Timestamp) -> SecretSet? {
        var next = SecretSet(app: app, version: version + 1, createdAt: now, secrets: secrets)
        for (name, change) in changes {
            guard var new = change else {
                next.secrets.removeValue(forKey: name)
                continue
            }
            let old = secrets[name]
            if old?.digest == new.digest { continue }
            new.createdAt = old?.createdAt ?? now
            new.updatedAt = now
            next.secrets[name] = new
        }
        return next.secrets == secrets ? nil : next
    }

    /// Whether a process that has the one set would notice when it got the other.
    package func hasSameValues(as other: SecretSet) -> Bool {
        secrets.mapValues(\.digest) == other.secrets.mapValues(\.digest)
    }
}

/// A value that only its host can read.
package struct SealedSecret: Equatable, Sendable {
    /// Equal for equal values of one name in one app, and of no use without the host's keys.
    package var digest: String
    /// Which of the host's keys opens it.
    package var key: String
    /// Base64 of what the key takes.
    package var sealed: String
    package var createdAt: Timestamp
    /// When its value last changed.
    package var updatedAt: Timestamp

    package init(digest: String, key: String, sealed: String, at now: Timestamp) {
        self.digest = digest
        self.key = key
        self.sealed = sealed
        createdAt = now
        updatedAt = now
    }
}

extension Machine {
    /// The version of the app's secrets that its processes are started with; nil: always the newest one.
    package var secretsVersion: Int? { spec.config.metadata[MachineConfig.secretsKey].flatMap(Int.init) }
}

extension MachineConfig {
    /// The metadata that says which version of the app's secrets a Machine has.
    package static let secretsKey = "roost_secrets_version"
}

extension Release {
    /// A name under which versions of an app's records come in their order.
    package static func versionKey(_ app: String, _ version: Int) -> String {
        let digits = String(version)
        return "\(app)/" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
