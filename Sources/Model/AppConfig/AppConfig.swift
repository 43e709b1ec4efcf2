/// The checked values of a `fly.toml`, with Fly's defaults where they are its own.
///
/// What Roost does not act on yet is checked and kept as well, and written back as it was; `docs/fly-toml.md` says which.
/// It is stored with a release, so that a deploy, a roll-back and a new Machine all start from the same values. Releases
/// of earlier versions are read too: whatever is added here is optional or ``OrEmpty``.
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
    /// For a console, as it was written; it can be split into words.
    package var consoleCommand: String?
    package var hostDedicationID: String?
    /// A Machine configuration to start from: JSON, or the path of a `.json` file.
    package var machineConfig: String?
    /// The container out of `machineConfig` that gets the built image.
    package var container: String?
    /// `[[statics]]`: files that the edge would serve itself.
    @OrEmpty package var statics: [Static]
    @OrEmpty package var files: [File]
    @OrEmpty package var metrics: [Metrics]
    /// `[[machine_checks]]` at the top, which are for all groups.
    @OrEmpty package var machineChecks: [MachineCheck]
    /// What `[experimental]` holds beside ``overrides``; nil when that is nothing.
    package var experimental: Experimental?

    /// An empty file.
    package init() {}
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
        /// One of Fly's images from before buildpacks, with its settings.
        package var builtin: String?
        package var settings: [String: ConfigValue]?
        package var compose: Compose?
        package var compression: Compression?
        package var compressionLevel: Int?

        package init() {}

        /// `[build.compose]`, whose presence alone already says something.
        package struct Compose: Codable, Equatable, Sendable {
            package var file: String?
        }

        package enum Compression: String, Codable, Sendable, CaseIterable {
            case gzip
            case zstd
        }
    }

    package struct Deploy: Codable, Equatable, Sendable {
        package var strategy = Strategy.rolling
        /// Split into words; nil when there is none.
        package var releaseCommand: [String]?
        /// Zero is no limit.
        package var releaseCommandTimeout: GoDuration = "5m"
        package var releaseCommandVM: MachineConfig.Guest?
        /// The rest of `[deploy.release_command_vm]`.
        package var releaseCommandVMOptions: VMOptions?
        /// For the first deploy of an app, as it was written.
        package var seedCommand: String?
        /// For each Machine, to start and to pass its checks.
        package var waitTimeout: GoDuration = "5m"
        /// Roost's own key: how long a new Machine has to run before it counts as well; nil is as its checks demand.
        package var stayUp: GoDuration?
        /// From 1 on a number of Machines, below it a fraction of them.
        package var maxUnavailable = 0.33
        /// The most Machines of a group with services, for an app that keeps state in its process; nil is no limit.
        package var maxMachines: Int?

        package init() {}
    }

    package enum Strategy: String, Codable, Sendable, CaseIterable {
        case rolling
        case immediate
        case canary
        case bluegreen
    }

    /// `[checks.<name>]`: informational, but a deploy waits for it.
    package struct Check: Codable, Equatable, Sendable {
        package var processes: [String] = []
        /// Its `port` is nil when that of `[http_service]` is meant.
        package var settings: MachineConfig.Check
        package var tls: CheckTLS?

        package init(settings: MachineConfig.Check) {
            self.settings = settings
        }
    }

    package struct VM: Codable, Equatable, Sendable {
        /// Empty is all groups, here and nowhere else.
        package var processes: [String] = []
        package var guest: MachineConfig.Guest
        package var options: VMOptions?

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
        /// Days that snapshots are kept.
        package var snapshotRetention: Int?
        package var scheduledSnapshots: Bool?
        package var autoExtend: AutoExtend?

        package init(source: String, destination: String) {
            self.source = source
            self.destination = destination
        }

        /// When a volume grows, in which steps, and up to what.
        package struct AutoExtend: Codable, Equatable, Sendable {
            /// In percent of its size.
            package var threshold: Int
            package var incrementGB: Int
            package var limitGB: Int?
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
