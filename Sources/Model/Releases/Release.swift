/// One version of an app: an image and the configuration that it runs with.
package struct Release: Equatable, Sendable {
    package var app: String
    /// Counts from 1.
    package var version: Int
    /// `sha256:<64 hex digits>`.
    package var image: String
    package var config: AppConfig
    package var createdAt: Timestamp
    /// Who deployed it, `user@host`.
    package var user: String
    package var status: Status
    /// The version of the app's secrets that its Machines have; nil in records from before there were versions.
    package var secrets: Int?
    /// How many Machines each group had when this release was last in service.
    package var counts: [String: Int]?
    /// Sizes that were set beside the configuration, by group; they go before it.
    package var sizes: [String: MachineConfig.Guest]?
    /// Where new Machines of a group are made, spread evenly, by group; one that is not named has the primary region.
    package var regions: [String: [String]]?
    /// What made it, when it was no deploy: "rollback to v3".
    package var reason: String?
    /// The newest revisions of the migrations that it brought along; nil when none could be read.
    package var revisions: [String]?
    /// What clients met while it was rolled out.
    package var traffic: RolloutTraffic?

    package init(app: String, version: Int, image: String, config: AppConfig, createdAt: Timestamp, user: String) {
        self.app = app
        self.version = version
        self.image = image
        self.config = config
        self.createdAt = createdAt
        self.user = user
        status = .running
    }

    /// How far it has come.
    package enum Status: OpenWord {
        /// Its roll-out goes on.
        case running
        case complete
        case failed
        /// Failed, and the release before was put back.
        case rolledBack
        case unknown(String)

        package static let allCases: [Self] = [.running, .complete, .failed, .rolledBack]

        package var rawValue: String {
            switch self {
            case .running: "running"
            case .complete: "complete"
            case .failed: "failed"
            case .rolledBack: "rolled_back"
            case .unknown(let word): word
            }
        }
    }
}
