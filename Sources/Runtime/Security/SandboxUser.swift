import Model

/// Who a sandbox's process is, in numbers.
struct SandboxUser: Equatable {
    var uid: UInt32
    var gid: UInt32
    var groups: [UInt32]
    var home: String

    /// Finds `uid`, `uid:gid`, `name` or `name:group`; empty is root.
    ///
    /// `passwd` and `group` are the texts of the image's files in `/etc`, if it has them. A name that is in neither is a
    /// ``Fault`` `invalidConfig`.
    static func resolve(_ text: String, passwd: String?, group: String?) throws(Fault) -> SandboxUser {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let wanted = parts.first ?? "0"
        let users = records(passwd)
        let groups = records(group)
        let entry = users.first { $0.count > 3 && ($0[0] == wanted || $0[2] == wanted) }
        guard let uid = UInt32(wanted) ?? entry.flatMap({ UInt32($0[2]) }) else {
            throw Fault(
                .invalidConfig,
                "the image has no user '\(wanted)'",
                hint: "create it in the Dockerfile, or name a number in USER"
            )
        }
        var gid = entry.flatMap { UInt32($0[3]) } ?? 0
        if parts.count == 2 {
            let found = groups.first { $0.count > 2 && $0[0] == parts[1] }
            guard let number = UInt32(parts[1]) ?? found.flatMap({ UInt32($0[2]) }) else {
                throw Fault(
                    .invalidConfig,
                    "the image has no group '\(parts[1])'",
                    hint: "create it in the Dockerfile, or name a number in USER"
                )
            }
            gid = number
        }
        return SandboxUser(
            uid: uid,
            gid: gid,
            groups: supplementary(of: entry?[0], in: groups, except: gid),
            home: entry.flatMap { $0.count > 5 && !$0[5].isEmpty ? $0[5] : nil } ?? (uid == 0 ? "/root" : "/")
        )
    }

    // MARK: - Private

    private static func records(_ text: String?) -> [[String]] {
        (text ?? "").split(separator: "\n").map { line in
            line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func supplementary(of name: String?, in groups: [[String]], except gid: UInt32) -> [UInt32] {
        guard let name else { return [] }
        return groups.compactMap { record in
            guard record.count > 3, let number = UInt32(record[2]), number != gid else { return nil }
            return record[3].split(separator: ",").contains { $0 == name } ? number : nil
        }
    }
}
