/// An application: the name that everything of it hangs on.
package struct App: Codable, Equatable, Sendable {
    package var name: String
    package var createdAt: Timestamp
    /// Who made it, `user@host`.
    package var owner: String
    /// Host names beside `<name>.<domain>` that the edge routes to it.
    package var hostnames: [String]
    /// The version of the release that runs; nil before the first one is complete.
    package var currentRelease: Int?
    /// Set while the app is on its way out, so that a restart finishes the job.
    package var destroying: Bool
    /// Set for a throw-away beside another app.
    package var tryout: Tryout?

    package init(name: String, createdAt: Timestamp, owner: String) {
        self.name = name
        self.createdAt = createdAt
        self.owner = owner
        hostnames = []
        destroying = false
    }

    /// What is left to do about an app that goes.
    package static let untilDestroyed = "wait until `roost apps list` no longer shows it, then deploy again"

    /// Refuses what can't be one label of DNS.
    ///
    /// > Source: RFC 1035 section 2.3.1 and RFC 1123 section 2.1.
    package static func validate(name: String) throws(Fault) {
        let allowed = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard allowed, (1...63).contains(name.utf8.count), !name.hasPrefix("-"), !name.hasSuffix("-") else {
            throw Fault(
                .invalidConfig,
                "\"\(name)\" can't be an app's name",
                hint: "1 to 63 lower-case letters, digits and dashes, no dash at either end: my-app"
            )
        }
    }
}
