import Model

/// What a lock file says is to be installed, in the form of requirements that uv takes.
///
/// Each package is pinned and, where the lock has hashes, verified; nothing else is installed beside them.
struct LockedPackages: Equatable, Sendable {
    /// One package as a lock has it.
    struct Package: Equatable, Sendable {
        var name: String
        var version: String
        /// `sha256:…`, of each of its files.
        var hashes: [String] = []
        var source = Source.index
    }

    /// Where a package comes from.
    enum Source: Equatable, Sendable {
        case index
        /// A reference that pip knows: `git+https://host/repo.git@commit#subdirectory=core`, or an address of a file.
        case address(String)
        /// A folder of the project, relative to what was scanned.
        case folder(String)
        /// A wheel or an archive of the project.
        case file(String)
    }

    var packages: [Package] = []
    /// Names that packages of the lock need and that it does not have.
    var missing: Set<String> = []
    /// Indexes beside the usual one.
    var indexes: [String] = []
    /// The index that takes the usual one's place.
    var defaultIndex: String?

    /// Lines for `uv pip install --no-deps -r`.
    var list: String {
        packages.map(Self.line).sorted().joined(separator: "\n") + "\n"
    }

    /// Folders and files of the project that are installed from.
    var locals: [String] {
        packages.compactMap { package in
            switch package.source {
            case .folder(let path), .file(let path): path
            case .index, .address: nil
            }
        }
    }

    /// Options that say where packages are looked for.
    ///
    /// Versions are pinned, so an index that has a package but not this version does not end the search.
    var options: [String] {
        var words = defaultIndex.map { ["--default-index", $0] } ?? []
        words += indexes.flatMap { ["--index", $0] }
        return indexes.isEmpty && defaultIndex == nil ? [] : words + ["--index-strategy", "unsafe-best-match"]
    }

    /// Takes in an index, once, when its address is one.
    mutating func add(index: String) {
        let isAddress = index.hasPrefix("https://") || index.hasPrefix("http://")
        guard isAddress, index.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else { return }
        guard !["https://pypi.org/simple", "https://pypi.org/simple/"].contains(index) else { return }
        if !indexes.contains(index), indexes.count < 20 { indexes.append(index) }
    }

    // MARK: - Private

    private static func line(_ package: Package) -> String {
        switch package.source {
        case .index:
            let hashes = package.hashes.map { " --hash=\($0)" }.joined()
            return "\(package.name)==\(package.version)\(hashes)"
        case .address(let address): return "\(package.name) @ \(address)"
        case .folder(let path): return "-e \(PythonBuild.home)/\(path)"
        case .file(let path): return "\(package.name) @ file://\(PythonBuild.home)/\(path)"
        }
    }
}

extension LockedPackages {
    /// What is wanted of a lock.
    struct Choice: Sendable {
        /// Beside the main ones.
        var groups: Set<String> = []
        var extras: Set<String> = []
        /// Of Python 3.
        var minor: Int
        /// The lock's folder, relative to what was scanned.
        var folder = ""

        var environment: Marker.Environment {
            Marker.Environment(minor: minor, extras: Set(extras.map { Requirement.normalised($0) }))
        }

        /// A path that a lock names.
        func path(_ text: String) -> String { TreePath.joined(folder, text) }
    }

    /// A name and a version that can stand in a line of requirements.
    static func isPlain(_ name: String, _ version: String) -> Bool {
        Requirement.isGroupName(name) && !version.isEmpty
            && version.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || ".+!-_".unicodeScalars.contains($0))
            }
    }

    /// `sha256:…` with nothing but hexadecimal digits.
    static func isHash(_ text: String) -> Bool {
        text.wholeMatch(of: /(sha256|sha384|sha512):[0-9a-f]{64,128}/) != nil
    }

    /// A reference in one word, as pip takes it; nil for what can't stand in a line.
    static func address(_ base: String, reference: String?, subdirectory: String?) -> String? {
        var text = base
        if let reference, !reference.isEmpty { text += "@\(reference)" }
        if let subdirectory, !subdirectory.isEmpty { text += "#subdirectory=\(subdirectory)" }
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else { return nil }
        return text
    }

    /// `git+https://host/repo.git` of any way in which tools write it; the short form of ssh becomes a whole one.
    static func git(_ address: String) -> String {
        if address.hasPrefix("git+") { return address }
        if !address.contains("://"), let colon = address.firstIndex(of: ":"), address.contains("@") {
            return "git+ssh://\(address[..<colon])/\(address[address.index(after: colon)...])"
        }
        return "git+\(address)"
    }
}
