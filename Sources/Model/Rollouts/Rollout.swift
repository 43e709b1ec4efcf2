/// The way from one release to the next, step by step, as it is recorded.
package struct Rollout: Equatable, Sendable {
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
    /// The most Machines that are worked on at a time; nil is ``DeployOptions/usualConcurrency``.
    package var maxConcurrent: Int?
    /// A path that is asked for while it goes on.
    package var probe: String?
    /// What the edges had counted of the app when it began to change Machines.
    package var before: EdgeTally?
    /// What clients met meanwhile.
    package var traffic: RolloutTraffic?

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

    /// How far it has come, and which way it goes.
    package enum Phase: OpenWord {
        case building
        case rolling
        case rollingBack
        case complete
        case failed
        case rolledBack
        case unknown(String)

        package static let allCases: [Self] = [.building, .rolling, .rollingBack, .complete, .failed, .rolledBack]

        package var rawValue: String {
            switch self {
            case .building: "building"
            case .rolling: "rolling"
            case .rollingBack: "rolling_back"
            case .complete: "complete"
            case .failed: "failed"
            case .rolledBack: "rolled_back"
            case .unknown(let word): word
            }
        }

        package var isOver: Bool {
            switch self {
            case .building, .rolling, .rollingBack, .unknown: false
            case .complete, .failed, .rolledBack: true
            }
        }
    }

    /// Each may be done again from its start.
    package enum Step: Equatable, Sendable {
        case releaseCommand(machine: Machine.ID)
        /// As the release command, once in an app's life.
        case seedCommand(machine: Machine.ID)
        case create(machine: Machine.ID, group: String)
        /// In its place; `start` also when it sleeps.
        case update(machine: Machine.ID, group: String, start: Bool? = nil)
        /// The new Machine is good before the old one ends; `spare` is the ID of the old one's successor on the way back.
        case replace(old: Machine.ID, new: Machine.ID, spare: Machine.ID, group: String)
        /// Takes a replacement back: the old Machine goes on if it is still there, else `spare` takes its place.
        case putBack(old: Machine.ID, new: Machine.ID, spare: Machine.ID, group: String)
        /// Made, started and good, but out of traffic.
        case prepare(machine: Machine.ID, group: String)
        /// All traffic from one set of Machines to the other.
        case turn(to: [Machine.ID], from: [Machine.ID])
        /// Nobody waits for anything: the strategy `immediate`.
        case updateAtOnce(machines: [Machine.ID])
        case destroy(machine: Machine.ID)
        /// A new Machine beside the others that gets so many of a hundred requests.
        case canary(machine: Machine.ID, group: String, percent: Int)
        /// Compares the canary with the others for so long, then gives it its even share, or fails.
        case judge(machine: Machine.ID, group: String, seconds: Int)
        /// Several at the same time.
        case together([Step])
        /// Of a newer version, kept as it was read.
        case unknown(ConfigValue)
    }
}

extension Rollout {
    /// Whether it changes that Machine, now, before or later on.
    package func worksOn(_ machine: Machine.ID) -> Bool {
        !phase.isOver && steps.contains { $0.machines.contains(machine) }
    }
}

extension Rollout.Step {
    /// Needs no release to be carried out.
    package var isRemoval: Bool { if case .destroy = self { true } else { false } }

    /// The Machines that it is about; none for one that only a newer version knows.
    package var machines: [Machine.ID] {
        switch self {
        case .releaseCommand(let id), .seedCommand(let id), .create(let id, _), .update(let id, _, _),
            .prepare(let id, _), .destroy(let id),
            .canary(let id, _, _), .judge(let id, _, _):
            [id]
        case .together(let steps): steps.flatMap(\.machines)
        case .replace(let old, let new, let spare, _), .putBack(let old, let new, let spare, _): [old, new, spare]
        case .turn(let new, let old): new + old
        case .updateAtOnce(let machines): machines
        case .unknown: []
        }
    }
}

extension Rollout.Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .releaseCommand(let id): "run release_command in Machine \(id)"
        case .seedCommand(let id): "run seed_command in Machine \(id)"
        case .create(let id, let group): "create Machine \(id) in group \(group)"
        case .update(let id, let group, let start):
            start == true
                ? "update Machine \(id) in group \(group) and start it" : "update Machine \(id) in group \(group)"
        case .replace(let old, let new, _, let group): "replace Machine \(old) by \(new) in group \(group)"
        case .putBack(let old, let new, _, let group): "put Machine \(old) back for \(new) in group \(group)"
        case .prepare(let id, let group): "prepare Machine \(id) in group \(group)"
        case .turn(let new, let old): "turn requests from \(Self.list(old)) to \(Self.list(new))"
        case .updateAtOnce(let machines): "update \(Self.list(machines)) at once"
        case .destroy(let id): "destroy Machine \(id)"
        case .canary(let id, let group, let percent):
            "create Machine \(id) in group \(group) for \(percent)% of the requests"
        case .judge(let id, _, let seconds):
            "compare Machine \(id) with the others for \(GoDuration(.seconds(seconds)).text)"
        case .together(let steps): steps.map(\.description).joined(separator: "; ")
        case .unknown: "a step that only a newer version of Roost knows"
        }
    }

    private static func list(_ machines: [Machine.ID]) -> String {
        (machines.count == 1 ? "Machine " : "Machines ") + machines.map(\.text).joined(separator: ", ")
    }
}
