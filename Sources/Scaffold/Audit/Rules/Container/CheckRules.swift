import Model
import Toolkit

/// D10, D11, D12: the image's health check.
enum CheckRules {
    static let all = [absent, missingTool, cannotFail]

    private static let absent = Rule(
        "D10",
        .warning,
        "No health check",
        why: "A server that hangs looks as alive as one that works: nothing is restarted, and traffic goes on to it.",
        fix: "Add a HEALTHCHECK that asks the app with Python's own urllib, or a check of the platform.",
        reference: "docs.docker.com/reference/dockerfile, \"HEALTHCHECK\"",
        exceptions:
            "Kubernetes, Cloud Run, ECS and Heroku, which ignore it; services with a check in `fly.toml` or Compose; `HEALTHCHECK NONE`.",
        targets: [.roost, .fly, .compose],
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nCMD [\"uvicorn\", \"shop:app\", \"--host\", \"0.0.0.0\"]\n"
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
            CMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]
            """
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image, image.facts.healthcheck == nil,
            image.facts.command != nil || image.facts.entrypoint != nil
        else {
            return []
        }
        // NONE says that somebody thought of it.
        guard !image.all("HEALTHCHECK").contains(where: { $0.text.uppercased() == "NONE" }), !isChecked(context) else {
            return []
        }
        let line = (image.facts.command ?? image.facts.entrypoint)?.line ?? image.stage.line
        let place = Place(image.path, line)
        return [
            Finding(
                "D10",
                .warning,
                at: place,
                found: context.line(place),
                "nothing asks whether the app answers",
                fix: "add a HEALTHCHECK with Python's urllib",
                patch: addition(image, before: line, context)
            )
        ]
    }

    private static let missingTool = Rule(
        "D11",
        .error,
        "The check's tool is not in the image",
        why:
            "Each check ends with \"not found\", so the container is unhealthy for ever: nothing that waits for it starts, or it is restarted in a circle.",
        fix:
            "Use Python, which is there: `python -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)\"`.",
        reference: "pythonspeed.com/articles/official-python-docker-image: slim adds no curl",
        exceptions:
            "bases that carry it (full `python:3.x` has curl, Alpine has wget and nc), installed packages, bases that are not known.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK CMD curl -f http://127.0.0.1:8000/healthz || exit 1
            CMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
            USER 10001
            HEALTHCHECK CMD curl -f http://127.0.0.1:8000/healthz || exit 1
            CMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]
            """
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image, let check = image.check, let item = image.facts.healthcheck else { return [] }
        let place = Place(image.path, item.line)
        var findings: [Finding] = []
        for tool in check.tools where image.has(tool) == false {
            findings.append(
                Finding(
                    "D11",
                    .error,
                    at: place,
                    found: context.line(place),
                    "\(tool) is not in \(image.facts.base), and nothing installs it",
                    fix: "use Python's urllib",
                    patch: replacement(image, item, check)
                )
            )
        }
        for module in check.modules {
            guard let severity = context.absence(ofModule: module) else { continue }
            findings.append(
                Finding(
                    "D11",
                    severity,
                    at: place,
                    found: context.line(place),
                    "the check imports \(module), which is no dependency",
                    fix: "use urllib, which comes with Python"
                )
            )
        }
        return findings
    }

    private static let cannotFail = Rule(
        "D12",
        .error,
        "The check can't fail",
        why:
            "`|| true` makes every answer good. `curl` without `-f` and `requests.get` without `raise_for_status()` take a 503 for health.",
        fix: "Use Python's urllib, which raises on 4xx and 5xx, or `curl --fail`.",
        reference: "docs.python.org/3/library/urllib.error.html; curl.se/docs/manpage.html#-f",
        exceptions: "checks that look at the answer; one that only ignores the status is a warning.",
        bad: [
            "Dockerfile": """
            FROM python:3.14
            USER 10001
            HEALTHCHECK CMD curl -f http://127.0.0.1:8000/healthz || true
            CMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14
            USER 10001
            HEALTHCHECK CMD curl -f http://127.0.0.1:8000/healthz || exit 1
            CMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]
            """
        ],
        at: ["Dockerfile:3"]
    ) { context in
        var checks: [(CheckCommand, Place)] = []
        if let image = context.image, let check = image.check, let item = image.facts.healthcheck {
            checks.append((check, Place(image.path, item.line)))
        }
        for stack in context.stacks where stack.nature == .production && context.concerns([.compose]) {
            for service in stack.services where service.isApp {
                guard let test = service.node.at("healthcheck", "test"), let check = CheckCommand(test) else {
                    continue
                }
                checks.append((check, stack.place(test.position.line)))
            }
        }
        return checks.compactMap { check, place in
            switch check.weakness {
            case .neverFails(let words)?:
                return Finding(
                    "D12",
                    .error,
                    at: place,
                    found: context.line(place),
                    "\(words) makes every answer good",
                    fix: "leave it out"
                )
            case .ignoresStatus(let what)?:
                return Finding(
                    "D12",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(what) takes an error's answer for health",
                    fix: "make it fail on 4xx and 5xx"
                )
            case nil: return nil
            }
        }
    }

    // MARK: - Private

    /// Something else asks the app.
    private static func isChecked(_ context: AuditContext) -> Bool {
        for (_, root) in context.flyFiles {
            let services = [root["http_service"]].compactMap { $0 } + (root["services"]?.items ?? [])
            if services.contains(where: { $0["checks"] != nil || $0["http_checks"] != nil || $0["tcp_checks"] != nil })
            {
                return true
            }
            if root["checks"] != nil { return true }
        }
        if context.isTargetGiven, context.target != .compose { return false }
        if context.stacks.contains(where: {
            $0.nature != .development && $0.services.contains { $0.isApp && $0.node["healthcheck"] != nil }
        }) {
            return true
        }
        return !context.isTargetGiven
            && (!context.cluster.isEmpty || !context.cloudRun.isEmpty || !context.taskDefinitions.isEmpty)
    }

    private static func line(_ image: ProductionImage, _ context: AuditContext) -> String? {
        guard let path = context.facts.health.path, path.hasPrefix("/"), Quoting.isPlainPath(path) else { return nil }
        guard let port = context.servedPort?.number ?? context.facts.port?.number, image.has("python") == true else {
            return nil
        }
        let code = "import urllib.request as u; u.urlopen('http://127.0.0.1:\(port)\(path)', timeout=3)"
        return "HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD \(Quoting.exec(["python", "-c", code]))"
    }

    private static func addition(_ image: ProductionImage, before line: Int, _ context: AuditContext) -> Finding.Patch?
    {
        self.line(image, context).map { Finding.Patch(file: image.path, first: line, last: line - 1, lines: [$0]) }
    }

    /// The same address, asked by Python.
    private static func replacement(
        _ image: ProductionImage,
        _ item: Dockerfile.Instruction,
        _ check: CheckCommand
    ) -> Finding.Patch? {
        guard let address = check.addresses.first, let port = address.port, check.addresses.count == 1,
            image.has("python") == true
        else {
            return nil
        }
        guard address.path.isEmpty || Quoting.isPlainPath(address.path) else { return nil }
        let flags = item.flags.map { "--\($0.name)=\($0.value) " }.joined()
        let code = "import urllib.request as u; u.urlopen('http://127.0.0.1:\(port)\(address.path)', timeout=3)"
        let line = "HEALTHCHECK \(flags)CMD \(Quoting.exec(["python", "-c", code]))"
        return Finding.Patch(file: image.path, first: item.line, last: item.endLine, lines: [line])
    }
}

extension AuditContext {
    /// How bad it is that a module is imported in a check; nil when it is there, or when that can't be told.
    func absence(ofModule module: String) -> Severity? {
        let packages = [
            "requests": "requests", "httpx": "httpx", "aiohttp": "aiohttp", "urllib3": "urllib3",
            "curl_cffi": "curl-cffi",
        ]
        guard let package = packages[module], !facts.dependencies.isEmpty || facts.manager != nil else { return nil }
        if facts.dependencies.contains(where: { $0.name == package }) { return nil }
        if package == "httpx", facts.dependencies.contains(where: { $0.name == "fastapi" && !$0.extras.isEmpty }) {
            return nil
        }
        guard let lock = facts.manager?.lock, !lock.hasSuffix(".txt"), let text = project.text(lock) else {
            return .warning
        }
        // A lock lists all packages, also those that others bring along.
        let forms = ["name = \"\(package)\"", "\"\(package)\": {", "name: \(package)\n"]
        return forms.contains { TextSearch.contains(text, $0) } ? nil : .error
    }
}
