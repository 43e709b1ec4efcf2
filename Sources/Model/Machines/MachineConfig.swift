/// What a Machine should be: the `config` object of the Machines API, field for field.
///
/// > Source: Machines API, `fly.MachineConfig`; only the fields that Roost acts on.
package struct MachineConfig: Codable, Equatable, Sendable {
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

    package init(image: String) {
        self.image = image
    }

    package enum CodingKeys: String, CodingKey {
        case image, env, `init`, guest, services, checks, mounts, restart, metadata
        case stopConfig = "stop_config"
        case autoDestroy = "auto_destroy"
    }

    /// What runs: `exec` replaces everything, `entrypoint` and `cmd` replace the image's own.
    package struct Init: Codable, Equatable, Sendable {
        package var exec: [String]?
        package var entrypoint: [String]?
        package var cmd: [String]?

        package init(exec: [String]? = nil, entrypoint: [String]? = nil, cmd: [String]? = nil) {
            self.exec = exec
            self.entrypoint = entrypoint
            self.cmd = cmd
        }
    }

    /// Size of the Machine; memory in MiB.
    package struct Guest: Codable, Equatable, Sendable {
        package var cpuKind: CPUKind
        package var cpus: Int
        package var memoryMiB: Int

        package init(cpuKind: CPUKind = .shared, cpus: Int = 1, memoryMiB: Int = 256) {
            self.cpuKind = cpuKind
            self.cpus = cpus
            self.memoryMiB = memoryMiB
        }

        package enum CodingKeys: String, CodingKey {
            case cpuKind = "cpu_kind"
            case cpus
            case memoryMiB = "memory_mb"
        }
    }

    package enum CPUKind: String, Codable, Sendable, CaseIterable {
        case shared
        case performance
    }

    package struct Mount: Codable, Equatable, Sendable {
        /// The volume's ID once one is attached, `vol_…`.
        package var volume: String?
        /// The volume's name, by which an unattached one is found.
        package var name: String
        /// Where it stands in the Machine.
        package var path: String
        package var sizeGB: Int

        package init(volume: String? = nil, name: String, path: String, sizeGB: Int = 1) {
            self.volume = volume
            self.name = name
            self.path = path
            self.sizeGB = sizeGB
        }

        package enum CodingKeys: String, CodingKey {
            case volume, name, path
            case sizeGB = "size_gb"
        }
    }

    package struct Restart: Codable, Equatable, Sendable {
        package var policy: Policy
        package var maxRetries: Int

        package init(policy: Policy = .onFailure, maxRetries: Int = 10) {
            self.policy = policy
            self.maxRetries = maxRetries
        }

        package enum Policy: String, Codable, Sendable, CaseIterable {
            case no
            case onFailure = "on-failure"
            case always
        }

        package enum CodingKeys: String, CodingKey {
            case policy
            case maxRetries = "max_retries"
        }
    }

    /// How a stop goes: the signal, then after `timeout` SIGKILL.
    package struct Stop: Codable, Equatable, Sendable {
        package var signal: Signal
        package var timeout: GoDuration

        package init(signal: Signal = .int, timeout: GoDuration = "5s") {
            self.signal = signal
            self.timeout = timeout
        }
    }

    /// The signals that a stop may use, with Linux's numbers on x86-64 and arm64.
    package enum Signal: String, Codable, Sendable, CaseIterable {
        case hup = "SIGHUP"
        case int = "SIGINT"
        case quit = "SIGQUIT"
        case kill = "SIGKILL"
        case usr1 = "SIGUSR1"
        case usr2 = "SIGUSR2"
        case term = "SIGTERM"
        /// Can't be caught: the Machine stands still until the time for it to end is over.
        case stop = "SIGSTOP"

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
            }
        }
    }
}
