import Model
import Toolkit

extension ServerRules {
    static let ladder = Rule(
        "S04",
        .warning,
        "Requests are cut off at a stop",
        why:
            "The server must finish before the platform kills it. uvicorn waits for open connections without a limit unless "
            + "it is told one, and then the kill cuts every request that still runs.",
        fix:
            "`UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN=20` and a kill after 30 seconds; for gunicorn `graceful_timeout = 25`.",
        reference: "https://www.uvicorn.org/settings/#timeouts",
        exceptions: "Longer times of apps with streams, as long as the platform waits longer still.",
        bad: [
            "main.py": app,
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGTERM"
            kill_timeout = 10

            [processes]
            app = "uvicorn main:app --timeout-graceful-shutdown 20"
            """,
        ],
        good: [
            "main.py": app,
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGTERM"
            kill_timeout = 30

            [processes]
            app = "uvicorn main:app --timeout-graceful-shutdown 20"
            """,
        ],
        at: ["fly.toml:3"]
    ) { context in
        context.starts.compactMap { start in
            let stop = context.limits.stops.min { $0.seconds < $1.seconds }
            guard let grace = start.graceSeconds else {
                guard start.server.server == .uvicorn else { return nil }
                let kill = stop.map { ", and \($0.platform) kills after \($0.seconds) s" } ?? ""
                return Finding(
                    "S04",
                    .warning,
                    at: start.place,
                    found: context.line(start.place),
                    "uvicorn waits for open connections without a limit\(kill)",
                    fix: "--timeout-graceful-shutdown 20, or UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN=20"
                )
            }
            guard let stop, stop.seconds < grace else { return nil }
            let place = stop.place ?? start.place
            return Finding(
                "S04",
                .warning,
                at: place,
                found: context.line(place),
                "the server lets requests end in \(grace) s, and \(stop.platform) kills it after \(stop.seconds) s",
                fix: "a kill after \(grace + 10) s, or a shorter time for the server"
            )
        }
    }

    static let keepAlive = Rule(
        "S07",
        .warning,
        "Idle connections close before the balancer expects it",
        why: "A balancer that sends a request on a connection which the server is just closing answers 502. "
            + "uvicorn closes after 5 seconds, AWS's balancer after 60, Google's after 600.",
        fix: "`--timeout-keep-alive 75` behind AWS, 620 behind Google.",
        reference:
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
        exceptions: "Platforms whose proxy opens its own connections: Roost, Fly, Heroku.",
        bad: [
            "main.py": app,
            "Procfile": "web: uvicorn main:app --timeout-graceful-shutdown 20\n",
            "ecs.json": """
            {
              "family": "shop",
              "executionRoleArn": "arn:aws:iam::123456789012:role/x",
              "containerDefinitions": [{"name": "web", "image": "shop:1", "essential": true, "stopTimeout": 30}]
            }
            """,
        ],
        good: [
            "main.py": app,
            "Procfile": "web: uvicorn main:app --timeout-graceful-shutdown 20 --timeout-keep-alive 75\n",
            "ecs.json": """
            {
              "family": "shop",
              "executionRoleArn": "arn:aws:iam::123456789012:role/x",
              "containerDefinitions": [{"name": "web", "image": "shop:1", "essential": true, "stopTimeout": 30}]
            }
            """,
        ],
        at: ["Procfile:1"]
    ) { context in
        guard let (name, seconds) = balancer(context) else { return [] }
        return context.starts.filter { $0.keepAliveSeconds <= seconds }.map { start in
            Finding(
                "S07",
                .warning,
                at: start.place,
                found: context.line(start.place),
                "idle connections close after \(start.keepAliveSeconds) s here, and \(name) uses them for \(seconds) s",
                fix: "--timeout-keep-alive \(seconds + (seconds > 100 ? 20 : 15))"
            )
        }
    }

    static let stopSignal = Rule(
        "S10",
        .warning,
        "The stop signal cuts requests off",
        why:
            "gunicorn takes SIGINT and SIGQUIT as a quick shutdown: requests are dropped, and with uvicorn's workers it can "
            + "hang until it is killed. Where nothing is said, Fly and Roost send SIGINT.",
        fix: "`kill_signal = \"SIGTERM\"`, `STOPSIGNAL SIGTERM`.",
        reference: "https://gunicorn.org/signals/",
        exceptions: "uvicorn, which ends in order after either.",
        bad: [
            "main.py": app,
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGINT"
            kill_timeout = 30

            [processes]
            app = "gunicorn main:app -k uvicorn_worker.UvicornWorker --graceful-timeout 20"
            """,
        ],
        good: [
            "main.py": app,
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGTERM"
            kill_timeout = 30

            [processes]
            app = "gunicorn main:app -k uvicorn_worker.UvicornWorker --graceful-timeout 20"
            """,
        ],
        at: ["fly.toml:2"]
    ) { context in
        guard let start = context.starts.first(where: { $0.server.server == .gunicorn }) else { return [] }
        var findings: [Finding] = []
        func add(_ place: Place, _ message: String, patch: Finding.Patch? = nil) {
            findings.append(
                Finding("S10", .warning, at: place, found: context.line(place), message, fix: "SIGTERM", patch: patch)
            )
        }
        let quick: Set<String> = ["SIGINT", "SIGQUIT", "INT", "QUIT", "2", "3"]
        if let path = context.configPath, let config = context.config, context.concerns([.roost, .fly]) {
            let entry = context.documents[path]?.first?.entries.first { $0.key == "kill_signal" }
            if let entry, let signal = entry.node.string, quick.contains(signal.uppercased()) {
                let place = Place(path, entry.keyPosition.line)
                add(
                    place,
                    "gunicorn drops requests after \(signal)",
                    patch: context.patch(place, replacing: signal, with: "SIGTERM")
                )
            } else if config.killSignal == nil {
                add(start.place, "gunicorn drops requests after SIGINT, which \(path) leaves as the default")
            }
        }
        if let image = context.image, let signal = image.facts.stopSignal, quick.contains(signal.uppercased()),
            let item = image.all("STOPSIGNAL").last
        {
            let place = Place(image.path, item.line)
            add(
                place,
                "gunicorn drops requests after \(signal)",
                patch: context.patch(place, replacing: item.text, with: "SIGTERM")
            )
        }
        for stack in context.stacks where stack.nature != .development {
            for service in stack.services where service.isApp {
                guard let node = service.node["stop_signal"], let signal = node.scalar,
                    quick.contains(signal.uppercased())
                else { continue }
                add(stack.place(node.position.line), "gunicorn drops requests after \(signal)")
            }
        }
        return findings
    }

    static let fastapiRun = Rule(
        "S12",
        .warning,
        "fastapi run has no setting for a stop",
        why:
            "`fastapi run` knows no limit for a graceful stop, no keep-alive and no `UVICORN_*` variables: the platform's kill "
            + "cuts requests, and balancers meet closed connections.",
        fix: "`uvicorn app.main:app`, which reads `UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN` and the like.",
        reference: "https://fastapi.tiangolo.com/fastapi-cli/",
        bad: ["Procfile": "web: fastapi run main.py --port 8000\n", "main.py": app],
        good: ["Procfile": "web: uvicorn main:app --port 8000 --timeout-graceful-shutdown 20\n", "main.py": app],
        at: ["Procfile:1"]
    ) { context in
        context.starts.filter { $0.server.server == .fastapiCLI }.map { start in
            Finding(
                "S12",
                .warning,
                at: start.place,
                found: context.line(start.place),
                "fastapi run waits without a limit for open connections, and can't be told one",
                fix: "uvicorn \(context.facts.entry?.target ?? "app.main:app") --timeout-graceful-shutdown 20"
            )
        }
    }

    // MARK: - Private

    /// A balancer before the app that keeps connections open, and for how long.
    private static func balancer(_ context: AuditContext) -> (name: String, seconds: Int)? {
        if context.concerns([.ecs]), !context.taskDefinitions.isEmpty { return ("AWS's balancer", 60) }
        guard context.concerns([.k8s]) else { return nil }
        for object in context.cluster where object.kind == "Ingress" {
            let annotations = object.node.at("metadata", "annotations")
            let name =
                (object.node.at("spec", "ingressClassName") ?? annotations?["kubernetes.io/ingress.class"])?.scalar
                ?? ""
            if name == "alb" { return ("AWS's balancer", 60) }
            if name == "gce" || name == "gce-internal" { return ("Google's balancer", 600) }
        }
        return nil
    }
}
