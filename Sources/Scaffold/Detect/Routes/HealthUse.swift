import Model
import Toolkit

/// A path that the project's own checks ask for.
struct HealthUse: Equatable {
    enum Role: Equatable {
        case live, ready, any
    }

    var path: String
    var role: Role
    var place: Place
    /// It is known to be about this app, so that the path counts even when no route of it was found.
    var isOwn: Bool

    /// Every check of the project's files, those for production first.
    static func all(in context: ScanContext) -> [HealthUse] {
        var found = dockerfiles(context)
        for path in context.documents.keys.sorted() {
            let documents = context.documents[path] ?? []
            let isOwn = concerns(path, context)
            for document in documents {
                if ComposeFiles.isCompose(path) { found += compose(document, path, context) }
                if document["apiVersion"] != nil || isHelm(path) {
                    found += probes(document, path, isOwn: isOwn, depth: 0)
                }
                found += platform(document, path, isOwn: isOwn)
            }
        }
        found += templates(context)
        var seen: Set<String> = []
        return found.filter { use in
            !use.path.isEmpty && seen.insert("\(use.path) \(use.role) \(use.place.file)").inserted
        }
    }

    /// The path of a URL that a command asks this very container for; nil when it asks for none.
    static func path(in text: String) -> String? {
        for start in text.ranges(of: "http://") + text.ranges(of: "https://") {
            if let path = path(after: text[start.upperBound...]) { return path }
        }
        for host in ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"] {
            for range in text.ranges(of: host) {
                if let path = path(after: text[range.lowerBound...]) { return path }
            }
        }
        // `connection.request("GET", "/health")`
        if let range = text.firstRange(of: "\"GET\"") ?? text.firstRange(of: "'GET'") {
            let rest = text[range.upperBound...].drop { " ,\"'".contains($0) }
            if rest.first == "/" { return clean(rest) }
        }
        return nil
    }

    // MARK: - Private

    /// What follows the host, up to where the address ends.
    private static func path(after text: Substring) -> String? {
        let address = text.prefix { !$0.isWhitespace && !"\"'`,;|<>".contains($0) }
        guard let slash = slash(in: address) else { return nil }
        return clean(address[slash...])
    }

    /// The first slash that stands in no braces: `${HOST:-a/b}`.
    private static func slash(in text: Substring) -> Substring.Index? {
        var depth = 0
        for index in text.indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" { depth -= 1 }
            if text[index] == "/", depth == 0 { return index }
        }
        return nil
    }

    private static func clean(_ text: Substring) -> String? {
        let path = text.prefix { !$0.isWhitespace && !"\"'`,;|<>)?#\\]".contains($0) }
        return path.contains("$") || path.contains("{") || path.utf8.count > 200 ? nil : String(path)
    }

    private static func concerns(_ path: String, _ context: ScanContext) -> Bool {
        let folder = TreePath.folder(of: path)
        return TreePath.lies(folder, in: context.root)
            || TreePath.lies(context.root, in: folder) && context.facts.roots.count < 2
    }

    private static func dockerfiles(_ context: ScanContext) -> [HealthUse] {
        let chosen = context.facts.existing.dockerfile ?? ProductionDockerfile.choose(in: context)?.file.path
        let files = context.dockerfiles.sorted {
            ($0.path != chosen ? 1 : 0, $0.path) < ($1.path != chosen ? 1 : 0, $1.path)
        }
        return files.flatMap { file -> [HealthUse] in
            guard TreePath.lies(TreePath.folder(of: file.path), in: context.root) || file.path == chosen else {
                return []
            }
            return file.stages.reversed().flatMap { stage -> [HealthUse] in
                stage.instructions.filter { $0.word == "HEALTHCHECK" }.compactMap { item in
                    let text = item.exec?.joined(separator: " ") ?? item.text
                    guard let path = path(in: text) ?? followed(text, from: file.path, context) else { return nil }
                    return HealthUse(
                        path: path,
                        role: .any,
                        place: Place(file.path, item.line),
                        isOwn: file.path == chosen
                    )
                }
            }
        }
    }

    /// The address in the script or the module that a check runs.
    private static func followed(_ text: String, from file: String, _ context: ScanContext) -> String? {
        let words = ShellText.commands(in: text).flatMap { $0 }
        for (index, word) in words.enumerated() {
            if word == "-m", index + 1 < words.count {
                let roots = [context.root, TreePath.joined(context.root, context.facts.entry?.importRoot ?? ""), ""]
                if let module = context.index.find(words[index + 1], in: roots)?.module {
                    return module.strings.lazy.compactMap { path(in: $0.value) }.first
                }
            }
            guard word.hasSuffix(".py") || word.hasSuffix(".sh") || word.contains("healthcheck") else { continue }
            let name = TreePath.name(of: word)
            let files =
                context.project.files(under: context.root) + context.project.files(under: TreePath.folder(of: file))
            if let script = files.first(where: { TreePath.name(of: $0) == name }),
                let text = context.project.text(script)
            {
                return path(in: text)
            }
        }
        return nil
    }

    private static func compose(_ document: ConfigNode, _ file: String, _ context: ScanContext) -> [HealthUse] {
        let apps = Set(ComposeFiles(context).apps.filter { $0.file == file }.map(\.name))
        return Compose(document, path: file).services.flatMap { service -> [HealthUse] in
            let test = service.node["healthcheck"]?["test"]
            var found: [HealthUse] = []
            if let test {
                let text = test.string ?? test.items.compactMap(\.scalar).joined(separator: " ")
                if let path = path(in: text) ?? followed(text, from: file, context) {
                    let place = Place(file, test.position.line)
                    found.append(HealthUse(path: path, role: .any, place: place, isOwn: apps.contains(service.name)))
                }
            }
            // Traefik's own check of the service behind it.
            for label in Compose.pairs(service.node["labels"]) where label.name.hasSuffix("healthcheck.path") {
                let place = Place(file, service.line)
                found.append(HealthUse(path: label.value ?? "", role: .any, place: place, isOwn: false))
            }
            return found
        }
    }

    /// `livenessProbe` and its like, wherever they stand.
    private static func probes(_ node: ConfigNode, _ file: String, isOwn: Bool, depth: Int) -> [HealthUse] {
        guard depth < 16 else { return [] }
        var found: [HealthUse] = []
        for entry in node.entries {
            let roles: [String: Role] = ["livenessProbe": .live, "startupProbe": .live, "readinessProbe": .ready]
            if let role = roles[entry.key] {
                let path =
                    entry.node.at("httpGet", "path")?.string ?? entry.node["path"]?.string
                    ?? entry.node.at("exec", "command")?.items.compactMap(\.scalar).joined(separator: " ").nonEmptyPath
                if let path {
                    let place = Place(file, entry.keyPosition.line)
                    found.append(HealthUse(path: path, role: role, place: place, isOwn: isOwn))
                }
            } else {
                found += probes(entry.node, file, isOwn: isOwn, depth: depth + 1)
            }
        }
        for item in node.items { found += probes(item, file, isOwn: isOwn, depth: depth + 1) }
        return found
    }

    private static func isHelm(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        return name.hasPrefix("values") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
    }

    private static func platform(_ root: ConfigNode, _ file: String, isOwn: Bool) -> [HealthUse] {
        let name = TreePath.name(of: file)
        var nodes: [(node: ConfigNode?, role: Role)] = []
        switch name {
        case "render.yaml":
            for service in root["services"]?.items ?? [] { nodes.append((service["healthCheckPath"], .any)) }
        case "railway.json", "railway.toml": nodes.append((root.at("deploy", "healthcheckPath"), .any))
        case "app.yaml":
            nodes += [(root.at("liveness_check", "path"), .live), (root.at("readiness_check", "path"), .ready)]
            for service in root["services"]?.items ?? [] {
                nodes.append((service.at("health_check", "http_path"), .any))
            }
        case "app.json":
            for check in root.at("healthchecks", "web")?.items ?? [] { nodes.append((check["path"], .any)) }
        case _ where FlyFile.isOne(name):
            let services = [root["http_service"]].compactMap { $0 } + (root["services"]?.items ?? [])
            for service in services {
                for key in ["checks", "http_checks"] {
                    for check in service[key]?.items ?? [] { nodes.append((check["path"], .any)) }
                }
            }
            for check in root["checks"]?.entries ?? [] { nodes.append((check.node["path"], .any)) }
        default:
            for container in root["containerDefinitions"]?.items ?? [] {
                let words = container.at("healthCheck", "command")?.items.compactMap(\.scalar).joined(separator: " ")
                if let words, let path = path(in: words) {
                    nodes.append((ConfigNode(.string(path), at: container.position), .any))
                }
            }
        }
        return nodes.compactMap { item in
            guard let path = item.node?.string, path.hasPrefix("/") else { return nil }
            let clean = String(path.prefix { $0 != "?" })
            return HealthUse(path: clean, role: item.role, place: Place(file, item.node?.position.line), isOwn: isOwn)
        }
    }

    /// Templates of Helm are no YAML, so their probes are read line by line.
    private static func templates(_ context: ScanContext) -> [HealthUse] {
        let files = context.project.files.filter { path in
            path.contains("templates/") && (path.hasSuffix(".yaml") || path.hasSuffix(".yml"))
                && context.documents[path] == nil
        }
        return files.prefix(100).flatMap { path -> [HealthUse] in
            guard let text = context.project.text(path), text.contains("Probe") else { return [] }
            var found: [HealthUse] = []
            var role: Role?
            for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                let word = line.blanksTrimmed
                if word.hasPrefix("livenessProbe") || word.hasPrefix("startupProbe") { role = .live }
                if word.hasPrefix("readinessProbe") { role = .ready }
                guard let known = role, word.hasPrefix("path:") else { continue }
                let value = word.dropFirst(5).blanksTrimmed.quotesTrimmed
                if value.hasPrefix("/"), !value.contains("{{") {
                    found.append(HealthUse(path: value, role: known, place: Place(path, index + 1), isOwn: false))
                }
                role = nil
            }
            return found
        }
    }
}

extension String {
    /// The path of the address in a command; nil without one.
    fileprivate var nonEmptyPath: String? { HealthUse.path(in: self) }
}
