/// The checked values of a `fly.toml`: everything that Roost acts on, with Fly's defaults where they are its own.
///
/// It is stored with a release, so that a deploy, a roll-back and a new Machine all start from the same values.
package struct AppConfig: Codable, Equatable, Sendable {
    package var app: String?
    package var primaryRegion: String?
    package var build = Build()
    package var env: [String: String] = [:]
    package var deploy = Deploy()
    /// Process group to the words of its command; no words means the image's own command.
    package var processes: [String: [String]] = [:]
    package var httpService: Service?
    /// `[[services]]`, in the order of the file.
    package var services: [Service] = []
    /// `[checks.<name>]`.
    package var checks: [String: Check] = [:]
    package var vms: [VM] = []
    package var mounts: [Mount] = []
    package var restarts: [Restart] = []
    package var killSignal: MachineConfig.Signal?
    package var killTimeout: GoDuration?
    package var swapSizeMB: Int?
    /// `[experimental]` overrides of the image's entrypoint and command; a group's own command beats `cmd`.
    package var overrides = MachineConfig.Init()

    /// An empty file.
    package init() {}

    /// Checks a configuration and takes its values out.
    ///
    /// - Parameters:
    ///   - root: the whole file.
    ///   - file: its name for messages, `fly.toml`.
    ///   - regions: the regions of the hosts; ``Regions/known`` are allowed beside them.
    /// - Returns: the values, and what is not wrong but worth saying (unknown keys first of all), in the file's order.
    /// - Throws: ``Fault`` with a line `file:line:column: …` for each error, and the warnings in its hint.
    package static func read(
        _ root: ConfigNode,
        file: String,
        regions: Set<String>
    ) throws(Fault) -> (config: AppConfig, warnings: [ConfigIssue]) {
        let report = ConfigReport(file: file)
        let field = ConfigField(path: "", keyPosition: root.position, node: root)
        guard let table = ConfigTable(field, report: report) else {
            _ = try report.finish()
            return (AppConfig(), [])
        }
        var reader = AppConfigReader(root: table, report: report, regions: regions.union(Regions.known))
        reader.read()
        return (reader.config, try report.finish())
    }
}

extension AppConfig {
    /// How the image is made; paths are relative to the folder of the file.
    package struct Build: Codable, Equatable, Sendable {
        package var image: String?
        package var dockerfile: String?
        package var ignorefile: String?
        /// The stage to build of a Dockerfile with several.
        package var target: String?
        package var args: [String: String] = [:]
        package var builder: String?
        package var buildpacks: [String] = []

        package init() {}
    }

    package struct Deploy: Codable, Equatable, Sendable {
        package var strategy = Strategy.rolling
        /// Split into words; nil when there is none.
        package var releaseCommand: [String]?
        /// Zero is no limit.
        package var releaseCommandTimeout: GoDuration = "5m"
        package var releaseCommandVM: MachineConfig.Guest?
        /// For each Machine, to start and to pass its checks.
        package var waitTimeout: GoDuration = "5m"
        /// From 1 on a number of Machines, below it a fraction of them.
        package var maxUnavailable = 0.33

        package init() {}
    }

    package enum Strategy: String, Codable, Sendable, CaseIterable {
        case rolling
        case immediate
        case canary
        case bluegreen
    }

    /// `[http_service]` or one of `[[services]]`.
    package struct Service: Codable, Equatable, Sendable {
        /// The groups that serve it; empty is the default group.
        package var processes: [String] = []
        /// Roost's own key: host names beside the app's own that lead here, in lower case.
        package var hostnames: [String] = []
        package var settings = MachineConfig.Service()

        package init() {}
    }

    /// `[checks.<name>]`: informational, but a deploy waits for it.
    package struct Check: Codable, Equatable, Sendable {
        package var processes: [String] = []
        /// Its `port` is nil when that of `[http_service]` is meant.
        package var settings: MachineConfig.Check

        package init(settings: MachineConfig.Check) {
            self.settings = settings
        }
    }

    package struct VM: Codable, Equatable, Sendable {
        /// Empty is all groups, here and nowhere else.
        package var processes: [String] = []
        package var guest: MachineConfig.Guest

        package init(guest: MachineConfig.Guest) {
            self.guest = guest
        }
    }

    package struct Mount: Codable, Equatable, Sendable {
        package var processes: [String] = []
        /// The volume's name.
        package var source: String
        /// Absolute, without a slash at the end.
        package var destination: String
        /// Of a volume that the first deploy makes.
        package var initialSizeGB = 1

        package init(source: String, destination: String) {
            self.source = source
            self.destination = destination
        }
    }

    package struct Restart: Codable, Equatable, Sendable {
        package var processes: [String] = []
        package var settings: MachineConfig.Restart

        package init(settings: MachineConfig.Restart) {
            self.settings = settings
        }
    }
}
