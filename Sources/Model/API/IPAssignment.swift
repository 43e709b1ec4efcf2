/// An address at which an app answers, in Fly's form with two keys of Roost's own.
///
/// > Source: `machines-api`, section 14.
package struct IPAssignment: Equatable, Sendable {
    package var ip: String
    package var region: String
    package var serviceName: String
    /// Other apps have it too: it is the host's.
    package var shared: Bool
    package var createdAt: String
    /// Fly's word: `v4`, `v6`, `shared_v4` or `private_v6`.
    package var type: String
    /// The private network that it is for; nil for all others.
    package var network: String?

    package init(ip: String, type: Kind, createdAt: Timestamp, network: String? = nil) {
        self.ip = ip
        region = "global"
        serviceName = ""
        shared = type != .privateV6
        self.createdAt = createdAt.rfc3339
        self.type = type.rawValue
        self.network = network
    }

    /// What an app may ask for.
    package enum Kind: String, CaseIterable, Sendable {
        case v4
        case v6
        case sharedV4 = "shared_v4"
        case privateV6 = "private_v6"

        /// - Throws: ``Fault`` `invalidRequest` for another word, and for none.
        package static func read(_ word: String?) throws(Fault) -> Kind {
            guard let kind = word.flatMap({ Kind(rawValue: $0) }) else {
                throw Fault(
                    .invalidRequest,
                    "type is \(word.map { "\"\($0)\"" } ?? "missing")",
                    hint: "one of: \(allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            return kind
        }
    }

    package var isPrivate: Bool { type == Kind.privateV6.rawValue }
    package var isIPv6: Bool { ip.contains(":") }

    /// What flyctl calls it.
    package var words: String {
        guard isPrivate else { return shared ? "public ingress (shared)" : "public ingress (dedicated)" }
        let isUsual = network == nil || network == AppNetwork.default.name
        return isUsual ? "private ingress" : "private ingress (\(network ?? ""))"
    }
}

extension IPAssignment: KeyedForm {
    package static var blank: IPAssignment {
        IPAssignment(ip: "", type: .v4, createdAt: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("ip", &ip)
        try form.field("region", &region)
        try form.field("service_name", &serviceName)
        try form.field("shared", &shared)
        try form.field("created_at", &createdAt)
        try form.field("type", &type)
        try form.field("network", &network)
    }
}

/// What `GET …/ip_assignments` answers.
package struct IPAssignments: Codable, Sendable {
    package var ips: [IPAssignment]

    package init(ips: [IPAssignment]) {
        self.ips = ips
    }
}

/// The addresses at which a host's edge is reached, one of each family at most.
package struct HostAddresses: Equatable, Sendable {
    package var ipv4: String?
    package var ipv6: String?

    package init(ipv4: String? = nil, ipv6: String? = nil) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    /// The addresses for what an edge listens on.
    ///
    /// - Parameters:
    ///   - listen: addresses without ports; `0.0.0.0` and `::` are all of a family.
    ///   - own: the host's own address of a family, by which others reach it; nil where it has none.
    package init(listen: [String], own: (_ isIPv6: Bool) -> String?) {
        func pick(_ isIPv6: Bool) -> String? {
            let all = listen.filter { $0.contains(":") == isIPv6 }
            let wildcard = isIPv6 ? "::" : "0.0.0.0"
            // One that others reach goes before the host's own loopback.
            let named = all.filter { $0 != wildcard }.sorted { !Self.isLoopback($0) && Self.isLoopback($1) }
            if all.contains(wildcard), named.allSatisfy(Self.isLoopback) { return own(isIPv6) ?? wildcard }
            return named.first
        }
        self.init(ipv4: pick(false), ipv6: pick(true))
    }

    /// By which families the host is reached.
    package var reach: PublicReach { PublicReach(ipv4: ipv4 != nil, ipv6: ipv6 != nil) }

    private static func isLoopback(_ text: String) -> Bool { text == "::1" || text.hasPrefix("127.") }
}
