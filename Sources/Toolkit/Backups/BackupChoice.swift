package import Model

/// The snapshot that a person means.
package enum BackupChoice {
    /// Picks one.
    ///
    /// - Parameters:
    ///   - name: its first digits; nil: the newest.
    ///   - host: whose it has to be; nil: of whichever, as long as there is but one.
    ///   - all: newest first.
    /// - Returns: the one.
    /// - Throws: ``Fault`` `notFound`, or `invalidRequest` where it is not clear which.
    package static func pick(
        _ name: String?,
        of host: String?,
        in all: [ResticOutput.Snapshot]
    ) throws(Fault) -> ResticOutput.Snapshot {
        let hint = "roost backup list shows those there are"
        if let name {
            let found = all.filter { $0.id.hasPrefix(name.lowercased()) }
            guard let first = found.first, found.count == 1, name.count >= 4 else {
                let what = found.count > 1 ? "more than one backup's name begins with" : "there is no backup"
                throw Fault(.notFound, "\(what) \(name)", hint: hint)
            }
            return first
        }
        let hosts = Set(all.map(\.host)).sorted()
        guard host != nil || hosts.count < 2 else {
            throw Fault(
                .invalidRequest,
                "the repository has backups of \(hosts.count) hosts: \(hosts.joined(separator: ", "))",
                hint: "say which: --from HOST, or --backup ID"
            )
        }
        guard let newest = all.first(where: { host == nil || $0.host == host }) else {
            throw Fault(.notFound, "there is no backup\(host.map { " of \($0)" } ?? "") in the repository", hint: hint)
        }
        return newest
    }
}
