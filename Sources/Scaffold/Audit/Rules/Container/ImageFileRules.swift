import Model
import Toolkit

/// D22, D23: files that commands need, and folders that the app writes to.
enum ImageFileRules {
    static let all = [missingFiles, readOnlyWrites]

    private static let missingFiles = Rule(
        "D22",
        .error,
        "A command needs files that the image lacks",
        why: "The release stops with \"No config file 'alembic.ini' found\", or the container with \"no such file\".",
        fix: "Copy them: `COPY alembic.ini ./` and `COPY alembic ./alembic`; check `.dockerignore`.",
        reference: "alembic.sqlalchemy.org/en/latest/tutorial.html",
        exceptions:
            "files that a bind mount or a base image of one's own may bring, packages that are installed with their data.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            WORKDIR /app
            COPY shop ./shop
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]
            """,
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "", "shop/main.py": app,
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  release_command = \"alembic upgrade head\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            WORKDIR /app
            COPY alembic.ini ./
            COPY alembic ./alembic
            COPY shop ./shop
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]
            """,
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "", "shop/main.py": app,
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  release_command = \"alembic upgrade head\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n",
        ],
        at: ["fly.toml:4"]
    ) { context in
        guard let image = context.image, let build = context.build, !build.isUnknown else { return [] }
        // Whatever else brings files along: a base of one's own, the network, an installed package.
        guard image.base?.family != nil, !isOpen(image) else { return [] }
        let inside = Set(build.files(of: image.copies.flatMap(\.sources)))
        var seen: Set<String> = []
        return commands(context).compactMap { command in
            guard let file = needed(command.words, build, context), !inside.contains(file),
                seen.insert("\(command.place)").inserted
            else { return nil }
            guard !isMounted(command, context) else { return nil }
            let left = build.files.contains(file) ? "no COPY takes it" : ".dockerignore leaves it out"
            return Finding(
                "D22",
                .error,
                at: command.place,
                found: context.line(command.place),
                "\(command.words.prefix(3).joined(separator: " ")) needs \(file): \(left)",
                fix: "copy \(file) into the image"
            )
        }
    }

    private static let readOnlyWrites = Rule(
        "D23",
        .warning,
        "The app writes where its root is read-only",
        why: "The first upload or log line fails with \"Read-only file system\".",
        fix: "Mount a volume or a tmpfs there, or write below `/tmp`.",
        reference: "docs.docker.com/reference/compose-file/services, \"read_only\"",
        exceptions: "`/tmp` and what a volume or tmpfs covers.",
        bad: [
            "compose.production.yaml": """
            services:
              api:
                image: registry.example.com/shop:1.0.0
                build: .
                read_only: true
                restart: unless-stopped
                deploy: {resources: {limits: {memory: 512M}}}
                logging: {driver: json-file, options: {max-size: 10m}}
            """,
            "Dockerfile":
                "FROM python:3.14-slim\nWORKDIR /app\nCOPY shop ./shop\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n",
            "shop/main.py": app + saving,
        ],
        good: [
            "compose.production.yaml": """
            services:
              api:
                image: registry.example.com/shop:1.0.0
                build: .
                read_only: true
                restart: unless-stopped
                volumes: ["uploads:/app/uploads"]
                deploy: {resources: {limits: {memory: 512M}}}
                logging: {driver: json-file, options: {max-size: 10m}}
            """,
            "Dockerfile":
                "FROM python:3.14-slim\nWORKDIR /app\nCOPY shop ./shop\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n",
            "shop/main.py": app + saving,
        ],
        at: ["shop/main.py:7"]
    ) { context in
        let roots = readOnlyRoots(context)
        guard !roots.isEmpty, let image = context.image else { return [] }
        return writes(context).compactMap { path, place in
            let absolute = ImageFiles.absolute(path, in: image.facts.workingDirectory)
            guard !absolute.hasPrefix("/tmp/"), !absolute.hasPrefix("/dev/"), !absolute.hasPrefix("/proc/") else {
                return nil
            }
            guard
                let root = roots.first(where: { root in
                    !root.writable.contains { absolute == $0 || absolute.hasPrefix($0 + "/") }
                })
            else { return nil }
            return Finding(
                "D23",
                .warning,
                at: place,
                found: context.line(place),
                "\(absolute) is written, and \(root.name) has a read-only root",
                fix: "mount a volume or a tmpfs there"
            )
        }
    }

    // MARK: - Private

    private static let app = "from fastapi import FastAPI\n\napp = FastAPI()\n"
    private static let saving = """


        def save(data):
            with open("uploads/last.bin", "wb") as file:
                file.write(data)

        """

    private static func isOpen(_ image: ProductionImage) -> Bool {
        let items = image.stages.flatMap(\.instructions)
        if items.contains(where: { $0.word == "ADD" && $0.text.contains("://") }) { return true }
        return items.contains { item in
            if item.word == "COPY" || item.word == "ADD" {
                if !item.heredocs.isEmpty || item.text.contains("$") { return true }
                // From another image, not from a stage of this file.
                let from = item.flags.first { $0.name == "from" }?.value
                return from.map { $0.contains("/") && !$0.contains("astral-sh/uv") } ?? false
            }
            guard item.word == "RUN" else { return false }
            let bringing = [
                "git clone", "curl", "wget", "uv sync", "pip install .", "poetry install", "pdm install", "unzip",
                "tar ", "cp ",
            ]
            let installsProject =
                item.text.contains("--no-install-project") || item.text.contains("--no-root")
                || item.text.contains("--no-self")
            return bringing.contains {
                item.text.contains($0)
                    && !(installsProject && ["uv sync", "poetry install", "pdm install"].contains($0))
            }
        }
    }

    /// Commands that run in the production image.
    private static func commands(_ context: AuditContext) -> [FoundCommand] {
        context.commands.filter { command in
            guard !command.isDevelopment, !context.isAside(command.place.file) else { return false }
            switch command.source {
            case .fly: return context.concerns([.fly, .roost])
            case .dockerfile:
                return command.dockerfile == context.image?.path
                    && (command.isProduction || command.stage == context.image?.stage.name)
            case .compose:
                guard command.dockerfile == context.image?.path, context.concerns([.compose]) else { return false }
                return context.stacks.contains { $0.path == command.place.file && $0.nature == .production }
            case .kubernetes, .procfile, .render, .railway, .heroku, .cloudbuild, .appYAML, .script, .makefile,
                .pyproject, .workflow, .supervisor:
                return false
            }
        }
    }

    /// A file of the project, relative to the build's folder, that a command can't do without.
    private static func needed(_ words: [String], _ build: BuildContext, _ context: AuditContext) -> String? {
        let plain = CommandWrappers.strip(words).words
        func inner(_ path: String) -> String? {
            guard context.project.has(path), TreePath.lies(path, in: build.folder) else { return nil }
            return build.folder.isEmpty ? path : String(path.dropFirst(build.folder.count + 1))
        }
        if Migrating.needsAlembic(words) {
            if let flag = plain.firstIndex(where: { $0 == "-c" || $0 == "--config" }), flag + 1 < plain.count {
                return inner(TreePath.joined(build.folder, TreePath.joined("", plain[flag + 1])))
            }
            // `[tool.alembic]` of pyproject.toml does as well.
            let hasTable = context.documents.contains { $0.value.first?.at("tool", "alembic") != nil }
            return hasTable ? nil : inner(context.facts.migrations?.config ?? context.ownPath("alembic.ini"))
        }
        guard let first = plain.first, CommandWrappers.isPython(first), plain.count > 1, plain[1].hasSuffix(".py"),
            !plain[1].hasPrefix("/")
        else {
            return nil
        }
        return inner(TreePath.joined(context.facts.root, plain[1]))
    }

    private static func isMounted(_ command: FoundCommand, _ context: AuditContext) -> Bool {
        guard command.source == .compose else { return false }
        let stack = context.stacks.first { $0.path == command.place.file }
        return stack?.services.contains { $0.name == command.name && $0.volumes.contains(where: \.isBind) } ?? false
    }

    private struct ReadOnlyRoot {
        var name: String
        var writable: [String]
    }

    private static func readOnlyRoots(_ context: AuditContext) -> [ReadOnlyRoot] {
        var roots: [ReadOnlyRoot] = []
        for stack in context.stacks where stack.nature != .development && context.concerns([.compose]) {
            for service in stack.services
            where service.isApp && !service.isOneShot && service.node["read_only"]?.scalar == "true" {
                let tmpfs = service.node["tmpfs"].map { $0.string.map { [$0] } ?? $0.items.compactMap(\.string) } ?? []
                let paths = service.volumes.map(\.target) + tmpfs.map { String($0.prefix { $0 != ":" }) }
                roots.append(ReadOnlyRoot(name: service.name, writable: paths))
            }
        }
        for object in context.cluster where object.isWorkload && context.concerns([.k8s]) {
            for container in object.containers
            where container.at("securityContext", "readOnlyRootFilesystem")?.scalar == "true" {
                let paths = (container["volumeMounts"]?.items ?? []).compactMap { $0["mountPath"]?.string }
                roots.append(ReadOnlyRoot(name: object.name, writable: paths))
            }
        }
        for (_, task) in context.taskDefinitions where context.concerns([.ecs]) {
            for container in task["containerDefinitions"]?.items ?? []
            where container["readonlyRootFilesystem"]?.scalar == "true" {
                let paths = (container["mountPoints"]?.items ?? []).compactMap { $0["containerPath"]?.string }
                roots.append(ReadOnlyRoot(name: container["name"]?.string ?? "", writable: paths))
            }
        }
        return roots
    }

    /// Paths that the code opens to write, as constants.
    private static func writes(_ context: AuditContext) -> [(path: String, place: Place)] {
        var found: [(String, Place)] = []
        for module in context.python.modules where CodeRole.of(module.path, root: context.facts.root) == .production {
            for call in module.calls
            where call.function == "open" || call.function == "aiofiles.open" || call.function == "os.makedirs" {
                guard let path = call.arguments.first?.text, !path.isEmpty else { continue }
                let mode = call.argument(1, "mode")?.text ?? "r"
                guard call.function == "os.makedirs" || mode.contains("w") || mode.contains("a") || mode.contains("x")
                else { continue }
                found.append((path, Place(module.path, call.line)))
            }
        }
        return found
    }
}
