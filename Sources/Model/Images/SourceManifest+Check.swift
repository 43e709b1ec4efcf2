extension SourceManifest {
    /// The most files of one project.
    package static let maximumFiles = 100_000

    /// The longest path, in bytes.
    package static let maximumPath = 1024

    /// The most bytes of all files of one project together.
    package static let maximumBytes: Int64 = 8 << 30

    private static let leaveOut =
        "name in .dockerignore what the app does not need, for example node_modules, .venv or data"

    /// Refuses what could lead out of a folder, or in two ways to one place, once it is written to disk.
    ///
    /// - Throws: ``Fault`` `tooLarge`, or `invalidRequest` naming the path.
    package func check() throws(Fault) {
        let count = files.count + folders.count
        guard count <= Self.maximumFiles else {
            throw Fault(
                .tooLarge,
                "the project has \(count) files; at most \(Self.maximumFiles) are taken",
                hint: Self.leaveOut
            )
        }
        var total: Int64 = 0
        var paths = Set<String>(minimumCapacity: files.count)
        for file in files {
            try file.check()
            // Each is below the maximum, and there are few enough of them: no overflow.
            total += file.size
            guard paths.insert(file.path).inserted else { throw Self.fault(file.path, "is there twice") }
        }
        guard total <= Self.maximumBytes else {
            throw Fault(
                .tooLarge,
                "the project's files have \(total >> 20) MiB; at most \(Self.maximumBytes >> 20) MiB are taken",
                hint: Self.leaveOut
            )
        }
        for folder in folders {
            try Self.check(path: folder)
            guard paths.insert(folder).inserted else { throw Self.fault(folder, "is there twice") }
        }
        // So nothing is ever written through a link, wherever it leads: whoever unpacks begins with an empty folder.
        for path in files.map(\.path) + folders {
            if let parent = Self.folders(above: path).first(where: { paths.contains($0) }) {
                throw Self.fault(path, "lies below \(parent), which is not an empty folder")
            }
        }
    }

    /// The first part of a path that is a link out of the folder, for whoever has to follow the path on the host.
    ///
    /// - Parameter path: relative to the folder; `.` and `..` in it are followed as they stand.
    /// - Returns: that part's path; nil when the whole path stays within the folder.
    package func linkOut(on path: String) -> String? {
        let links = Dictionary(files.compactMap { file in file.target.map { (file.path, $0) } }) { first, _ in first }
        var place = ""
        for part in path.split(separator: "/") {
            place += place.isEmpty ? String(part) : "/\(part)"
            if Self.leadsOut(place, links) { return place }
        }
        return nil
    }

    // MARK: - Private

    /// `a` and `a/b` for `a/b/c`.
    private static func folders(above path: String) -> [String] {
        path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
    }

    /// Follows a link as the kernel does, through other links too: `..` after one means the folder above its target.
    private static func leadsOut(_ link: String, _ links: [String: String]) -> Bool {
        var place = link.split(separator: "/")
        var waiting: [Substring] = []
        var followed = 0
        while true {
            if let target = links[place.joined(separator: "/")] {
                followed += 1
                // After 40 the kernel gives up, and so leads nowhere.
                guard followed <= 40 else { return false }
                guard !target.hasPrefix("/") else { return true }
                place.removeLast()
                waiting += target.split(separator: "/").reversed()
            }
            guard let part = waiting.popLast() else { return false }
            if part == "." { continue }
            if part != ".." {
                place.append(part)
            } else if place.popLast() == nil {
                return true
            }
        }
    }

    fileprivate static func fault(_ path: String, _ what: String) -> Fault {
        Fault(.invalidRequest, "the path \(ConfigNode.quoted(path)) of the project \(what)")
    }
}

extension SourceManifest {
    fileprivate static func check(path: String) throws(Fault) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.count <= maximumPath, parts.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw fault(path, "is too long")
        }
        guard !path.utf8.contains(0), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw fault(path, "is not a plain path within a folder")
        }
    }
}

extension SourceManifest.Entry {
    fileprivate func check() throws(Fault) {
        try SourceManifest.check(path: path)
        guard mode <= 0o777 else { throw SourceManifest.fault(path, "has the mode \(String(mode, radix: 8))") }
        switch kind {
        case .file:
            guard sha256.utf8.count == 64, sha256.utf8.allSatisfy(Self.isHexDigit), target == nil else {
                throw SourceManifest.fault(path, "has no SHA-256")
            }
            guard size >= 0, size <= SourceManifest.maximumBytes else {
                throw SourceManifest.fault(path, "has the size \(size)")
            }
        case .symlink:
            guard let target, !target.isEmpty, target.utf8.count <= SourceManifest.maximumPath,
                !target.utf8.contains(0), size == 0, sha256.isEmpty
            else { throw SourceManifest.fault(path, "is a link that leads nowhere") }
        case .unknown(let word): throw SourceManifest.fault(path, "is a \(word), which this version can't take")
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
