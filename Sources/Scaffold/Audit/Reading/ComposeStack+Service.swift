import Model
import Toolkit

extension ComposeStack {
    struct Service: Sendable {
        enum Kind: Sendable { case app, database, cache, broker, proxy, other }

        let service: Compose.Service
        let kind: Kind
        let image: ImageReference?
        let environment: [Compose.Variable]
        let ports: [Compose.Port]
        let volumes: [Compose.Volume]
        let build: DeclaredBuild?

        var name: String { service.name }
        var node: ConfigNode { service.node }
        var line: Int { service.line }
        var commandText: String { service.commandText }

        init(_ service: Compose.Service, in context: AuditContext) {
            self.service = service
            image = service.image.flatMap { ImageReference(Variables.expand($0) { _ in nil }) }
            environment = service.environment
            ports = service.ports
            volumes = service.volumes
            build = service.build
            kind = Self.kind(service, image: image, build: build, in: context)
        }

        /// Runs this project's own code.
        var isApp: Bool { kind == .app }

        /// Runs once and ends: `restart: "no"`, a command that migrates.
        var isOneShot: Bool {
            if node["restart"]?.scalar == "no" || node["restart"]?.scalar == "false" { return true }
            if ["migrate", "migrations", "migration", "prestart", "init", "setup", "seed"].contains(name.lowercased()) {
                return true
            }
            return Migrating.isCommand(commandText)
        }

        /// A server that starts again with every change, or waits for a debugger.
        var reloads: Bool {
            let words = commandText.split(whereSeparator: \.isWhitespace)
            return words.contains { $0 == "--reload" || $0 == "debugpy" || $0 == "watchfiles" || $0 == "runserver" }
                || commandText.contains("fastapi dev") || commandText.contains("flask run")
        }

        /// Its Dockerfile or stage has a developer's name.
        var buildsForDevelopment: Bool {
            guard let build else { return false }
            return ProductionStage.isAside(TreePath.name(of: build.dockerfile))
                || ProductionStage.isAside(build.target ?? "")
        }

        func publishes(_ numbers: Set<Int>) -> Bool { ports.contains { $0.published.map(numbers.contains) ?? false } }

        /// Bind mounts whose folder holds the project's code.
        func sourceMounts(in context: AuditContext) -> [Compose.Volume] {
            volumes.filter { volume in
                guard volume.isBind, let source = volume.source, !source.hasPrefix("/"), !source.hasPrefix("~") else {
                    return false
                }
                let path = TreePath.joined(TreePath.folder(of: service.path), source)
                guard !context.project.has(path) else { return false }
                return context.project.files.contains { $0.hasSuffix(".py") && TreePath.lies($0, in: path) }
            }
        }
    }
}

extension ComposeStack.Service {
    private static func kind(
        _ service: Compose.Service,
        image: ImageReference?,
        build: DeclaredBuild?,
        in context: AuditContext
    ) -> Kind {
        if let build {
            let file = context.dockerfiles[build.dockerfile]
            let last = file?.stages.last.flatMap { stage in file.map { $0.image(of: stage).base } }.flatMap {
                ImageReference($0)
            }
            if let kind = last.flatMap(kind(of:)), kind != .other { return kind }
            let isPython =
                file.map { file in file.stages.contains { $0.base.lowercased().contains("python") } } ?? false
            let holdsApp =
                TreePath.lies(context.facts.root, in: build.context)
                || TreePath.lies(build.context, in: context.facts.root)
            return isPython || (holdsApp && !hasForeignBase(file)) || build.dockerfile == context.dockerfile?.path
                ? .app : .other
        }
        if let image {
            if let kind = kind(of: image) { return kind }
            if image.isOfficial && image.repository == "python" { return .app }
        }
        // An image that nothing is known of, named by a variable: the one that is built elsewhere from this project.
        let isVariable = service.image?.contains("$") ?? false
        return isVariable && (service.node["environment"] != nil || service.node["env_file"] != nil) ? .app : .other
    }

    private static func hasForeignBase(_ file: Dockerfile?) -> Bool {
        guard let file, let last = file.stages.last else { return false }
        let base = file.image(of: last).base.lowercased()
        return ["node", "bun", "deno", "golang", "ruby", "php"].contains { base.hasPrefix($0) }
    }

    /// What an image of others is; nil for one's own and for those that are not known.
    static func kind(of image: ImageReference) -> Kind? {
        switch KnownService(image: image.repository) {
        case .database: .database
        case .cache: .cache
        case .broker: .broker
        case .proxy: .proxy
        case .tool: .other
        case nil: nil
        }
    }
}

extension AuditContext {
    /// Whether an image may be the project's own: it is not one of the well-known ones.
    func isOwnImage(_ node: ConfigNode?) -> Bool {
        guard let text = node?.string else { return false }
        guard let image = ImageReference(text) else { return true }
        let tools: Set<String> = [
            "busybox", "alpine", "debian", "ubuntu", "fluent-bit", "cloud-sql-proxy", "curl", "kubectl", "envoy",
        ]
        return ComposeStack.Service.kind(of: image) == nil && !tools.contains(TreePath.name(of: image.repository))
    }
}

extension Compose.Port {
    /// Anyone who reaches the host reaches it.
    var isOpenToAll: Bool {
        guard isPublished else { return false }
        guard let host else { return true }
        return ["0.0.0.0", "::", "[::]", ""].contains(host)
    }
}

extension ConfigNode {
    /// A whole number, also one in quotes.
    var integer: Int? {
        switch value {
        case .integer(let number): Int(exactly: number)
        case .string(let text): Int(text)
        default: nil
        }
    }
}
