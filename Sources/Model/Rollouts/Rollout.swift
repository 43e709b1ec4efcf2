/// The way from one release to the next, step by step, as it is recorded.
package struct Rollout: Codable, Equatable, Sendable {
    /// A ULID.
    package var id: String
    package var app: String
    /// Who deploys, `user@host`.
    package var holder: String
    package var startedAt: Timestamp
    package var phase: Phase
    /// Nil until the image is built and the release written.
    package var release: Int?
    /// The release to go back to; nil on the first deploy.
    package var previous: Int?
    package var steps: [Step]
    /// How many of `steps` are done.
    package var done: Int
    package var fault: Fault?
    package var finishedAt: Timestamp?
    /// Where the settings named in hints stand: key path to line of the configuration file.
    package var lines: [String: Int]
    /// That file's name; nil is `fly.toml`.
    package var configFile: String?

    package init(id: String, app: String, holder: String, startedAt: Timestamp) {
        self.id = id
        self.app = app
        self.holder = holder
        self.startedAt = startedAt
        phase = .building
        steps = []
        done = 0
        lines = [:]
    }

    package enum Phase: String, Codable, Sendable {
        case building
        case rolling
        case rollingBack = "rolling_back"
        case complete
        case failed
        case rolledBack = "rolled_back"

        package var isOver: Bool {
            switch self {
            case .building, .rolling, .rollingBack: false
            case .complete, .failed, .rolledBack: true
            }
        }
    }

    /// Each may be done again from its start.
    package enum Step: Codable, Equatable, Sendable {
        case releaseCommand(machine: Machine.ID)
        case create(machine: Machine.ID, group: String)
        case update(machine: Machine.ID, group: String)
        case destroy(machine: Machine.ID)
    }
}

extension Rollout.Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .releaseCommand(let id): "run release_command in Machine \(id)"
        case .create(let id, let group): "create Machine \(id) in group \(group)"
        case .update(let id, let group): "update Machine \(id) in group \(group)"
        case .destroy(let id): "destroy Machine \(id)"
        }
    }
}
