/// One version of an app: an image and the configuration that it runs with.
package struct Release: Codable, Equatable, Sendable {
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

    package init(app: String, version: Int, image: String, config: AppConfig, createdAt: Timestamp, user: String) {
        self.app = app
        self.version = version
        self.image = image
        self.config = config
        self.createdAt = createdAt
        self.user = user
        status = .running
    }

    package enum Status: String, Codable, Sendable {
        /// Its roll-out goes on.
        case running
        case complete
        case failed
        /// Failed, and the release before was put back.
        case rolledBack = "rolled_back"
    }
}
