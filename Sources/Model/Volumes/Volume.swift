/// A folder that outlives its Machine: one host, one app, one Machine at a time.
package struct Volume: Codable, Equatable, Sendable {
    /// `vol_` and 16 lower-case letters or digits.
    package var id: String
    package var name: String
    package var app: String
    package var region: String
    package var host: String
    package var sizeGB: Int
    package var createdAt: Timestamp
    package var attachedTo: Machine.ID?

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
