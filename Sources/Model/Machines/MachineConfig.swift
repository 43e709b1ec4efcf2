/// What a Machine should be: the `config` object of the Machines API, field for field.
///
/// > Source: Machines API, `fly.MachineConfig`; only the fields that Roost acts on.
package struct MachineConfig: Equatable, Sendable {
    /// An image of the host's store: `roost/<app>@sha256:<64 hex digits>`.
    package var image: String
    package var env: [String: String] = [:]
    package var `init` = Init()
    package var guest = Guest()
    package var services: [Service] = []
    package var checks: [String: Check] = [:]
    package var mounts: [Mount] = []
    package var restart = Restart()
    package var stopConfig = Stop()
    package var metadata: [String: String] = [:]
    /// Destroy the Machine when its process has ended.
    package var autoDestroy = false
    /// Files that are put into the root file system at each start; nil is none.
    package var files: [File]?
    /// Files of the image that the edge answers with; nil is none.
    package var statics: [StaticFiles]?
    /// When the clock starts it; nil: never.
    package var schedule: String?
    /// Nil: as the host.
    package var dns: DNS?
    /// Machines that it stands by for: it rests until one's host fails.
    package var standbys: [String]?
    /// What its program is told beside `env`; nil: all secrets of its app.
    package var environment: Environment?
    /// Where its program tells its own numbers; nil: nowhere.
    package var metrics: Metrics?
    /// Swap over its memory, where the host has any; nil: none.
    package var swapMiB: Int?
    /// The most that its root file system takes in, in GiB; nil: as the host says.
    package var rootGB: Int?
    /// Its processes are told no secrets.
    package var skipsSecrets: Bool?
    /// The configuration as its writer gave it, with what only he acts on; nil when a deploy wrote it.
    package var document: MachineDocument?

    package init(image: String) {
        self.image = image
    }

    /// What runs: `exec` replaces everything, `entrypoint` and `cmd` replace the image's own.
    package struct Init: Equatable, Sendable {
        package var exec: [String]?
        package var entrypoint: [String]?
        package var cmd: [String]?
        /// As whom, `name` or `uid:gid`; nil: as the image says.
        package var user: String?

        package init(exec: [String]? = nil, entrypoint: [String]? = nil, cmd: [String]? = nil) {
            self.exec = exec
            self.entrypoint = entrypoint
            self.cmd = cmd
        }
    }

    /// A file that a Machine finds at its start.
    package struct File: Equatable, Sendable {
        /// Absolute.
        package var guestPath: String
        /// Base64; nil when a secret holds it.
        package var rawValue: String?
        /// The value of the app that holds its content in base64.
        package var secretName: String?
        package var mode: Int?

        package init(guestPath: String, rawValue: String?, secretName: String? = nil, mode: Int? = nil) {
            self.guestPath = guestPath
            self.rawValue = rawValue
            self.secretName = secretName
            self.mode = mode
        }
    }

    /// Size of the Machine; memory in MiB.
    package struct Guest: Equatable, Sendable {
        package var cpuKind: CPUKind
        package var cpus: Int
        package var memoryMiB: Int

        package init(cpuKind: CPUKind = .shared, cpus: Int = 1, memoryMiB: Int = 256) {
            self.cpuKind = cpuKind
            self.cpus = cpus
            self.memoryMiB = memoryMiB
        }
    }

    /// Whether its processors are shared with others.
    package enum CPUKind: OpenWord {
        case shared
        case performance
        case unknown(String)

        package static let allCases: [Self] = [.shared, .performance]

        package var rawValue: String {
            switch self {
            case .shared: "shared"
            case .performance: "performance"
            case .unknown(let word): word
            }
        }
    }

    /// A volume and where it is seen.
    package struct Mount: Equatable, Sendable {
        /// The volume's ID once one is attached, `vol_…`.
        package var volume: String?
        /// The volume's name, by which an unattached one is found.
        package var name: String
        /// Where it stands in the Machine.
        package var path: String
        package var sizeGB: Int
        /// Nil: it stays as large as it is.
        package var growth: Growth?
        /// Of a volume that is made for it: days for which snapshots are kept, and whether the clock takes them.
        package var snapshotRetention: Int?
        package var scheduledSnapshots: Bool?

        package init(volume: String? = nil, name: String, path: String, sizeGB: Int = 1) {
            self.volume = volume
            self.name = name
            self.path = path
            self.sizeGB = sizeGB
        }
    }

    /// Whether a process that ended is started again.
    package struct Restart: Equatable, Sendable {
        package var policy: Policy
        package var maxRetries: Int

        package init(policy: Policy = .onFailure, maxRetries: Int = 10) {
            self.policy = policy
            self.maxRetries = maxRetries
        }

        /// When it is.
        package enum Policy: OpenWord {
            case no
            case onFailure
            case always
            case unknown(String)

            package static let allCases: [Self] = [.no, .onFailure, .always]

            package var rawValue: String {
                switch self {
                case .no: "no"
                case .onFailure: "on-failure"
                case .always: "always"
                case .unknown(let word): word
                }
            }
        }
    }

    /// How a stop goes: the signal, then after `timeout` SIGKILL.
    package struct Stop: Equatable, Sendable {
        package var signal: Signal
        package var timeout: GoDuration

        package init(signal: Signal = .int, timeout: GoDuration = "5s") {
            self.signal = signal
            self.timeout = timeout
        }
    }

    /// The signals that a stop may use, with Linux's numbers on x86-64 and arm64.
    package enum Signal: OpenWord {
        case hup
        case int
        case quit
        case kill
        case usr1
        case usr2
        case term
        /// Can't be caught: the Machine stands still until the time for it to end is over.
        case stop
        case unknown(String)

        package static let allCases: [Self] = [.hup, .int, .quit, .kill, .usr1, .usr2, .term, .stop]

        package var rawValue: String {
            switch self {
            case .hup: "SIGHUP"
            case .int: "SIGINT"
            case .quit: "SIGQUIT"
            case .kill: "SIGKILL"
            case .usr1: "SIGUSR1"
            case .usr2: "SIGUSR2"
            case .term: "SIGTERM"
            case .stop: "SIGSTOP"
            case .unknown(let word): word
            }
        }

        package var number: Int32 {
            switch self {
            case .hup: 1
            case .int: 2
            case .quit: 3
            case .kill: 9
            case .usr1: 10
            case .usr2: 12
            case .term: 15
            case .stop: 19
            // The platform's own, for one that only a newer version knows.
            case .unknown: 2
            }
        }
    }
}
