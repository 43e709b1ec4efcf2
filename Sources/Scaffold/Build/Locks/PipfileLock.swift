import Model

/// Reads a `Pipfile.lock`.
///
/// > Source: pipenv.pypa.io, "Pipfile & Pipfile.lock"; a category other than `packages` has its own section.
enum PipfileLock {
    /// What the lock says is to be installed; nil for what is no lock of pipenv's.
    static func read(_ root: ConfigNode, _ choice: LockedPackages.Choice) -> LockedPackages? {
        guard root["default"] != nil, root["_meta"] != nil else { return nil }
        var result = LockedPackages()
        for source in root.at("_meta", "sources")?.items ?? [] {
            if let url = source["url"]?.string { result.add(index: url) }
        }
        // The first source is the index; a mirror in its place counts as such.
        if let first = root.at("_meta", "sources")?.items.first?["url"]?.string, result.indexes.first == first {
            result.indexes.removeFirst()
            result.defaultIndex = first
        }
        var seen: Set<String> = []
        for section in ["default"] + choice.groups.sorted() {
            for entry in root[section]?.entries ?? [] {
                let name = Requirement.normalised(entry.key)
                guard Requirement.isGroupName(name),
                    Marker.holds(entry.node["markers"]?.string, in: choice.environment),
                    seen.insert(name).inserted, let package = package(name, entry.node, choice)
                else { continue }
                result.packages.append(package)
            }
        }
        return result
    }

    // MARK: - Private

    private static func package(
        _ name: String,
        _ node: ConfigNode,
        _ choice: LockedPackages.Choice
    ) -> LockedPackages.Package? {
        if let git = node["git"]?.string {
            let reference = node["ref"]?.string
            let subdirectory = node["subdirectory"]?.string
            return LockedPackages.address(LockedPackages.git(git), reference: reference, subdirectory: subdirectory)
                .map { .init(name: name, version: "", source: .address($0)) }
        }
        if let url = node["file"]?.string, url.contains("://") {
            return LockedPackages.address(url, reference: nil, subdirectory: nil)
                .map { .init(name: name, version: "", source: .address($0)) }
        }
        if let path = node["path"]?.string ?? node["file"]?.string {
            let isFile = [".whl", ".gz", ".zip"].contains { path.hasSuffix($0) }
            let place = choice.path(path)
            return .init(name: name, version: "", source: isFile ? .file(place) : .folder(place))
        }
        guard let version = node["version"]?.string, version.hasPrefix("=="),
            LockedPackages.isPlain(name, String(version.dropFirst(2)))
        else { return nil }
        let hashes = (node["hashes"]?.items ?? []).compactMap(\.string)
        return .init(
            name: name,
            version: String(version.dropFirst(2)),
            hashes: hashes.allSatisfy(LockedPackages.isHash) ? hashes : []
        )
    }
}
