/// A host name and the app that answers to it.
package struct OwnedName: Hashable, Sendable {
    package var hostname: String
    package var app: String

    package init(hostname: String, app: String) {
        self.hostname = hostname
        self.app = app
    }
}

/// What is to be done about certificates: names in, steps out.
package struct CertificatePlan: Equatable, Sendable {
    /// One thing to do.
    package enum Step: Equatable, Sendable {
        /// Ask the authority.
        case order(OwnedName)
        /// Sign by this host's own authority.
        case issueLocally(OwnedName)
    }

    package private(set) var steps: [Step] = []
    /// When there is something to do next, if nothing else happens.
    package private(set) var next: Timestamp?

    /// Plans for the names that apps own now; a name that nobody owns is never ordered, whoever asks for it.
    ///
    /// - Parameters:
    ///   - owned: all names that apps answer to.
    ///   - records: what there is of certificates.
    ///   - hasAuthority: whether the host is set up with one that issues by ACME.
    ///   - now: by the host's wall clock.
    package init(owned: [OwnedName], records: [String: HostCertificate], hasAuthority: Bool, at now: Timestamp) {
        for name in owned {
            let record = records[name.hostname]
            if HostName.isLocal(name.hostname) {
                let due = record?.local.map { $0.renewal(of: name.hostname) }
                decide(.issueLocally(name), at: due, now)
                continue
            }
            guard hasAuthority, !name.hostname.hasPrefix("*."), record?.acme ?? true else { continue }
            // A certificate for all names of the domain does for each; what was asked for by name is had by name.
            if record == nil, Self.isCovered(name.hostname, records, now) { continue }
            let renewal = record?.issued.map { $0.renewal(of: name.hostname) }
            let after = record?.trouble?.nextTry
            decide(.order(name), at: [renewal, after].compactMap(\.self).max(), now)
        }
    }

    // MARK: - Private

    private mutating func decide(_ step: Step, at due: Timestamp?, _ now: Timestamp) {
        guard let due, due > now else { return steps.append(step) }
        next = min(next ?? due, due)
    }

    private static func isCovered(_ name: String, _ records: [String: HostCertificate], _ now: Timestamp) -> Bool {
        guard let wildcard = HostName.wildcard(over: name) else { return false }
        return records[wildcard]?.presented(at: now)?.isValid(at: now) ?? false
    }
}
