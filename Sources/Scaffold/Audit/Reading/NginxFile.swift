import Model
import Toolkit

/// A configuration of nginx and what is known of where it runs.
struct NginxFile: Sendable {
    /// Where nginx finds it.
    enum Role: Sendable {
        /// `/etc/nginx/nginx.conf`
        case main
        /// Within `http`: `conf.d`, `sites-enabled`, `templates`.
        case fragment
        case unknown
    }

    let path: String
    let text: NginxText
    let role: Role
    /// Where its role is written down: the mount or the `COPY`.
    let source: Place?
    let image: ImageReference?
    /// The host's ports 80 and 443 lead to it.
    let isEdge: Bool

    var isWhole: Bool { text.directives.contains { $0.name == "http" || $0.name == "events" } }

    /// The `server` blocks with the blocks around them.
    var servers: [(directive: NginxText.Directive, inside: [NginxText.Directive])] {
        text.find("server").filter { $0.directive.block != nil }
    }

    /// Locations that hand requests on, with the blocks around them.
    var proxies: [(directive: NginxText.Directive, inside: [NginxText.Directive])] {
        text.find("proxy_pass").compactMap { found in found.inside.last.map { ($0, Array(found.inside.dropLast())) } }
    }

    func place(_ directive: NginxText.Directive) -> Place { Place(path, directive.line) }

    /// The directives of a name that are in force in a block: its own, else those of the nearest block around it.
    static func inForce(
        _ name: String,
        in block: NginxText.Directive,
        _ inside: [NginxText.Directive],
        top: [NginxText.Directive]
    ) -> [NginxText.Directive] {
        for level in [block] + inside.reversed() {
            let own = level.all(name)
            if !own.isEmpty { return own }
        }
        return top.filter { $0.name == name }
    }

    /// The version of nginx; nil when the image says none.
    var version: [Int] { image?.version ?? [] }
}

extension AuditContext {
    /// Files of nginx that production uses, in the order of their paths.
    var nginxFiles: [NginxFile] {
        memo.value("nginx") {
            let uses = nginxUses
            return project.files.filter { isNginxName($0) || uses[$0] != nil }.compactMap { path in
                guard !isAside(path), let text = project.text(path), text.utf8.count < 256 << 10 else { return nil }
                let read = NginxText(text)
                let names = Set(read.directives.map(\.name))
                guard !names.isDisjoint(with: ["server", "http", "upstream", "events", "location", "map"]) else {
                    return nil
                }
                let use = uses[path]
                return NginxFile(
                    path: path,
                    text: read,
                    role: use?.role ?? .unknown,
                    source: use?.place,
                    image: use?.image,
                    isEdge: use?.isEdge ?? read.find("listen").contains { $0.directive.arguments.contains("ssl") }
                )
            }
        }
    }

    // MARK: - Private

    private struct NginxUse {
        var role: NginxFile.Role
        var place: Place
        var image: ImageReference?
        var isEdge: Bool
    }

    private func isNginxName(_ path: String) -> Bool {
        let lower = path.lowercased()
        guard lower.hasSuffix(".conf") || lower.hasSuffix(".conf.template") || lower.hasSuffix(".nginx") else {
            return false
        }
        return lower.contains("nginx") || TreePath.name(of: lower) == "default.conf"
    }

    /// What Compose files mount and Dockerfiles copy into nginx's folders.
    private var nginxUses: [String: NginxUse] {
        var uses: [String: NginxUse] = [:]
        for stack in stacks where stack.nature != .development {
            for service in stack.services {
                let isEdge = service.publishes([80, 443])
                for volume in service.volumes where volume.isBind {
                    guard let role = role(of: volume.target) else { continue }
                    let source = TreePath.joined(TreePath.folder(of: stack.path), volume.source ?? "")
                    let place = stack.place(volume.line)
                    let use = NginxUse(role: role, place: place, image: service.image, isEdge: isEdge)
                    for path in project.has(source) ? [source] : project.files(under: source) { uses[path] = use }
                }
            }
        }
        for file in dockerfiles.values.sorted(by: { $0.path < $1.path }) where !isAside(file.path) {
            guard let last = file.stages.last else { continue }
            let image = ImageReference(file.image(of: last).base)
            let folder = TreePath.folder(of: file.path)
            for item in last.instructions where item.word == "COPY" || item.word == "ADD" {
                let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
                guard words.count > 1, let target = words.last, let role = role(of: target) else { continue }
                guard !item.flags.contains(where: { $0.name == "from" }) else { continue }
                for word in words.dropLast() {
                    let candidates = [TreePath.joined(folder, word), TreePath.joined("", word)]
                    guard let path = candidates.first(where: { project.has($0) }) else { continue }
                    uses[path] = NginxUse(role: role, place: Place(file.path, item.line), image: image, isEdge: false)
                }
            }
        }
        return uses
    }

    private func role(of target: String) -> NginxFile.Role? {
        if target == "/etc/nginx/nginx.conf" { return .main }
        let folders = ["/etc/nginx/conf.d", "/etc/nginx/sites-enabled", "/etc/nginx/templates", "/etc/nginx/http.d"]
        return folders.contains { target == $0 || target.hasPrefix($0 + "/") } ? .fragment : nil
    }
}
