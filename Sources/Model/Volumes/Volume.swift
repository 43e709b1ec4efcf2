/// A folder that outlives its Machine: one host, one app, one Machine at a time.
package struct Volume: Equatable, Sendable {
    /// `vol_` and 16 lower-case letters or digits.
    package var id: String
    package var name: String
    package var app: String
    package var region: String
    package var host: String
    package var sizeGB: Int
    package var createdAt: Timestamp
    package var attachedTo: Machine.ID?
    /// When it was asked to be destroyed; it is gone after `grace`, until then it can be had back.
    package var leavingSince: Timestamp?
    /// Days for which a snapshot is kept; nil: as long as the platform does.
    package var snapshotRetention: Int?
    /// Nil: yes.
    package var scheduledSnapshots: Bool?
    /// What it is being made of, `vs_…` or `vol_…`: until that is done no Machine gets it.
    package var filledFrom: String?

    /// For how long a destroyed volume can be had back.
    package static let grace = Duration.seconds(86_400)

    /// The most GB that one can have.
    package static let maximumGB = 500

    package var isLeaving: Bool { leavingSince != nil }

    package init(id: String, name: String, app: String, region: String, host: String, sizeGB: Int, createdAt: Timestamp)
    {
        self.id = id
        self.name = name
        self.app = app
        self.region = region
        self.host = host
        self.sizeGB = sizeGB
        self.createdAt = createdAt
    }

    /// A new ID.
    package static func newID() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return "vol_" + String((0..<16).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
