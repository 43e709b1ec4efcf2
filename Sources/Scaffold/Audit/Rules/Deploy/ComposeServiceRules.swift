import Model

/// C05, C06, C22: services of Compose, and checks that run in a container.
enum ComposeServiceRules {
    static let all = [limits, condition, checkTool]

    private static let limits = Rule(
        "C05",
        .warning,
        "No restart, memory limit or log rotation",
        why:
            "A crash stays a crash; one leak takes the host's memory from the database; json-file logs grow until the disk is full.",
        fix: "`restart: unless-stopped`, `deploy.resources.limits.memory`, `logging.options.max-size`.",
        reference: "docs.docker.com/reference/compose-file/deploy; docs.docker.com/engine/logging/configure",
        exceptions:
            "files for development, services that run once, `deploy.restart_policy` of a swarm, other log drivers.",
        targets: [.compose],
        bad: ["compose.prod.yaml": "services:\n  api:\n    build: .\n    restart: always\n"],
        good: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                mem_limit: 512m
                logging: {driver: local}
            """
        ],
        at: ["compose.prod.yaml:2"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in
            stack.services.filter { $0.isApp && !$0.isOneShot }.compactMap { service in
                let missing = missing(service, stack)
                guard !missing.isEmpty else { return nil }
                let place = stack.place(service.line)
                return Finding(
                    "C05",
                    stack.nature == .production ? .warning : .info,
                    at: place,
                    found: context.line(place),
                    "\(service.name) has no \(missing.joined(separator: ", no "))",
                    fix: "add them to the service"
                )
            }
        }
    }

    private static let condition = Rule(
        "C06",
        .warning,
        "Starts before what it needs is ready",
        why:
            "`depends_on` alone waits for the container, not for the database in it: the first start fails now and then.",
        fix:
            "`depends_on: {db: {condition: service_healthy}}` with a check of the database; `service_completed_successfully` for migrations.",
        reference: "docs.docker.com/compose/how-tos/startup-order",
        exceptions: "files for development, commands that wait themselves (wait-for-it, pg_isready).",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                mem_limit: 512m
                logging: {driver: local}
                depends_on: [db]
              db:
                image: postgres:17
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                mem_limit: 512m
                logging: {driver: local}
                depends_on: {db: {condition: service_healthy}}
              db:
                image: postgres:17
                healthcheck: {test: [CMD-SHELL, pg_isready -U app]}
            """
        ],
        at: ["compose.prod.yaml:7"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in
            stack.services.filter(\.isApp).flatMap { service in waits(service, stack, context) }
        }
    }

    private static let checkTool = Rule(
        "C22",
        .error,
        "The check's tool is not in the container",
        why: "Each check ends with \"not found\": the container is unhealthy for ever and is replaced again and again.",
        fix: "Use Python, which is there, or install the tool in the image.",
        reference: "docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html",
        exceptions: "images whose content is not known, files for development.",
        bad: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                mem_limit: 512m
                logging: {driver: local}
                healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1:8000/healthz"]}
            """,
            "Dockerfile": "FROM python:3.14-slim\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n",
        ],
        good: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                mem_limit: 512m
                logging: {driver: local}
                healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1:8000/healthz"]}
            """,
            "Dockerfile": "FROM python:3.14\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n",
        ],
        at: ["compose.prod.yaml:7"]
    ) { context in
        guard let image = context.image else { return [] }
        return checks(context).flatMap { check, place, worst in
            check.tools.filter { image.has($0) == false }.map { tool in
                Finding(
                    "C22",
                    worst,
                    at: place,
                    found: context.line(place),
                    "\(tool) is not in the image, and nothing installs it",
                    fix: "use Python's urllib"
                )
            }
        }
    }

    // MARK: - Private

    private static func missing(_ service: ComposeStack.Service, _ stack: ComposeStack) -> [String] {
        var missing: [String] = []
        let deploy = service.node["deploy"]
        if service.node["restart"] == nil, deploy?["restart_policy"] == nil, service.node["extends"] == nil {
            missing.append("restart")
        }
        let hasLimit = service.node["mem_limit"] != nil || deploy?.at("resources", "limits", "memory") != nil
        if !hasLimit { missing.append("memory limit") }
        let logging = service.node["logging"]
        let driver = logging?["driver"]?.string ?? "json-file"
        if driver == "json-file", logging?.at("options", "max-size") == nil { missing.append("log rotation") }
        return missing
    }

    private static func waits(
        _ service: ComposeStack.Service,
        _ stack: ComposeStack,
        _ context: AuditContext
    ) -> [Finding] {
        guard let node = service.node["depends_on"], !waitsItself(service) else { return [] }
        let short = node.items.compactMap { item in item.string.map { ($0, item.position.line) } }
        let long = node.entries.filter { ($0.node["condition"]?.string ?? "service_started") == "service_started" }.map
        { ($0.key, $0.keyPosition.line) }
        return (short + long).compactMap { name, line in
            guard let other = stack.services.first(where: { $0.name == name }),
                other.kind == .database || other.isOneShot && other.isApp
            else { return nil }
            let place = stack.place(line)
            let word = other.kind == .database ? "service_healthy" : "service_completed_successfully"
            return Finding(
                "C06",
                stack.nature == .production ? .warning : .info,
                at: place,
                found: context.line(place),
                "\(service.name) does not wait until \(name) is ready",
                fix: "add condition: \(word)"
            )
        }
    }

    private static func waitsItself(_ service: ComposeStack.Service) -> Bool {
        ["wait", "pg_isready", "nc -z", "dockerize"].contains { service.commandText.contains($0) }
    }

    /// Checks that run in the project's own image.
    private static func checks(_ context: AuditContext) -> [(CheckCommand, Place, Severity)] {
        var found: [(CheckCommand, Place, Severity)] = []
        for stack in context.stacks where context.concerns([.compose]) {
            guard let worst = stack.severity(.error) else { continue }
            for service in stack.services where service.isApp && service.build?.dockerfile == context.image?.path {
                guard let test = service.node.at("healthcheck", "test"), let check = CheckCommand(test) else {
                    continue
                }
                found.append((check, stack.place(test.position.line), worst))
            }
        }
        for (path, task) in context.taskDefinitions where context.concerns([.ecs]) {
            let containers = task["containerDefinitions"]?.items ?? []
            guard containers.count == 1, context.isOwnImage(containers.first?["image"]) else { continue }
            guard let command = containers.first?.at("healthCheck", "command"), let check = CheckCommand(command) else {
                continue
            }
            found.append((check, Place(path, command.position.line), .error))
        }
        for object in context.cluster
        where object.isWorkload && object.containers.count == 1 && context.concerns([.k8s]) {
            guard context.isOwnImage(object.containers.first?["image"]) else { continue }
            for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
                guard let command = object.containers.first?.at(name, "exec", "command") else { continue }
                let check = CheckCommand(words: command.items.compactMap(\.scalar))
                found.append((check, Place(object.path, command.position.line), .error))
            }
        }
        return found
    }
}
