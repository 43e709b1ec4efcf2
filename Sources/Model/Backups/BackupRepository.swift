/// Where backups go, as restic names it: a folder, or a bucket.
package struct BackupRepository: Equatable, Sendable {
    /// `/mnt/backup`, `s3:https://s3.example.com/bucket/folder`.
    package let address: String

    /// Whether it is in a bucket, for which the host needs keys.
    package var isRemote: Bool { address.hasPrefix("s3:") }

    /// - Throws: ``Fault`` `invalidRequest` that says what an address looks like.
    package init(_ text: String) throws(Fault) {
        func wrong(_ what: String, _ hint: String) -> Fault { Fault(.invalidRequest, what, hint: hint) }
        let forms = "a folder on another disk, as /mnt/backup, or a bucket, as s3:https://s3.example.com/bucket/roost"
        guard !text.unicodeScalars.contains(where: { $0.value < 33 || $0.value == 127 }) else {
            throw wrong("the repository's address has a blank or a control character in it", forms)
        }
        if text.hasPrefix("s3:") {
            let rest = text.dropFirst(3)
            guard !rest.contains("@") else {
                throw wrong(
                    "the repository's address has an @ in it: keys do not belong there",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for this command; they are kept for root alone"
                )
            }
            let path = rest.replacing("https://", with: "").replacing("http://", with: "").split(separator: "/")
            guard path.count >= 2 else { throw wrong("\(text) names no bucket", forms) }
            address = text
            return
        }
        guard text.hasPrefix("/"), text.count > 1 else { throw wrong("\"\(text)\" is no place for backups", forms) }
        guard !text.split(separator: "/").contains("..") else { throw wrong("\(text) leads upwards", forms) }
        var path = text
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        address = path
    }

    /// Whether it would lie in a folder that it is to outlive.
    package func isBelow(_ folder: String) -> Bool {
        !isRemote && (address == folder || address.hasPrefix("\(folder)/"))
    }
}
