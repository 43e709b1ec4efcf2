import Model

/// Reads a `pdm.lock`.
///
/// > Source: pdm-project.org, "Lock file" (`lock_version` 4): groups and conditions stand with each package.
enum PDMLock {
    /// What the lock says is to be installed; nil for what is no lock of pdm's.
    static func read(_ root: ConfigNode, _ choice: LockedPackages.Choice) -> LockedPackages? {
        guard root["package"] != nil else { return nil }
        let groups = choice.groups.union(choice.extras).union(["default"])
        var result = LockedPackages()
        var seen: Set<String> = []
        for node in root["package"]?.items ?? [] {
            guard let written = node["name"]?.string, let version = node["version"]?.string else { continue }
            let own = node["groups"]?.items.compactMap(\.string)
            // A lock without groups has one for all.
            guard own.map({ !groups.isDisjoint(with: $0) }) ?? true,
                Marker.holds(node["marker"]?.string, in: choice.environment), fits(node, choice.minor)
            else { continue }
            let name = Requirement.normalised(written)
            // With extras a package stands there once more: what they bring has entries of its own.
            guard LockedPackages.isPlain(name, version), seen.insert("\(name) \(version)").inserted else { continue }
            guard let package = package(name, version, node, choice) else { continue }
            result.packages.append(package)
        }
        return result
    }

    // MARK: - Private

    private static func fits(_ node: ConfigNode, _ minor: Int) -> Bool {
        guard let text = node["requires_python"]?.string else { return true }
        return PythonRange(text, syntax: .pep440)?.allowsAny(of: minor) ?? true
    }

    private static func package(
        _ name: String,
        _ version: String,
        _ node: ConfigNode,
        _ choice: LockedPackages.Choice
    ) -> LockedPackages.Package? {
        var package = LockedPackages.Package(name: name, version: version)
        let subdirectory = node["subdirectory"]?.string
        if let git = node["git"]?.string {
            let reference = node["revision"]?.string ?? node["ref"]?.string
            guard
                let address = LockedPackages.address(
                    LockedPackages.git(git),
                    reference: reference,
                    subdirectory: subdirectory
                )
            else { return nil }
            package.source = .address(address)
        } else if let url = node["url"]?.string {
            guard let address = LockedPackages.address(url, reference: nil, subdirectory: subdirectory) else {
                return nil
            }
            package.source = .address(address)
        } else if let path = node["path"]?.string {
            let isFile = [".whl", ".gz", ".zip"].contains { path.hasSuffix($0) }
            package.source = isFile ? .file(choice.path(path)) : .folder(choice.path(path))
        } else {
            let hashes = (node["files"]?.items ?? []).compactMap { $0["hash"]?.string }
            package.hashes = hashes.allSatisfy(LockedPackages.isHash) ? hashes : []
        }
        return package
    }
}
