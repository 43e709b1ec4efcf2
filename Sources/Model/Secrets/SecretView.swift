/// A secret as everybody may see it: never its value.
///
/// > Source: `machines-api`, section 12; the status is that of flyctl's `secrets list`.
package struct SecretView: Codable, Equatable, Sendable {
    package var name: String
    package var digest: String
    package var status: Status
    package var createdAt: String
    package var updatedAt: String

    /// Whether the app's Machines run with this value.
    package enum Status: String, Codable, Sendable {
        case deployed = "Deployed"
        case staged = "Staged"
        /// Some of them do.
        case partial = "Partial"
    }

    package enum CodingKeys: String, CodingKey {
        case name, digest, status
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// All secrets of the newest version, by name.
    ///
    /// `running` is what each Machine of the app is started with; nil for one of which nobody knows it.
    package static func all(_ head: SecretSet, running: [SecretSet?]) -> [SecretView] {
        head.secrets.sorted { $0.key < $1.key }.map { name, secret in
            let having = running.count { $0?.secrets[name]?.digest == secret.digest }
            return SecretView(
                name: name,
                digest: secret.digest,
                status: having == 0 ? .staged : having == running.count ? .deployed : .partial,
                createdAt: secret.createdAt.rfc3339,
                updatedAt: secret.updatedAt.rfc3339
            )
        }
    }
}

/// What calls on an app's secrets answer.
package struct SecretsAnswer: Codable, Equatable, Sendable {
    package var secrets: [SecretView]
    /// Grows with each change.
    package var version: Int

    package init(secrets: [SecretView], version: Int) {
        self.secrets = secrets
        self.version = version
    }
}

/// `POST /v1/apps/{app}/secrets`: null takes one away.
package struct SecretsChange: Codable, Sendable {
    package var values: [String: String?]

    package init(values: [String: String?]) {
        self.values = values
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        values = try container.decodeIfPresent([String: String?].self, forKey: .values) ?? [:]
    }
}

/// What `POST /v1/secrets/rotate` answers.
package struct KeyRotationAnswer: Codable, Equatable, Sendable {
    /// The name of the key in use now.
    package var key: String
    /// How many values were sealed to it anew.
    package var secrets: Int

    package init(key: String, secrets: Int) {
        self.key = key
        self.secrets = secrets
    }
}
