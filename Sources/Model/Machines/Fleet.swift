/// The Machines of all hosts, as the control plane commands them: each call reaches the agent that owns the Machine.
///
/// In one process the agent itself; across hosts a client of the other host's API.
package protocol Fleet: Sendable {
    /// Makes a Machine with a network, volumes attached; it is `created`, not started.
    func create(_ order: MachineOrder) async throws -> Machine

    /// Replaces the configuration: stops what runs, starts the new if `launch`. The instance changes.
    ///
    /// With `expected` only when it still has that instance; else a ``Fault`` `revisionConflict`, and nothing has changed.
    func update(_ id: Machine.ID, config: MachineConfig, release: Int, launch: Bool, expected: String?) async throws

    /// Returns once the process runs (or has been thawed); it may not be ready yet.
    func start(_ id: Machine.ID) async throws

    /// Asks for a start and does not wait for it.
    func launch(_ id: Machine.ID) async throws

    /// Returns once the process has been asked to end; `changes` tells when it has, and what `then` says has begun.
    ///
    /// `order` says how, where that is not what the configuration says.
    func stop(_ id: Machine.ID, then: Machine.AfterStop, order: StopOrder) async throws

    /// Freezes a Machine with its memory.
    func suspend(_ id: Machine.ID) async throws

    /// Takes it out of routing, or puts it back.
    func cordon(_ id: Machine.ID, _ cordoned: Bool) async throws

    /// As `cordon`, until the same owner releases it; one that is not lasting ends with the daemon, so that a crash
    /// leaves no Machine unreachable.
    func hold(_ id: Machine.ID, _ hold: Hold) async throws

    /// Ends the hold of one owner; those of others stay, and none of that owner is no error.
    func release(_ id: Machine.ID, owner: String) async throws

    /// Changes the metadata, which makes no new instance.
    func setMetadata(_ id: Machine.ID, _ change: MetadataChange) async throws

    /// Adds an entry to the Machine's history that none of its changes made.
    func record(_ id: Machine.ID, _ event: Machine.Event) async throws

    /// Sends a signal to the Machine's first process.
    ///
    /// - Throws: ``Fault`` `invalidState` when it does not run.
    func signal(_ id: Machine.ID, _ number: Int32) async throws

    /// Runs one more command in a Machine that runs, as its user and with its environment.
    ///
    /// - Throws: ``Fault`` `invalidState` when it does not run, `timedOut`.
    func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome

    /// What a Machine that runs uses; nil when nobody can say.
    func usage(_ id: Machine.ID) async throws -> MachineUsage?

    /// The processes of a Machine that runs.
    func processes(_ id: Machine.ID) async throws -> [MachineProcess]

    /// Follows a Machine: its record now, then each change. Ends after `destroyed`.
    func changes(of id: Machine.ID) async throws -> AsyncStream<Machine>

    /// Where its processes listen for TCP.
    func listeners(_ id: Machine.ID) async throws -> [String]

    /// Looks at a running Machine: where it listens, what it needs, and how it answers GET requests.
    ///
    /// - Throws: ``Fault`` `invalidState` when it has no address yet.
    func look(_ id: Machine.ID, port: Int, paths: [String]) async throws -> MachineLook

    /// Log lines, oldest first: the last `tail` ones, then what comes while `follow`.
    func logs(_ id: Machine.ID, tail: Int, follow: Bool) async throws -> LogFeed

    /// The same lines for one who comes back for more, and knows where he was.
    func tapLog(_ id: Machine.ID, from start: LogStart) async throws -> LogTap

    /// Adds a line of the platform's own to a Machine's log, for the owner of its app.
    func note(_ id: Machine.ID, _ text: String) async throws

    /// Looks whether a Machine of that configuration could start its program at all; changes nothing.
    ///
    /// - Throws: ``Fault`` `invalidConfig` naming the program and what is wrong with it.
    func vet(_ config: MachineConfig) async throws

    /// Memory of the host that more Machines could have, in MiB; nil when nobody can say.
    func freeMemory() async throws -> Int?

    /// Removes a volume and what is on it.
    func destroyVolume(_ id: String) async throws
}

extension Fleet {
    /// Nobody can say.
    package func freeMemory() async throws -> Int? { nil }

    /// Nobody can say.
    package func usage(_ id: Machine.ID) async throws -> MachineUsage? { nil }

    /// Gives a Machine another configuration of its release, without a change of its metadata.
    package func update(_ id: Machine.ID, config: MachineConfig, release: Int, launch: Bool) async throws {
        try await update(id, config: config, release: release, launch: launch, expected: nil)
    }

    /// Stops a Machine as its configuration says.
    package func stop(_ id: Machine.ID, then: Machine.AfterStop) async throws {
        try await stop(id, then: then, order: StopOrder())
    }
}

/// What a new Machine should be.
package struct MachineOrder: Sendable {
    package var id: Machine.ID
    package var app: String
    package var name: String
    package var region: String
    package var config: MachineConfig
    package var release: Int

    package init(id: Machine.ID, app: String, name: String, region: String, config: MachineConfig, release: Int) {
        self.id = id
        self.app = app
        self.name = name
        self.region = region
        self.config = config
        self.release = release
    }
}

/// A line that a Machine wrote.
package struct LogLine: Equatable, Sendable {
    /// RFC 3339 with nanoseconds, as the monitor stamped it.
    package var timestamp: String
    package var stream: Stream
    package var text: String
    package var machine: Machine.ID?

    package init(timestamp: String, stream: Stream, text: String, machine: Machine.ID? = nil) {
        self.timestamp = timestamp
        self.stream = stream
        self.text = text
        self.machine = machine
    }

    /// Where a line was written.
    package enum Stream: String, Codable, Sendable {
        case stdout, stderr
        /// Not the app's: what the platform has to say to its owner.
        case platform

        /// A word that only a newer daemon knows is none of the app's either.
        package init(from decoder: any Decoder) throws {
            self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .platform
        }
    }
}
