import Model

/// C26, C27, C28, C29: `fly.toml`, and checks of all platforms.
enum FlyRules {
    static let all = [strategy, checks, autostop, single]

    private static let strategy = Rule(
        "C26",
        .error,
        "Deploy strategy that can't work",
        why:
            "A volume belongs to one Machine, so canary and bluegreen, which start new ones beside it, are refused. bluegreen switches when checks pass, and needs one.",
        fix: "`strategy = \"rolling\"`, or a check and no mounts.",
        reference: "fly.io/docs/reference/configuration, \"deploy strategy\"",
        targets: [.fly, .roost],
        bad: [
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  strategy = \"bluegreen\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n"
        ],
        good: [
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  strategy = \"rolling\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n"
        ],
        at: ["fly.toml:4"]
    ) { context in
        context.flyFiles.compactMap { path, root in
            guard let node = root.at("deploy", "strategy"), let strategy = node.string,
                ["bluegreen", "canary"].contains(strategy)
            else { return nil }
            let place = Place(path, node.position.line)
            if root["mounts"] != nil || root["mount"] != nil {
                return Finding(
                    "C26",
                    .error,
                    at: place,
                    found: context.line(place),
                    "\(strategy) can't be used with volumes",
                    fix: "strategy = \"rolling\"",
                    patch: context.patch(place, replacing: strategy, with: "rolling")
                )
            }
            guard strategy == "bluegreen", !hasCheck(root) else { return nil }
            return Finding(
                "C26",
                .error,
                at: place,
                found: context.line(place),
                "bluegreen needs a check, and there is none",
                fix: "add a check, or use rolling"
            )
        }
    }

    private static let checks = Rule(
        "C27",
        .warning,
        "Health check that fails a healthy app",
        why:
            "A check that may last longer than its interval overlaps with the next. A redirection is no 2xx, so a path without its slash never passes.",
        fix: "Keep the timeout below the interval; use the path exactly as the app has it.",
        reference: "fly.io/docs/reference/health-checks",
        exceptions: "times that are not written down, paths that the scan does not know.",
        bad: [
            "fly.toml": """
            app = "shop"

            [http_service]
              internal_port = 8000
              min_machines_running = 2

              [[http_service.checks]]
                path = "/healthz"
                interval = "5s"
                timeout = "10s"
            """
        ],
        good: [
            "fly.toml": """
            app = "shop"

            [http_service]
              internal_port = 8000
              min_machines_running = 2

              [[http_service.checks]]
                path = "/healthz"
                interval = "15s"
                timeout = "5s"
            """
        ],
        at: ["fly.toml:8"]
    ) { context in
        let known = Set(context.facts.health.candidates)
        return context.checkTimings.flatMap { check -> [Finding] in
            var findings: [Finding] = []
            if let interval = check.interval, let timeout = check.timeout, timeout > interval {
                findings.append(
                    Finding(
                        "C27",
                        .warning,
                        at: check.place,
                        found: context.line(check.place),
                        "the check may last longer than its interval",
                        fix: "timeout below interval"
                    )
                )
            }
            if let path = check.path, path.count > 1, !known.contains(path) {
                let other = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
                if known.contains(other) {
                    findings.append(
                        Finding(
                            "C27",
                            .warning,
                            at: check.place,
                            found: context.line(check.place),
                            "\(path) redirects to \(other)",
                            fix: "ask \(other)",
                            patch: context.patch(check.place, replacing: "\"\(path)\"", with: "\"\(other)\"")
                        )
                    )
                }
            }
            return findings
        }
    }

    private static let autostop = Rule(
        "C28",
        .warning,
        "Machines that stop and do not start, or lose work",
        why:
            "What stopped with autostart off stays stopped. Suspending wants at most 2 GB and no swap. Websockets and jobs are cut when the proxy sees no requests.",
        fix:
            "Set both keys alike; `stop` for large Machines; `auto_stop_machines = \"off\"` for websockets and background work.",
        reference: "fly.io/docs/launch/autostop-autostart; fly.io/docs/reference/suspend-resume",
        targets: [.fly, .roost],
        bad: [
            "fly.toml":
                "app = \"shop\"\n\n[http_service]\n  internal_port = 8000\n  auto_stop_machines = \"stop\"\n  auto_start_machines = false\n  min_machines_running = 2\n"
        ],
        good: [
            "fly.toml":
                "app = \"shop\"\n\n[http_service]\n  internal_port = 8000\n  auto_stop_machines = \"stop\"\n  auto_start_machines = true\n  min_machines_running = 2\n"
        ],
        at: ["fly.toml:5"]
    ) { context in
        context.flyFiles.flatMap { path, root -> [Finding] in
            let services = [root["http_service"]].compactMap { $0 } + (root["services"]?.items ?? [])
            return services.flatMap { stops($0, root, path, context) }
        }
    }

    private static let single = Rule(
        "C29",
        .warning,
        "One Machine for production",
        why:
            "Each restart and each fault of the host is an outage; with none running the first visitor waits for a start.",
        fix: "`min_machines_running = 2`; in Kubernetes an autoscaler with at least 2.",
        reference:
            "fly.io/docs/launch/app-availability; fly.io/docs/reference/configuration: it counts in the primary region alone",
        exceptions:
            "volumes, SQLite, schedulers in the process, files for staging and development, services without autostop: then the count is not in the file.",
        targets: [.fly, .roost, .k8s],
        bad: [
            "fly.toml":
                "app = \"shop\"\n\n[http_service]\n  internal_port = 8000\n  auto_stop_machines = \"stop\"\n  min_machines_running = 1\n"
        ],
        good: [
            "fly.toml":
                "app = \"shop\"\n\n[http_service]\n  internal_port = 8000\n  auto_stop_machines = \"stop\"\n  min_machines_running = 2\n"
        ],
        at: ["fly.toml:6"]
    ) { context in
        guard context.facts.onlyOne.isEmpty else { return [] }
        return machines(context) + pods(context)
    }

    // MARK: - Private

    private static func hasCheck(_ root: ConfigNode) -> Bool {
        let services = [root["http_service"]].compactMap { $0 } + (root["services"]?.items ?? [])
        return root["checks"] != nil
            || services.contains { $0["checks"] != nil || $0["http_checks"] != nil || $0["tcp_checks"] != nil }
    }

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String,
        _ fix: String
    ) -> Finding {
        Finding("C28", severity, at: place, found: context.line(place), message, fix: fix)
    }

    private static func stops(
        _ service: ConfigNode,
        _ root: ConfigNode,
        _ path: String,
        _ context: AuditContext
    ) -> [Finding] {
        guard let node = service["auto_stop_machines"] else { return [] }
        let place = Place(path, node.position.line)
        let mode = node.scalar ?? ""
        let isOn = ["stop", "suspend", "true"].contains(mode)
        let start = service["auto_start_machines"]?.scalar ?? "true"
        var findings: [Finding] = []
        if isOn, start == "false" {
            findings.append(
                finding(.warning, place, context, "what stops is never started again", "auto_start_machines = true")
            )
        }
        if mode == "true" || mode == "false" {
            findings.append(
                finding(
                    .info,
                    place,
                    context,
                    "the key is a word now",
                    "auto_stop_machines = \"\(mode == "true" ? "stop" : "off")\""
                )
            )
        }
        if mode == "suspend" {
            let sizes = (root["vm"]?.items ?? [root["vm"]].compactMap { $0 }).compactMap { $0["memory"]?.scalar }
                .compactMap(Size.memoryMiB)
            if sizes.contains(where: { $0 > 2_048 }) || root["swap_size_mb"] != nil {
                findings.append(
                    finding(
                        .warning,
                        place,
                        context,
                        "a Machine of over 2 GB or with swap is not suspended",
                        "auto_stop_machines = \"stop\""
                    )
                )
            }
        }
        return findings + (isOn ? ended(place, context) : [])
    }

    /// What a stop takes along.
    private static func ended(_ place: Place, _ context: AuditContext) -> [Finding] {
        var findings: [Finding] = []
        if context.facts.traits.websockets {
            findings.append(
                finding(
                    .warning,
                    place,
                    context,
                    "quiet websockets end when the Machine is stopped",
                    "auto_stop_machines = \"off\""
                )
            )
        }
        if context.facts.processes.contains(where: { $0.kind == .inProcess }) {
            findings.append(
                finding(
                    .warning,
                    place,
                    context,
                    "what runs within the web process stops with it",
                    "auto_stop_machines = \"off\""
                )
            )
        }
        return findings
    }

    private static func machines(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.fly, .roost]) else { return [] }
        return context.flyFiles.compactMap { path, root in
            guard root["mounts"] == nil, root["mount"] == nil, let service = root["http_service"] else { return nil }
            // Without autostop the floor means nothing: as many run as were made.
            guard ["stop", "suspend", "true"].contains(service["auto_stop_machines"]?.scalar ?? "off") else {
                return nil
            }
            let node = service["min_machines_running"]
            guard (node?.integer ?? 0) < 2 else { return nil }
            let place = Place(path, node?.position.line ?? service.position.line)
            let count = node?.integer ?? 0
            let message = count == 0 ? "no Machine is kept running" : "one Machine is kept running"
            return Finding(
                "C29",
                .warning,
                at: place,
                found: context.line(place),
                message,
                fix: "min_machines_running = 2"
            )
        }
    }

    private static func pods(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.k8s]) else { return [] }
        return context.cluster.filter { $0.kind == "Deployment" }.compactMap { object in
            guard let replicas = object.node.at("spec", "replicas"), replicas.integer == 1 else { return nil }
            let isServing = object.containers.contains {
                !($0["ports"]?.items.isEmpty ?? true) && context.isOwnImage($0["image"])
            }
            let isScaled = context.cluster.contains {
                $0.kind == "HorizontalPodAutoscaler"
                    && $0.node.at("spec", "scaleTargetRef", "name")?.scalar == object.name
            }
            // `Recreate` says that there may be only one.
            guard isServing, !isScaled, object.node.at("spec", "strategy", "type")?.string != "Recreate" else {
                return nil
            }
            let place = object.place(replicas)
            return Finding(
                "C29",
                .warning,
                at: place,
                found: context.line(place),
                "one pod serves \(object.name)",
                fix: "two at least"
            )
        }
    }
}
