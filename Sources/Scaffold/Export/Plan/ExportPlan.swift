import Model

/// What is to run, whatever the place: facts and configuration brought together once, written down by each target.
struct ExportPlan: Sendable {
    let facts: Facts
    let config: AppConfig?
    let options: ExportOptions
    /// Where things lie in the image and in the folder that files are written to.
    let layout: BuildLayout
    /// A DNS label.
    var name = "app"
    /// What answers requests; nil when nothing does.
    var web: Unit?
    /// Beside it, in the order of the file or of the scan.
    var workers: [Unit] = []
    var release: Release?
    /// Values that may be seen, in the order of their names.
    var env: [(name: String, value: String)] = []
    /// What only the user knows, secrets and others, in the order of their names.
    var variables: [Variable] = []
    /// Host names, the first of them the main one.
    var hosts: [String] = []
    /// Folders that are written to, each with a DNS label.
    var scratchNames: [String: String] = [:]
    var probe = Probe()
    /// Why there may be only one of the web process.
    var singleReasons: [String] = []
    /// What could not be taken over as it was written.
    var notes: [String] = []

    init(_ input: ExportInput) {
        facts = input.facts
        config = input.config
        options = input.options
        layout = BuildLayout(input.facts)
    }

    /// The web process and the others.
    var units: [Unit] { [web].compactMap { $0 } + workers }

    /// Those that a deploy starts.
    var running: [Unit] { units.filter { !$0.isOptional } }

    /// One kind of process.
    struct Unit: Sendable {
        /// As the file or the code has it.
        var group: String
        /// A DNS label, unlike those of the others.
        var name: String
        /// Words that replace the image's command; nil for the image's own.
        var command: [String]?
        /// Words that replace the image's entrypoint; an empty list means none.
        var entrypoint: [String]?
        /// What it listens on.
        var port: Int?
        /// Ports beside the main one, or of a worker.
        var ports: [Port] = []
        var guest = MachineConfig.Guest(memoryMiB: 512)
        /// The least number of it.
        var replicas = 1
        /// Never two at a time, not even for a moment.
        var isSingleton = false
        var isOptional = false
        var volumes: [Volume] = []
        /// Folders that it writes to and whose content may go with it.
        var scratch: [String] = []
        var restart: MachineConfig.Restart?

        init(group: String, name: String) {
            self.group = group
            self.name = name
        }
    }

    struct Port: Equatable, Sendable {
        var external: Int
        var `internal`: Int
        var handlers: [String] = []
    }

    /// A folder that outlives its process.
    struct Volume: Equatable, Sendable {
        /// A DNS label.
        var name: String
        /// Absolute, in the container.
        var path: String
        var sizeGB: Int
        /// Why it is there: `mount "data" of fly.toml`.
        var why: String
    }

    /// A command that has to end well before a new version takes over.
    struct Release: Sendable {
        var command: [String]
        /// Absolute, in the container; nil for the image's own.
        var workingDirectory: String?
        /// Relative to the project, for targets without a container.
        var projectDirectory = ""
        /// Zero is no limit.
        var timeoutSeconds = 600
        var guest: MachineConfig.Guest?
        /// Several of it at once do no harm.
        var takesLock = false
    }

    /// A name whose value is not in the project.
    struct Variable: Equatable, Sendable {
        enum Purpose: Equatable, Sendable {
            case app
            case database
            case service(Facts.BackingService.Kind)
        }

        var name: String
        var isRequired: Bool
        var isSecret: Bool
        var purpose = Purpose.app
        /// Of the address that it wants, when its default shows it.
        var form: Facts.Absent.Form?
    }

    /// How to see whether the web process is well; without paths, an open port has to do.
    struct Probe: Sendable {
        var live: String?
        var ready: String?
        var headers: [(name: String, value: String)] = []
        var intervalSeconds = 15
        var timeoutSeconds = 5
        var graceSeconds = 20
    }
}
