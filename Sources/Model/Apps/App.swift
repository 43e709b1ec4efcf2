/// An application: the name that everything of it hangs on.
package struct App: Equatable, Sendable {
    package var name: String
    package var createdAt: Timestamp
    /// Who made it, `user@host`.
    package var owner: String
    /// Host names beside `<name>.<domain>` that the edge routes to it.
    ///
    /// As the configuration of the release has them.
    package var hostnames: [String]
    /// Host names that were added with their certificates, whatever the configuration says.
    package var addedHostnames: [String]?
    /// The version of the release that runs; nil before the first one is complete.
    package var currentRelease: Int?
    /// Set while the app is on its way out, so that a restart finishes the job.
    package var destroying: Bool
    /// Set for a throw-away beside another app.
    package var tryout: Tryout?
    /// What the edge does with its requests, when somebody has said so; nil is to pass them on.
    package var traffic: Traffic?

    /// What the edge does with the requests of an app that is not to get any.
    package enum Traffic: OpenWord {
        /// Answers each with 503 and a page.
        case maintenance
        /// Keeps them for a while, until the app is to get them again.
        case paused
        case unknown(String)

        package static let allCases: [Self] = [.maintenance, .paused]

        package var rawValue: String {
            switch self {
            case .maintenance: "maintenance"
            case .paused: "paused"
            case .unknown(let word): word
            }
        }

        /// The word for no such wish.
        package static let open = "open"

        /// What a person asks for; nil is to pass requests on.
        ///
        /// - Throws: ``Fault`` `invalidRequest` for another word.
        package static func read(_ word: String?) throws(Fault) -> Traffic? {
            if word == open { return nil }
            guard let known = allCases.first(where: { $0.rawValue == word }) else {
                throw Fault(
                    .invalidRequest,
                    "traffic is \(word.map { "\"\($0)\"" } ?? "missing")",
                    hint: "one of: \(([open] + allCases.map(\.rawValue)).joined(separator: ", "))"
                )
            }
            return known
        }
    }
    /// The private network that it was made in; nil is the one that all share.
    package var ownNetwork: AppNetwork?
    /// How it is reached from outside, where something of it was closed; nil is by all that its host has.
    package var ownReach: PublicReach?
    /// Its addresses for callers of private networks, one for each network at most.
    package var privateAddresses: [PrivateAddress]?

    package init(name: String, createdAt: Timestamp, owner: String) {
        self.name = name
        self.createdAt = createdAt
        self.owner = owner
        hostnames = []
        destroying = false
    }

    /// All names beside `<name>.<domain>` that lead to it, each once.
    package var allHostnames: [String] {
        hostnames + (addedHostnames ?? []).filter { !hostnames.contains($0) }
    }

    /// The private network that its Machines are in.
    package var network: AppNetwork { ownNetwork ?? .default }

    /// How it is reached from outside.
    package var reach: PublicReach {
        get { ownReach ?? PublicReach() }
        set { ownReach = newValue == PublicReach() ? nil : newValue }
    }

    /// Host names by which clients outside find it, `<name>.<domain>` the first; none for an app that is closed to them.
    package func publicNames(domain: String) -> [String] {
        reach.isClosed ? [] : ["\(name).\(domain)"] + allHostnames
    }

    /// The URL by which it is called: from outside, where `url` makes it of the name, or else from its private network; nil
    /// where nobody can.
    package func place(public url: (String) -> String) -> String? {
        if !reach.isClosed { return url(name) }
        return (privateAddresses ?? []).isEmpty ? nil : "http://\(PrivateAddress.name(of: name))"
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
