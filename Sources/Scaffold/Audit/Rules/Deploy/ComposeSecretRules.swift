import Foundation
import Model

/// C03, C30: secrets written into files that are committed.
enum ComposeSecretRules {
    static let all = [password, environment]

    private static let password = Rule(
        "C03",
        .error,
        "Password written into the file",
        why:
            "Everybody who reads the repository knows it, and defaults such as postgres/postgres are what scanners try first.",
        fix:
            "`POSTGRES_PASSWORD_FILE` with a secret, or `${POSTGRES_PASSWORD:?}`; in Kubernetes a Secret that is made elsewhere.",
        reference: "docs.docker.com/compose/how-tos/use-secrets; kubernetes.io/docs/concepts/configuration/secret",
        exceptions:
            "files for development and tests, variables without a default, placeholders in a Secret; a warning where nothing says for what the file is.",
        targets: [.compose, .k8s],
        bad: [
            "compose.prod.yaml": """
            services:
              db:
                image: postgres:17
                environment:
                  POSTGRES_PASSWORD: postgres
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              db:
                image: postgres:17
                environment:
                  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it}
            """
        ],
        at: ["compose.prod.yaml:5"]
    ) { context in
        stacks(context) + secrets(context)
    }

    private static let environment = Rule(
        "C30",
        .error,
        "Secret in plain configuration",
        why: "`[env]`, a ConfigMap and plain `environment` stand in the repository, in the console and in every dump.",
        fix:
            "Put it into the secret store: the file of values that a deploy keeps, a Secret, Secrets Manager, an env file that is not committed.",
        reference: "fly.io/docs/apps/secrets; kubernetes.io/docs/concepts/configuration/configmap",
        exceptions:
            "variables, empty values, addresses without a password, DSNs and keys that browsers see; placeholders are a warning.",
        bad: [
            "fly.toml":
                "app = \"shop\"\n\n[env]\n  STRIPE_SECRET = \"9f4c7d1ab3e05526\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n"
        ],
        good: [
            "fly.toml":
                "app = \"shop\"\n\n[env]\n  LOG_LEVEL = \"info\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n"
        ],
        at: ["fly.toml:4"]
    ) { context in
        plain(context).compactMap { variable in
            guard let severity = severity(variable) else { return nil }
            return Finding(
                "C30",
                min(severity, variable.worst),
                at: variable.place,
                found: SecretText.masked(variable.name),
                "\(variable.name) stands in \(variable.what)",
                fix: "put it into the secret store"
            )
        }
    }

    // MARK: - Private

    private static func stacks(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.compose]) else { return [] }
        return context.stacks.flatMap { stack -> [Finding] in
            guard let severity = stack.severity(.error) else { return [] }
            return stack.services.flatMap { service in
                service.environment.compactMap { variable -> Finding? in
                    guard let message = weakness(variable) else { return nil }
                    let place = stack.place(variable.line)
                    return Finding(
                        "C03",
                        severity,
                        at: place,
                        found: isOpen(variable) ? context.line(place) : SecretText.masked(variable.name),
                        message,
                        fix: isOpen(variable)
                            ? "delete the line, and set a password"
                            : "take it from a secret or from ${\(variable.name):?}"
                    )
                }
            }
        }
    }

    /// Whether a variable takes the password away instead of setting one.
    private static func isOpen(_ variable: Compose.Variable) -> Bool {
        variable.name == "POSTGRES_HOST_AUTH_METHOD" || variable.name.contains("ALLOW_EMPTY")
    }

    private static func weakness(_ variable: Compose.Variable) -> String? {
        guard let value = variable.value, !value.isEmpty else { return nil }
        switch variable.name {
        case "POSTGRES_HOST_AUTH_METHOD" where value == "trust": return "trust lets everybody in without a password"
        case "MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD":
            return ["1", "yes", "true"].contains(value.lowercased()) ? "an empty password is allowed" : nil
        default: break
        }
        let upper = variable.name.uppercased()
        let isPassword =
            ["PASSWORD", "PASSWD", "_PASS"].contains { upper.hasSuffix($0) }
            || upper == "REDIS_ARGS" && value.contains("requirepass")
        guard isPassword else { return nil }
        if value.hasPrefix("${") {
            // A default is as well known as a value.
            guard let range = value.firstRange(of: ":-") ?? value.firstRange(of: "-") else { return nil }
            let fallback = String(value[range.upperBound...].prefix { $0 != "}" }).quotesTrimmed
            return fallback.isEmpty || fallback.contains("$")
                ? nil : "\(variable.name) has a default that everybody can read"
        }
        return SecretText.isHarmless(value) ? nil : "\(variable.name) has its value in the file"
    }

    /// Secrets of Kubernetes with their values.
    private static func secrets(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.k8s]) else { return [] }
        return context.cluster.filter { $0.kind == "Secret" && $0.apiVersion == "v1" }.flatMap { object -> [Finding] in
            let plain = (object.node["stringData"]?.entries ?? []).map { ($0, $0.node.scalar ?? "") }
            let coded = (object.node["data"]?.entries ?? []).map { entry in
                (
                    entry,
                    (entry.node.scalar.flatMap { Data(base64Encoded: $0) }).map { String(decoding: $0, as: UTF8.self) }
                        ?? ""
                )
            }
            return (plain + coded).compactMap { entry, value in
                let isSecret = EnvironmentNames.isSecret(entry.key) || SecretText.password(inURL: value) != nil
                guard isSecret, !SecretText.isHarmless(value) else { return nil }
                let isForTrials = SecretText.isPlaceholder(value) || SecretText.isWeak(value) && isLocalCluster(context)
                let severity: Severity = isForTrials ? .warning : .error
                return Finding(
                    "C03",
                    severity,
                    at: Place(object.path, entry.keyPosition.line),
                    found: SecretText.masked(entry.key),
                    "the Secret \(object.name) has its values in the file",
                    fix: "make it outside the repository, or seal it"
                )
            }
        }
    }

    /// Tilt puts manifests into a developer's own cluster.
    private static func isLocalCluster(_ context: AuditContext) -> Bool {
        context.project.text("Tiltfile")?.contains("k8s_yaml") ?? false
    }

    private struct Variable {
        var name: String
        var value: String
        var place: Place
        var what: String
        var worst = Severity.error
    }

    private static func plain(_ context: AuditContext) -> [Variable] {
        var found: [Variable] = []
        if context.concerns([.fly, .roost]) {
            for (path, root) in context.flyFiles {
                found += (root["env"]?.entries ?? []).map {
                    Variable(
                        name: $0.key,
                        value: $0.node.scalar ?? "",
                        place: Place(path, $0.keyPosition.line),
                        what: "[env]"
                    )
                }
            }
        }
        if context.concerns([.k8s]) { found += cluster(context) }
        if context.concerns([.cloudrun]) {
            for service in context.cloudRun {
                found += service.containers.flatMap { listed($0["env"], service.path, "the service's env") }
            }
        }
        if context.concerns([.ecs]) {
            for (path, task) in context.taskDefinitions {
                found += (task["containerDefinitions"]?.items ?? []).flatMap {
                    listed($0["environment"], path, "the task's environment")
                }
            }
        }
        guard context.concerns([.compose]) else { return found }
        for stack in context.stacks {
            guard let worst = stack.severity(.error) else { continue }
            for service in stack.services where service.isApp {
                found += service.environment.compactMap { variable in
                    guard let value = variable.value, !variable.name.uppercased().contains("PASS") else { return nil }
                    return Variable(
                        name: variable.name,
                        value: value,
                        place: stack.place(variable.line),
                        what: "environment",
                        worst: worst
                    )
                }
            }
        }
        return found
    }

    private static func cluster(_ context: AuditContext) -> [Variable] {
        context.cluster.flatMap { object -> [Variable] in
            if object.kind == "ConfigMap" {
                return (object.node["data"]?.entries ?? []).map {
                    Variable(
                        name: $0.key,
                        value: $0.node.scalar ?? "",
                        place: Place(object.path, $0.keyPosition.line),
                        what: "a ConfigMap"
                    )
                }
            }
            return (object.containers + object.initContainers).flatMap {
                listed($0["env"], object.path, "the pod's env")
            }
        }
    }

    /// Variables in the form `[{name:, value:}]`.
    private static func listed(_ node: ConfigNode?, _ path: String, _ what: String) -> [Variable] {
        (node?.items ?? []).compactMap { item in
            guard let name = item["name"]?.scalar, let value = item["value"] else { return nil }
            return Variable(name: name, value: value.scalar ?? "", place: Place(path, value.position.line), what: what)
        }
    }

    private static func severity(_ variable: Variable) -> Severity? {
        let value = variable.value
        if SecretText.isKnownKey(value) { return .error }
        // A configuration file as a value holds other things too.
        guard !value.contains("\n"), !value.contains(" "), SecretText.isName(variable.name),
            !SecretText.isHarmless(value)
        else { return nil }
        let isAddress = ["URL", "URI", "URLS", "CONNECTION", "DSN", "BROKER", "BACKEND"].contains {
            variable.name.uppercased().hasSuffix($0)
        }
        if value.contains("://") || isAddress {
            // Addresses are what B14 looks at in Compose files.
            guard variable.what != "environment", let password = SecretText.password(inURL: value) else { return nil }
            return SecretText.isPlaceholder(password) ? .warning : .error
        }
        return SecretText.isPlaceholder(value) ? .warning : .error
    }
}
