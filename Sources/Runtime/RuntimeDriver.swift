package import Model

/// Runs sandboxes on this host: runc or crun under conmon, and `FakeRuntime` in tests of the agent.
///
/// Every call may be repeated after a crash: what is done already is left as it is.
package protocol RuntimeDriver: Sendable {
    /// Makes what all sandboxes share: bridge, firewall table, cgroup roots, folders.
    func prepareHost() async throws

    /// Keeps closed Machines to their guests, whatever was said before; holds beyond the end of the daemon.
    func limit(to reach: Reach) async throws

    /// Gives a Machine its network namespace and its folders. Survives stops; gone only with `destroy`.
    func provision(_ id: Machine.ID, address: Machine.Address) async throws

    /// Starts from a fresh root file system; a Machine that runs already answers with its process.
    func start(_ sandbox: Sandbox) async throws -> Machine.Process

    /// Looks whether a start of that sandbox would find its program, without starting anything.
    ///
    /// - Throws: ``Fault`` `invalidConfig`.
    func vet(_ sandbox: Sandbox) async throws

    /// Asks the sandbox's program to end: passes over shells that only wait for what they have started.
    ///
    /// `told` are processes that were asked already and get time to do so. Gives all that have been asked by now, to be
    /// handed in again a moment later for what was started since.
    func askToEnd(
        _ id: Machine.ID,
        _ signal: MachineConfig.Signal,
        told: Set<SandboxProcess>
    ) async throws -> Set<SandboxProcess>

    /// Sends a signal to the sandbox's first process; nothing happens when it is gone.
    func signal(_ id: Machine.ID, _ signal: MachineConfig.Signal) async throws

    /// Freezes all processes of the sandbox.
    func suspend(_ id: Machine.ID) async throws

    /// Thaws them.
    func resume(_ id: Machine.ID) async throws

    /// Removes what a start made (container, cgroup, mounts), after its process has ended; kills what is left of it.
    func clear(_ id: Machine.ID) async throws

    /// Clears, then removes the network namespace, the log and the folders.
    func destroy(_ id: Machine.ID) async throws

    /// What runs, as the kernel tells it, whatever any record says.
    func list() async throws -> [Machine.ID: SandboxStatus]

    /// What was noted when the sandbox was started, for a daemon that finds no record of it.
    func trace(of id: Machine.ID) async -> SandboxTrace

    /// Each end of a process or of its monitor, as it happens. One consumer.
    var exits: AsyncStream<SandboxExit> { get }

    /// Starts to watch a process that this daemon did not start itself (adoption), so that its end shows in `exits`.
    func watch(_ id: Machine.ID, _ process: Machine.Process) async throws

    /// Sends any signal to the sandbox's first process; nothing happens when it is gone.
    func send(_ id: Machine.ID, signal number: Int32) async throws

    /// Runs one more command in a sandbox that runs, as its user and with its environment.
    ///
    /// - Throws: ``Fault`` `invalidState` when it does not run, `timedOut`; the command has been ended then.
    func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome

    /// What runs in the sandbox, by its own count of processes.
    func processes(_ id: Machine.ID) async throws -> [MachineProcess]

    /// Addresses on which the Machine's processes listen for TCP, from its own network namespace.
    func listeners(_ id: Machine.ID) async throws -> [ListenAddress]

    /// The most memory that the sandbox needed so far, in bytes; nil when the kernel does not say.
    func peakMemory(_ id: Machine.ID) async throws -> Int64?

    /// What those Machines use that have a process; starts no program.
    func usage(of machines: [Machine]) async -> [Machine.ID: MachineUsage]

    /// How many threads of each run or wait for a disk at this moment.
    func activeThreads(of machines: [Machine]) async -> [Machine.ID: Int]
}

/// All that a start needs.
package struct Sandbox: Sendable {
    package var id: Machine.ID
    package var hostname: String
    /// Unpacked layers on this host, bottom first.
    package var layers: [String]
    package var user: String
    package var workingDirectory: String
    /// Program and arguments.
    package var command: [String]
    package var env: [String: String]
    /// More of the environment, over `env`: the process gets it, and no file of a disk ever does.
    package var secrets: [String: String] = [:]
    package var mounts: [Mount]
    package var guest: MachineConfig.Guest
    /// Swap over its memory, where the host has any.
    package var swapMiB = 0
    /// The most bytes that its root file system takes in; nil: as many as the host says.
    package var rootLimit: Int64?
    /// Whom it asks for names; nil: whom the host asks.
    package var dns: MachineConfig.DNS?
    /// The folder with the socket of its API; nil: it has none.
    package var door: String?
    package var address: Machine.Address
    /// More names of `/etc/hosts`.
    package var hosts: [HostAlias] = []
    /// The Machine that it is started for, noted down beside it.
    package var owner: Machine?
    /// Share the network of the host's bridge; false only for build steps that need none.
    package var network = true
    /// Where the program was named, and where its arguments were, for messages.
    package var origin = CommandOrigin.step
    package var argumentsOrigin = CommandOrigin.step

    /// Who said what to run.
    package enum CommandOrigin: Sendable {
        case processes, exec, entrypoint, releaseCommand, imageEntrypoint, imageCommand
        /// A step of a build.
        case step

        /// As it stands in a sentence.
        package var place: String {
            switch self {
            case .processes: "[processes] in fly.toml"
            case .exec: "exec of [experimental] in fly.toml"
            case .entrypoint: "entrypoint of [experimental] in fly.toml"
            case .releaseCommand: "release_command in fly.toml"
            case .imageEntrypoint: "ENTRYPOINT in the Dockerfile"
            case .imageCommand: "CMD in the Dockerfile"
            case .step: "the step's command"
            }
        }
    }

    package init(
        id: Machine.ID,
        hostname: String,
        layers: [String],
        image: Image.Config,
        command: [String],
        env: [String: String],
        guest: MachineConfig.Guest,
        address: Machine.Address
    ) {
        self.id = id
        self.hostname = hostname
        self.layers = layers
        self.command = command
        self.env = env
        self.guest = guest
        self.address = address
        user = image.user
        workingDirectory = image.workingDirectory
        mounts = []
    }

    /// A folder of the host inside the sandbox.
    package struct Mount: Sendable {
        package var source: String
        package var destination: String
        package var readOnly: Bool

        package init(source: String, destination: String, readOnly: Bool = false) {
            self.source = source
            self.destination = destination
            self.readOnly = readOnly
        }
    }
}

/// What a start left behind beside its sandbox.
package struct SandboxTrace: Equatable, Sendable {
    /// The Machine as it was then; nil when it was not noted, or can't be read.
    package var owner: Machine?
    package var address: Machine.Address?

    package init(owner: Machine? = nil, address: Machine.Address? = nil) {
        self.owner = owner
        self.address = address
    }
}

/// A sandbox as it is.
package enum SandboxStatus: Equatable, Sendable {
    case running(Machine.Process)
    case suspended(Machine.Process)
    /// Runs, but nobody keeps its output and exit code.
    case unmonitored(Machine.Process)
    /// Its process has ended and was not cleared yet.
    case ended(code: Int32?, outOfMemory: Bool)
    /// Has a network, but no process.
    case provisioned
}

/// One process of a sandbox, told apart from another that gets its number later.
package struct SandboxProcess: Hashable, Sendable {
    package var pid: Int32
    /// Clock ticks since boot.
    package var startTicks: UInt64

    package init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }
}

/// The end of a sandbox's process.
package struct SandboxExit: Equatable, Sendable {
    package var id: Machine.ID
    package var pid: Int32
    /// The exit code, 128 + signal, or nil when the monitor took it along.
    package var code: Int32?
    package var outOfMemory: Bool
    /// The monitor ended while the process still ran.
    package var monitorLost: Bool

    package init(id: Machine.ID, pid: Int32, code: Int32?, outOfMemory: Bool, monitorLost: Bool) {
        self.id = id
        self.pid = pid
        self.code = code
        self.outOfMemory = outOfMemory
        self.monitorLost = monitorLost
    }
}

/// A TCP socket that waits for connections.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Only processes of the same Machine reach it.
    package var loopbackOnly: Bool { host.hasPrefix("127.") || host == "::1" }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
