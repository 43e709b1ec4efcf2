/// Files of a Machine's image that the edge answers with by itself: one of `[[statics]]`.
package struct StaticFiles: Equatable, Sendable {
    /// A folder of the image: absolute, not `/` itself, without a slash at its end.
    package private(set) var guestPath: String
    /// Paths of requests below it are looked for in that folder: without a slash at its end; empty is all paths.
    package private(set) var urlPrefix: String

    /// Nil when the folder can't be one of an image, or the prefix none of a path.
    package init?(guestPath: String, urlPrefix: String) {
        let folders = guestPath.split(separator: "/", omittingEmptySubsequences: true)
        guard guestPath.hasPrefix("/"), !folders.isEmpty, Self.arePlain(folders) else { return nil }
        let parts = urlPrefix.split(separator: "/", omittingEmptySubsequences: true)
        guard Self.arePlain(parts), !urlPrefix.contains(where: { "?#".contains($0) }) else { return nil }
        self.guestPath = folders.map { "/\($0)" }.joined()
        self.urlPrefix = parts.map { "/\($0)" }.joined()
    }

    /// The extended attribute of a laid-out file that holds a digest of its content.
    package static let digestAttribute = "user.roost.sha256"

    /// The folder of an image's digest (`sha256:…`) below which its files stand, relative to that of all images.
    package static func folder(of digest: String) -> String {
        String(digest.drop { $0 != ":" }.dropFirst())
    }

    private static func arePlain(_ parts: [Substring]) -> Bool {
        parts.allSatisfy { $0 != "." && $0 != ".." && !$0.contains("\0") }
    }
}

extension StaticFiles: KeyedForm {
    package static var blank: StaticFiles { StaticFiles() }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("guest_path", &guestPath)
        try form.need("url_prefix", &urlPrefix)
    }

    private init() {
        guestPath = ""
        urlPrefix = ""
    }
}

/// Where an edge looks for the files of a prefix.
package struct StaticShelf: Equatable, Sendable {
    /// As ``StaticFiles/urlPrefix``.
    package var prefix: String
    /// Folders below that of all images' files, to be tried in this order: while two releases serve, pages of either find
    /// their files.
    package var folders: [String]

    package init(prefix: String, folders: [String]) {
        self.prefix = prefix
        self.folders = folders
    }

    /// As many as Fly takes of an app; each costs every request a look.
    private static let most = 10

    /// The shelves of an app, the longest prefix first; nil when no Machine has any.
    package static func all(of machines: [Machine]) -> [StaticShelf]? {
        // What is not proven yet may never go live: its files come last.
        let order = machines.sorted { one, other in
            let (good, alsoGood) = (one.status.proven, other.status.proven)
            guard good == alsoGood else { return good }
            return (other.spec.release, one.id) < (one.spec.release, other.id)
        }
        var shelves: [StaticShelf] = []
        for machine in order {
            let root = StaticFiles.folder(of: machine.spec.config.imageDigest)
            for files in machine.spec.config.statics ?? [] where !root.isEmpty {
                let folder = root + files.guestPath
                if let index = shelves.firstIndex(where: { $0.prefix == files.urlPrefix }) {
                    // As on Fly, the first of several mappings of a prefix counts.
                    let isOther = !shelves[index].folders.contains { $0.hasPrefix("\(root)/") }
                    if isOther { shelves[index].folders.append(folder) }
                } else if shelves.count < most {
                    shelves.append(StaticShelf(prefix: files.urlPrefix, folders: [folder]))
                }
            }
        }
        guard !shelves.isEmpty else { return nil }
        return shelves.sorted { ($1.prefix.utf8.count, $0.prefix) < ($0.prefix.utf8.count, $1.prefix) }
    }
}

extension StaticShelf: KeyedForm {
    package static var blank: StaticShelf { StaticShelf(prefix: "", folders: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("prefix", &prefix)
        try form.field("folders", &folders)
    }
}
