import Model

/// Reads a `poetry.lock` of any age.
///
/// Since version 2 poetry writes into each package which groups want it, and under which conditions; in older locks the
/// way from the project's own dependencies to a package tells both.
///
/// > Source: python-poetry, `src/poetry/packages/locker.py` (the formats 1.1, 2.0 and 2.1 of `lock-version`).
struct PoetryLock {
    private let choice: LockedPackages.Choice
    private var packages: [String: [ConfigNode]] = [:]
    private let root: ConfigNode
    private var result = LockedPackages()
    /// Packages that are taken with the extras that were followed already.
    private var taken: [String: Set<String>] = [:]

    /// More than any project has: one that is made to hold a reader up ends here.
    private static let maximumSteps = 20_000

    /// What the lock says is to be installed.
    ///
    /// - Parameters:
    ///   - root: the whole lock.
    ///   - wanted: the project's own dependencies for the choice, for locks that don't say who wants a package.
    ///   - choice: which groups, which extras, and for which Python.
    /// - Returns: nil for what is no lock of poetry's.
    static func read(_ root: ConfigNode, wanted: [Requirement], _ choice: LockedPackages.Choice) -> LockedPackages? {
        guard root["package"] != nil else { return nil }
        var lock = PoetryLock(root, choice)
        let isMarked = lock.packages.values.contains { $0.contains { $0["groups"] != nil } }
        if isMarked { lock.takeMarked() } else { lock.follow(wanted) }
        return lock.result
    }

    // MARK: - Private

    private init(_ root: ConfigNode, _ choice: LockedPackages.Choice) {
        self.root = root
        self.choice = choice
        for package in root["package"]?.items ?? [] {
            guard let name = package["name"]?.string else { continue }
            packages[Requirement.normalised(name), default: []].append(package)
        }
    }

    private mutating func takeMarked() {
        let groups = choice.groups.union(["main"])
        for (name, candidates) in packages.sorted(by: { $0.key < $1.key }) {
            for package in candidates {
                let own = (package["groups"]?.items ?? []).compactMap(\.string).filter(groups.contains)
                guard !own.isEmpty, holds(package["markers"], groups: own), isWantedOptional(name, package) else {
                    continue
                }
                take(name, package)
                for (needed, _) in dependencies(of: package, extras: []) where packages[needed] == nil {
                    result.missing.insert(needed)
                }
            }
        }
    }

    /// One condition for all groups, or one for each.
    private func holds(_ markers: ConfigNode?, groups: [String]) -> Bool {
        guard let markers else { return true }
        if let text = markers.string { return Marker.holds(text, in: choice.environment) }
        return groups.contains { Marker.holds(markers[$0]?.string, in: choice.environment) }
    }

    /// What only an extra wants is marked with it, or stands in the lock's table of extras.
    private func isWantedOptional(_ name: String, _ package: ConfigNode) -> Bool {
        guard package["optional"]?.value == .boolean(true) else { return true }
        if package["markers"] != nil { return true }
        return (root["extras"]?.entries ?? []).contains { entry in
            choice.extras.contains { Requirement.normalised($0) == Requirement.normalised(entry.key) }
                && entry.node.items.contains { $0.string.map { Requirement.normalised($0) } == name }
        }
    }

    private mutating func follow(_ wanted: [Requirement]) {
        var waiting = wanted.filter { Marker.holds($0.marker, in: choice.environment) }
            .map { (name: $0.name, extras: Set($0.extras)) }
        var steps = 0
        while let next = waiting.popLast(), steps < Self.maximumSteps {
            steps += 1
            if let known = taken[next.name], next.extras.isSubset(of: known) { continue }
            guard let package = best(next.name) else {
                result.missing.insert(next.name)
                continue
            }
            let before = taken[next.name]
            let extras = next.extras.union(before ?? [])
            taken[next.name] = extras
            if before == nil { take(next.name, package) }
            waiting += dependencies(of: package, extras: extras)
        }
    }

    /// Of several versions the newest that is for this Python.
    private func best(_ name: String) -> ConfigNode? {
        let candidates = packages[name] ?? []
        let fitting = candidates.filter { package in
            guard let text = package["python-versions"]?.string else { return true }
            return PythonRange(text, syntax: .poetry)?.allowsAny(of: choice.minor) ?? true
        }
        func numbers(_ package: ConfigNode) -> [Int] {
            (package["version"]?.string ?? "").split(separator: ".").map { Int($0.prefix(while: \.isNumber)) ?? 0 }
        }
        return (fitting.isEmpty ? candidates : fitting).max { numbers($0).lexicographicallyPrecedes(numbers($1)) }
    }

    private func dependencies(of package: ConfigNode, extras: Set<String>) -> [(name: String, extras: Set<String>)] {
        var optional: Set<String> = []
        for entry in package["extras"]?.entries ?? [] where extras.contains(Requirement.normalised(entry.key)) {
            optional.formUnion(entry.node.items.compactMap { $0.string.flatMap { Requirement($0)?.name } })
        }
        var environment = choice.environment
        environment.extras = extras
        var result: [(name: String, extras: Set<String>)] = []
        for entry in package["dependencies"]?.entries ?? [] {
            let name = Requirement.normalised(entry.key)
            for node in entry.node.items.isEmpty ? [entry.node] : entry.node.items {
                guard Marker.holds(node["markers"]?.string, in: environment) else { continue }
                if node["optional"]?.value == .boolean(true), !optional.contains(name) { continue }
                let own = (node["extras"]?.items ?? []).compactMap(\.string).flatMap { Requirement.extras($0) }
                result.append((name, Set(own)))
            }
        }
        return result
    }

    private mutating func take(_ name: String, _ node: ConfigNode) {
        guard let version = node["version"]?.string, LockedPackages.isPlain(name, version) else { return }
        var package = LockedPackages.Package(name: name, version: version)
        if let source = node["source"], let type = source["type"]?.string, let url = source["url"]?.string {
            switch type {
            case "git":
                let reference = source["resolved_reference"]?.string ?? source["reference"]?.string
                guard
                    let address = LockedPackages.address(
                        LockedPackages.git(url),
                        reference: reference,
                        subdirectory: source["subdirectory"]?.string
                    )
                else { return }
                package.source = .address(address)
            case "url":
                guard let address = LockedPackages.address(url, reference: nil, subdirectory: nil) else { return }
                package.source = .address(address)
            case "directory": package.source = .folder(choice.path(url))
            case "file": package.source = .file(choice.path(url))
            default: result.add(index: url)
            }
        }
        if package.source == .index { package.hashes = hashes(of: name, node) }
        result.packages.append(package)
    }

    /// With the package, or in old locks in one table at the end.
    private func hashes(of name: String, _ node: ConfigNode) -> [String] {
        var files = node["files"]?.items ?? []
        if files.isEmpty, let table = root.at("metadata", "files") {
            files = table.entries.first { Requirement.normalised($0.key) == name }?.node.items ?? []
        }
        let hashes = files.compactMap { $0["hash"]?.string }
        return hashes.allSatisfy(LockedPackages.isHash) ? hashes : []
    }
}
