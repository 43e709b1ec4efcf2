/// One sandbox with one app in it.
///
/// The record belongs to one host; only that host's agent writes it.
package struct Machine: Equatable, Sendable {
    package var id: ID
    package var name: String
    package var app: String
    package var region: String
    package var host: String
    package var createdAt: Timestamp
    package var spec: Spec
    package var status: Status

    package init(id: ID, name: String, app: String, region: String, host: String, createdAt: Timestamp, spec: Spec) {
        self.id = id
        self.name = name
        self.app = app
        self.region = region
        self.host = host
        self.createdAt = createdAt
        self.spec = spec
        status = Status()
    }

    /// What was asked for.
    package struct Spec: Equatable, Sendable {
        /// New at each change of `config`; 26 characters that sort by time (a ULID).
        package var instance: String
        package var config: MachineConfig
        /// Left out of routing, whatever its health.
        package var cordoned: Bool
        /// The release that last touched it; 0 when none did.
        package var release: Int

        package init(instance: String, config: MachineConfig, release: Int = 0) {
            self.instance = instance
            self.config = config
            self.release = release
            cordoned = false
        }
    }

    /// What was seen.
    package struct Status: Equatable, Sendable {
        package var state = State.created
        /// Restarts by policy inside the last `Lifecycle.window`.
        package var restarts: [Timestamp] = []
        /// The `spec.instance` that the running process was started with.
        package var runningInstance: String?
        /// Where the Machine answers; nil before its network exists.
        package var address: Address?
        /// Newest last; the oldest fall off after `Machine.maximumEvents`.
        package var events: [Event] = []
        package var checks: [CheckStatus] = []
        /// Passed all its gates once since `spec.instance` changed, so a wake needs only an open port.
        package var proven = false
        /// Its port accepts and no check is critical: the edge may send to it.
        package var ready = false
        /// Why the Machine waits for its first good answer; nil when it does not.
        package var gate: Gate?
        /// Why it is left out of routing for a while, and by whom.
        package var holds: [Hold] = []
        package var updatedAt = Timestamp(milliseconds: 0)

        package init() {}
    }

    /// Where a Machine is reached on its host, in both families.
    package struct Address: Hashable, Sendable {
        package var ipv4: String
        /// The 6PN address, `fdaa:…`.
        package var ipv6: String

        package init(ipv4: String, ipv6: String) {
            self.ipv4 = ipv4
            self.ipv6 = ipv6
        }
    }

    /// So many events are kept, the newest.
    package static let maximumEvents = 50

    /// How long the record of a destroyed Machine can still be read.
    package static let visibleAfterDestroy = Duration.seconds(3600)

    /// Gets no new requests, whatever its health.
    package var isUnrouted: Bool { spec.cordoned || !status.holds.isEmpty }

    /// When it last began to run: its start, or its last thaw; nil while it does not run.
    package var awakeSince: Timestamp? {
        guard case .started(let process) = status.state else { return nil }
        let thaw = status.events.last { $0.kind == .start || $0.kind == .resume || $0.kind == .restart }
        return max(thaw?.at ?? process.startedAt, process.startedAt)
    }

    /// The process group that a deploy put it into; `app` when nothing says otherwise.
    package var group: String { spec.config.metadata[MachineConfig.groupKey] ?? "app" }
}

extension Machine {
    /// Where a Machine is in its life; a case carries what exists in that state.
    package enum State: Equatable, Sendable {
        case created
        case starting(attempt: Int)
        case started(Process)
        case stopping(Process, then: AfterStop)
        case stopped(Exit?)
        case suspending(Process)
        case suspended(Process)
        case destroying
        case destroyed
        /// Waits for the restart policy's next try; with attempt 0 for its turn after a start of the host.
        case restarting(at: Timestamp, attempt: Int)
        case failed(reason: String)
        /// Of a newer version, kept as it was read.
        case unknown(name: String, ConfigValue)
    }

    /// What a stop leads to.
    package enum AfterStop: String, Codable, Sendable {
        case stopped
        case started
        case destroyed
    }

    /// A running process of the sandbox and how to recognise it after a restart of the daemon.
    package struct Process: Hashable, Sendable {
        package var pid: Int32
        /// Field 22 of `/proc/<pid>/stat`, in clock ticks since boot: tells a reused pid from the same process.
        package var startTicks: UInt64
        package var monitorPID: Int32
        package var startedAt: Timestamp

        package init(pid: Int32, startTicks: UInt64, monitorPID: Int32, startedAt: Timestamp) {
            self.pid = pid
            self.startTicks = startTicks
            self.monitorPID = monitorPID
            self.startedAt = startedAt
        }
    }

    /// How a process ended.
    package struct Exit: Equatable, Sendable {
        /// The process's own code, or 128 + the signal that ended it.
        package var code: Int32
        package var signal: Int32?
        package var outOfMemory: Bool
        /// We asked for it: no restart policy applies.
        package var requested: Bool
        package var at: Timestamp

        package init(code: Int32, outOfMemory: Bool, requested: Bool, at: Timestamp) {
            self.code = code
            self.outOfMemory = outOfMemory
            self.requested = requested
            self.at = at
            signal = code > 128 && code <= 192 ? code - 128 : nil
        }
    }

    /// An entry of the Machine's history.
    package struct Event: Equatable, Sendable {
        package var kind: Kind
        package var at: Timestamp
        /// Present on `exit`.
        package var exit: Exit?
        package var detail: String?

        package init(kind: Kind, at: Timestamp, exit: Exit? = nil, detail: String? = nil) {
            self.kind = kind
            self.at = at
            self.exit = exit
            self.detail = detail
        }

        /// What an event is about.
        package enum Kind: OpenWord {
            case launch, start, exit, stop, suspend, resume, restart, update, destroy, failure, adopt, schedule
            case unknown(String)

            package static let allCases: [Self] = [
                .launch, .start, .exit, .stop, .suspend, .resume, .restart, .update, .destroy, .failure, .adopt,
                .schedule,
            ]

            package var rawValue: String {
                switch self {
                case .launch: "launch"
                case .start: "start"
                case .exit: "exit"
                case .stop: "stop"
                case .suspend: "suspend"
                case .resume: "resume"
                case .restart: "restart"
                case .update: "update"
                case .destroy: "destroy"
                case .failure: "failure"
                case .adopt: "adopt"
                case .schedule: "schedule"
                case .unknown(let word): word
                }
            }
        }
    }

    /// The last result of one health check.
    package struct CheckStatus: Equatable, Sendable {
        package var name: String
        package var status: Level
        package var output: String
        /// When `status` last changed.
        package var updatedAt: Timestamp

        package init(name: String, status: Level, output: String, updatedAt: Timestamp) {
            self.name = name
            self.status = status
            self.output = output
            self.updatedAt = updatedAt
        }

        /// What a check came to.
        package enum Level: OpenWord {
            case passing, warning, critical
            case unknown(String)

            package static let allCases: [Self] = [.passing, .warning, .critical]

            package var rawValue: String {
                switch self {
                case .passing: "passing"
                case .warning: "warning"
                case .critical: "critical"
                case .unknown(let word): word
                }
            }
        }
    }
}

extension Machine.State {
    /// The word that the Machines API uses.
    package var name: String {
        switch self {
        case .created: "created"
        case .starting: "starting"
        case .started: "started"
        case .stopping: "stopping"
        case .stopped: "stopped"
        case .suspending: "suspending"
        case .suspended: "suspended"
        case .destroying: "destroying"
        case .destroyed: "destroyed"
        case .restarting: "restarting"
        case .failed: "failed"
        case .unknown(let name, _): name
        }
    }

    /// The process that exists in this state.
    package var process: Machine.Process? {
        switch self {
        case .started(let process), .stopping(let process, _), .suspending(let process), .suspended(let process):
            process
        case .created, .starting, .stopped, .destroying, .destroyed, .restarting, .failed, .unknown: nil
        }
    }
}
