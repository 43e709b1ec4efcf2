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
        guard files.count <= Self.maximumFiles else {
            throw Fault(
                .tooLarge,
                "the project has \(files.count) files; at most \(Self.maximumFiles) are taken",
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
        for file in files {
            if let parent = Self.folders(above: file.path).first(where: { paths.contains($0) }) {
                throw Self.fault(file.path, "lies below \(parent), which is not a folder")
            }
        }
        let links = Dictionary(files.compactMap { file in file.target.map { (file.path, $0) } }) { first, _ in first }
        for path in links.keys where Self.leadsOut(path, links) {
            throw Self.fault(path, "is a link that leads out of the folder by way of another link")
        }
    }

    /// Whether a link's target, read from where the link is, stays within the folder.
    package static func staysInside(_ target: String, from path: String) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/") else { return false }
        var depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        for part in target.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return true
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

extension SourceManifest.Entry {
    fileprivate func check() throws(Fault) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.count <= SourceManifest.maximumPath, parts.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw SourceManifest.fault(path, "is too long")
        }
        guard !path.utf8.contains(0), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw SourceManifest.fault(path, "is not a plain path within a folder")
        }
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
            guard let target, target.utf8.count <= SourceManifest.maximumPath, !target.utf8.contains(0),
                SourceManifest.staysInside(target, from: path), size == 0, sha256.isEmpty
            else { throw SourceManifest.fault(path, "is a link that leads out of the folder") }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
