/// What a deploy asks for: `POST /v1/apps/{app}/rollouts`.
package struct DeployRequest: Sendable {
    package var config: AppConfig
    /// The project; nil when `config.build.image` names an image.
    package var manifest: SourceManifest?
    /// `user@host`.
    package var user: String
    /// Where settings stand in the configuration file: key path to line, for hints.
    package var lines: [String: Int]
    /// The name of that file, for the same hints; nil is `fly.toml`.
    package var configFile: String?
    /// What the command line says beyond the configuration.
    package var options = DeployOptions()
    /// How the project becomes an image without a Dockerfile; nil builds by its Dockerfile.
    package var python: PythonBuild?
    /// The same for a project with a Dockerfile of its own, for when that can't be built; nil insists on the Dockerfile.
    package var instead: PythonBuild?
    /// Ends without a new release when image and configuration are what runs already.
    package var onlyIfChanged = false
    /// What only the build may see; nil for none.
    ///
    /// No record has them: a build that a restart cuts off begins anew by hand.
    package var buildSecrets: BuildSecrets?

    package init(
        config: AppConfig,
        manifest: SourceManifest?,
        user: String,
        lines: [String: Int],
        highAvailability: Bool = true
    ) {
        self.config = config
        self.manifest = manifest
        self.user = user
        self.lines = lines
        self.highAvailability = highAvailability
    }

    /// Two Machines for a new group with services and no volume.
    package var highAvailability: Bool {
        get { options.highAvailability }
        set { options.highAvailability = newValue }
    }

    /// The newest revisions of the project's migrations; nil when it has none that can be read.
    package var revisions: [String]?
}

/// One line of a roll-out's story, as `GET /v1/apps/{app}/rollouts/{id}/events` streams it.
package enum RolloutEvent: Equatable, Sendable {
    /// A part begins: "build", "release_command", "update Machine …".
    case stage(String)
    /// Output of a build, a release command or an app.
    case line(String)
    /// A part is done; seconds it took.
    case done(String, seconds: Double)
    /// The last event.
    case finished(Rollout, url: String?)
    /// Of a newer version; whoever shows the story passes it over.
    case unknown(ConfigValue)
}

/// Why a request was refused, in Fly's form and with our hint.
package struct ErrorBody: Sendable {
    package var error: String
    /// A ``Fault/Code``.
    package var status: String
    package var hint: String?
    /// The same, where `status` is the word of an envelope.
    package var code: String?

    package init(_ fault: Fault) {
        error = fault.message
        status = fault.code.rawValue
        hint = fault.hint
    }

    /// The fault again, on the client's side.
    package var fault: Fault {
        Fault(Fault.Code(rawValue: code ?? status) ?? .io, error, hint: hint)
    }
}

/// An app as the API shows it.
package struct AppView: Equatable, Sendable {
    package var id: String
    package var name: String
    /// `pending` before the first release, then `deployed`; `suspended` when no Machine is started.
    package var status: String
    package var machineCount: Int
    package var volumeCount: Int
    package var hostname: String
    package var url: String
    package var owner: String
    package var release: Int?
    package var createdAt: String
    /// The app that it is a throw-away of; nil for all others.
    package var tryoutOf: String?
    /// What is done with its requests instead of passing them on; nil is nothing of the kind.
    package var traffic: String?
    /// The name of its private network.
    package var network: String

    package init(_ app: App, machines: [Machine], volumes: Int, hostname: String, url: String) {
        id = app.name
        name = app.name
        let awake = machines.contains { $0.status.state.process != nil }
        status = app.currentRelease == nil ? "pending" : awake || machines.isEmpty ? "deployed" : "suspended"
        machineCount = machines.count
        volumeCount = volumes
        self.hostname = hostname
        self.url = url
        owner = app.owner
        release = app.currentRelease
        createdAt = app.createdAt.rfc3339
        tryoutOf = app.tryout?.of
        traffic = app.traffic?.rawValue
        network = app.network.name
    }

}
