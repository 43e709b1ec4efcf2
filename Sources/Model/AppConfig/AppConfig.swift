/// The checked values of a `fly.toml`, with Fly's defaults where they are its own.
///
/// What Roost does not act on yet is checked and kept as well, and written back as it was; `docs/fly-toml.md` says which.
/// It is stored with a release, so that a deploy, a roll-back and a new Machine all start from the same values. Releases
/// of earlier versions are read too, as `AppConfig+Form.swift` says.
package struct AppConfig: Equatable, Sendable {
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
    /// `[[statics]]`: files that the edge answers with by itself.
    package var statics: [Static] = []
    package var files: [File] = []
    package var metrics: [Metrics] = []
    /// `[[machine_checks]]` at the top, which are for all groups.
    package var machineChecks: [MachineCheck] = []
    /// What `[experimental]` holds beside ``overrides``; nil when that is nothing.
    package var experimental: Experimental?

    /// An empty file.
    package init() {}
}

extension AppConfig {
    /// How the image is made; paths are relative to the folder of the file.
    package struct Build: Equatable, Sendable {
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
        package struct Compose: Equatable, Sendable {
            package var file: String?
        }

        /// How an image's layers are packed for a registry.
        package enum Compression: OpenWord {
            case gzip
            case zstd
            case unknown(String)

            package static let allCases: [Self] = [.gzip, .zstd]

            package var rawValue: String {
                switch self {
                case .gzip: "gzip"
                case .zstd: "zstd"
                case .unknown(let word): word
                }
            }
        }
    }

    /// `[deploy]`: what happens around a roll-out.
    package struct Deploy: Equatable, Sendable {
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
        /// Puts the release before back when the new one fails; without it Machines stay as the fault left them.
        package var rollback = true
        /// Percent of the requests that a canary gets; nil is its even share.
        package var canaryWeight: Int?
        /// How long a canary with a weight is compared with the others.
        package var canaryDuration: GoDuration?

        /// Of a canary with a weight of which nothing else is said.
        package static let usualCanaryDuration: GoDuration = "1m"

        package init() {}
    }

    /// How a roll-out goes from one release to the next.
    package enum Strategy: OpenWord {
        case rolling
        case immediate
        case canary
        case bluegreen
        case unknown(String)

        package static let allCases: [Self] = [.rolling, .immediate, .canary, .bluegreen]

        package var rawValue: String {
            switch self {
            case .rolling: "rolling"
            case .immediate: "immediate"
            case .canary: "canary"
            case .bluegreen: "bluegreen"
            case .unknown(let word): word
            }
        }
    }

    /// `[checks.<name>]`: informational, but a deploy waits for it.
    package struct Check: Equatable, Sendable {
        package var processes: [String] = []
        /// Its `port` is nil when that of `[http_service]` is meant.
        package var settings: MachineConfig.Check
        package var tls: CheckTLS?

        package init(settings: MachineConfig.Check) {
            self.settings = settings
        }
    }

    /// A `[[vm]]`: the size of the Machines of some groups.
    package struct VM: Equatable, Sendable {
        /// Empty is all groups, here and nowhere else.
        package var processes: [String] = []
        package var guest: MachineConfig.Guest
        package var options: VMOptions?

        package init(guest: MachineConfig.Guest) {
            self.guest = guest
        }
    }

    /// A `[[mounts]]`: a volume and where it is seen.
    package struct Mount: Equatable, Sendable {
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
        package struct AutoExtend: Equatable, Sendable {
            /// In percent of its size.
            package var threshold: Int
            package var incrementGB: Int
            package var limitGB: Int?
        }
    }

    /// A `[[restart]]`: whether a process that ended is started again.
    package struct Restart: Equatable, Sendable {
        package var processes: [String] = []
        package var settings: MachineConfig.Restart

        package init(settings: MachineConfig.Restart) {
            self.settings = settings
        }
    }
}
