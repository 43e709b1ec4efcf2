/// The hosts that a person works with, by names of their own.
package struct HostContexts: Equatable, Sendable {
    /// The one that is meant where nothing else is said; nil is this machine.
    package var current: String?
    package var hosts: [String: Known]

    /// What is needed to reach one.
    package struct Known: Equatable, Sendable {
        /// A ``HostAddress`` as it is written.
        package var address: String
        /// What opens its API.
        package var token: String?
        /// Its own authority's certificate in PEM; nil believes those that this machine believes.
        package var authority: String?

        package init(address: String, token: String? = nil, authority: String? = nil) {
            self.address = address
            self.token = token
            self.authority = authority
        }
    }

    /// What a command goes to.
    package struct Choice: Equatable, Sendable {
        package var address: HostAddress
        package var token: String?
        package var authority: String?
        /// What says so, for messages: `ROOST_HOST`, `context prod`.
        package var reason: String
        /// The name of the context that it is.
        package var context: String?
    }

    /// The word for this machine, which no context may have as its name.
    package static let local = "local"

    package init(current: String? = nil, hosts: [String: Known] = [:]) {
        self.current = current
        self.hosts = hosts
    }

    /// Which host a command goes to: what the environment says, else the context in use, else this machine.
    ///
    /// - Throws: ``Fault`` `invalidRequest` for an address that is none and a name that no context has.
    package func choose(_ environment: [String: String]) throws(Fault) -> Choice {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        let token = value("FLY_ACCESS_TOKEN", "FLY_API_TOKEN")
        if let host = value("ROOST_HOST") {
            guard host.contains("/") else { return try choose(host, token, "ROOST_HOST") }
            return Choice(address: try HostAddress(host), token: token, reason: "ROOST_HOST")
        }
        if let run = value("ROOST_RUN") { return Choice(address: .socket("\(run)/api.sock"), reason: "ROOST_RUN") }
        for name in ["FLY_FLAPS_BASE_URL", "FLY_API_HOSTNAME"] {
            guard let host = value(name) else { continue }
            let url = host.contains("://") ? host : "https://\(host)"
            return Choice(address: try HostAddress(url), token: token, reason: name)
        }
        if let current { return try choose(current, token, "the context in use") }
        return Choice(address: .socket("\(HostAddress.usualRun)/api.sock"), reason: "this machine")
    }

    /// Refuses what can't be the name of a context.
    package static func validate(name: String) throws(Fault) {
        let letters = name.utf8.allSatisfy {
            (97...122).contains($0 | 0x20) || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
        }
        guard letters, (1...63).contains(name.utf8.count), name != local, !name.hasPrefix("-"), !name.hasPrefix(".")
        else {
            throw Fault(
                .invalidRequest,
                "\"\(name)\" can't be the name of a context",
                hint: "letters, digits, dots, dashes; \(local) is this machine"
            )
        }
    }

    // MARK: - Private

    private func choose(_ name: String, _ token: String?, _ reason: String) throws(Fault) -> Choice {
        if name == Self.local { return Choice(address: .socket("\(HostAddress.usualRun)/api.sock"), reason: reason) }
        guard let known = hosts[name] else {
            let names = ([Self.local] + hosts.keys.sorted()).joined(separator: ", ")
            throw Fault(
                .invalidRequest,
                "\(reason) names the context \"\(name)\", and there is none of that name",
                hint: "there are: \(names); roost context add makes one"
            )
        }
        return Choice(
            address: try HostAddress(known.address),
            token: token ?? known.token,
            authority: known.authority,
            reason: "context \(name)",
            context: name
        )
    }
}

extension HostContexts: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: HostContexts { HostContexts() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("current", &current)
        try form.field("hosts", &hosts)
    }
}

extension HostContexts.Known: KeyedForm {
    package static var blank: Self { Self(address: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("address", &address)
        try form.field("token", &token)
        try form.field("authority", &authority)
    }
}
