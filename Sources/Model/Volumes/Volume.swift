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
    package static func newID() -> String { id(from: (0..<32).map { _ in UInt8.random(in: 0...255) }) }

    /// The ID that two bytes for each of its 16 characters choose; always the same one.
    package static func id(from bytes: [UInt8]) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        precondition(bytes.count >= 32, "an ID takes 32 bytes")
        let numbers = (0..<16).map { Int(bytes[$0 * 2]) << 8 | Int(bytes[$0 * 2 + 1]) }
        return "vol_" + String(numbers.map { alphabet[$0 % alphabet.count] })
    }
}
