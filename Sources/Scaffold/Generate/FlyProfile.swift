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
    /// Words that commands in the project's own image need before them: `uv run --no-dev`.
    var wrapper: [String] = []
    /// Why the image is made without the project's Dockerfile; nil when it is made by one.
    var withoutDockerfile: String?
    /// What the script did that started the image of the project's Dockerfile, where it is made without that.
    var startScript: StartScript?
    /// Where the migration command is run.
    var migrations = MigrationPlace.project
    /// The web process, when the image is the project's own and starts nothing; nil for the image's own command.
    package var webCommand: [String]?
    /// A folder of that image that the app's imports start from, beside the one that it is started in.
    var importPath: String?
    /// What `PYTHONPATH` is in the project's own image; nil when that sets none, and for an image of ours.
    var imagePath: String?
    /// What a Compose file says of variables that the code has no value for.
    var composeValues: ComposeValues?
    /// Variables that the image sets itself.
    var given: Set<String> = []
    /// Where the migrations name the SQLite file that they change, and take no other.
    var fixedFile: Place?
    /// The words by which an image of the project's own starts its server, without ``wrapper``; nil when they can't be told
    /// or can't be replaced.
    var imageCommand: [String]?

    package init() {}
}

/// Where the files of migrations lie in the image that a release runs in.
enum MigrationPlace: Equatable, Sendable {
    /// As in the project.
    case project
    /// An image of the project's own has them in another folder: absolute, or empty where its programs start.
    case image(folder: String)
    /// They go to the database that stands there, which is not the app's.
    case elsewhere(Place)
    /// The image of that Dockerfile has none of them.
    case nowhere(path: String)
}
