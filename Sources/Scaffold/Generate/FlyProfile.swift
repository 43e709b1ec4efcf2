/// How much an app is meant to take: a first guess, which `fly.toml` then says in so many words.
package enum FlyProfile: String, CaseIterable, Codable, Sendable {
    case development, staging, production

    /// In MiB.
    var memoryMiB: Int { self == .production ? 1024 : 512 }

    var softLimit: Int {
        switch self {
        case .development: 25
        case .staging: 100
        case .production: 200
        }
    }

    var hardLimit: Int {
        switch self {
        case .development: 50
        case .staging: 150
        case .production: 250
        }
    }

    var minMachines: Int {
        switch self {
        case .development: 0
        case .staging: 1
        case .production: 2
        }
    }
}

/// What may be said about a `fly.toml` beside the facts.
package struct FlyConfigOptions: Sendable {
    package var profile = FlyProfile.production
    /// The app's name; by default the facts' own.
    package var app: String?
    /// The primary region; without one the platform chooses.
    package var region: String?
    package var port: Int?
    package var stamp = Stamp.prefix
    /// The migration script that the image has, within the app's folder; nil for the project's own command.
    package var migrateScript: String?
    /// The folder that the image's commands run in, when the image is the project's own.
    package var workingDirectory: String?
    /// The web process, when the image is the project's own and starts nothing; nil for the image's own command.
    package var webCommand: [String]?

    package init() {}
}
