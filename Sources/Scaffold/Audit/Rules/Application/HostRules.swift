import Model
import Toolkit

extension ApplicationRules {
    static let hosts = Rule(
        "A12",
        .error,
        "Host names are trusted, or probes are refused",
        why: "Links made from the request carry whatever `Host` the client sent, into mails and caches too. "
            + "TrustedHostMiddleware stops that, but it also answers 400 to probes that address the instance by its IP.",
        fix:
            "Add TrustedHostMiddleware with your names, and give probes a `Host` header or let the health routes pass.",
        reference: "https://www.starlette.io/middleware/#trustedhostmiddleware",
        exceptions: "Platforms and proxies that route by host name: only the name that was asked for reaches the app.",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from starlette.middleware.trustedhost import TrustedHostMiddleware

            app = FastAPI(openapi_url=None)
            app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])

            @app.get("/health")
            def health():
                return {}
            """,
            "fly.toml": """
            app = "shop"

            [http_service]
            internal_port = 8000

            [[http_service.checks]]
            path = "/health"
            """,
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI
            from starlette.middleware.trustedhost import TrustedHostMiddleware

            app = FastAPI(openapi_url=None)
            app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])

            @app.get("/health")
            def health():
                return {}
            """,
            "fly.toml": """
            app = "shop"

            [http_service]
            internal_port = 8000

            [[http_service.checks]]
            path = "/health"
            headers = {Host = "shop.example"}
            """,
        ],
        at: ["main.py:5"]
    ) { context in
        let code = context.code
        let uses = code.web.flatMap { module in
            module.calls.filter { call in
                let first = call.arguments.first?.name ?? call["middleware_class"]?.name ?? ""
                return first.hasSuffix("TrustedHostMiddleware") || call.function.hasSuffix("TrustedHostMiddleware")
            }.map { AppCall(module: module, call: $0) }
        }
        if uses.isEmpty { return hostLinks(context) }
        return uses.compactMap { use in
            let known = code.constant(use.call["allowed_hosts"], at: use.key, line: use.call.line)
            guard let hosts = known?.value.elements?.compactMap(\.text), !hosts.isEmpty, !hosts.contains("*") else {
                return nil
            }
            guard let probe = refusedProbe(hosts, context) else { return nil }
            let place = code.place(of: "allowed_hosts", in: use)
            return Finding(
                "A12",
                known?.origin == .literal ? .error : .warning,
                at: place,
                found: code.found(place),
                "\(probe) addresses the app by IP or localhost and gets 400, since allowed_hosts does not hold that",
                fix: "give the check the header Host = \(hosts[0])"
            )
        }
    }

    static let headers = Rule(
        "A13",
        .warning,
        "Security headers are missing or outdated",
        why:
            "Pages without `X-Content-Type-Options`, a frame policy and a Content-Security-Policy can be framed and sniffed. "
            + "`X-XSS-Protection: 1` switches on a filter that old browsers had and that opens holes of its own.",
        fix:
            "Set nosniff, frame-ancestors and a CSP in the proxy or in a pure ASGI middleware; send no X-XSS-Protection.",
        reference: "https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html",
        exceptions: "APIs that answer JSON alone, and projects whose proxy sets the headers.",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.templating import Jinja2Templates

            app = FastAPI(openapi_url=None)
            pages = Jinja2Templates(directory="pages")

            @app.get("/health")
            def health():
                return {}
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.templating import Jinja2Templates

            app = FastAPI(openapi_url=None)
            pages = Jinja2Templates(directory="pages")

            @app.get("/health")
            def health(response):
                response.headers["X-Content-Type-Options"] = "nosniff"
                response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
                return {}
            """
        ],
        at: ["main.py:5"]
    ) { context in
        let code = context.code
        var findings = code.web.flatMap { module in
            module.marks.filter { $0.value == "1; mode=block" }.map { mark in
                let place = Place(module.path, mark.line)
                return Finding(
                    "A13",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "X-XSS-Protection: 1 turns on a browser filter that was removed for the holes it opened",
                    fix: "leave the header out"
                )
            }
        }
        let set = code.modules.contains { module in
            module.marks.contains { $0.value.lowercased().hasPrefix("x-content-type-options") }
                || module.assigns.contains { $0.index?.lowercased() == "x-content-type-options" }
        }
        if !set, !context.uses("secure", "secweb", "starlette-securityheaders"), !context.proxyHas("nosniff"),
            let template = pages(code)
        {
            findings.append(
                Finding(
                    "A13",
                    template.call.method == "HTMLResponse" ? .info : .warning,
                    at: template.place,
                    found: code.found(template.place),
                    "the app answers HTML, and neither it nor a proxy sets nosniff, a frame policy or a CSP",
                    fix: "set X-Content-Type-Options, Content-Security-Policy with frame-ancestors"
                )
            )
        }
        return findings
    }

    // MARK: - Private

    /// Where the app makes pages: its templates, or else the first page that it writes itself.
    private static func pages(_ code: CodeMap) -> AppCall? {
        code.calls(named: ["Jinja2Templates"], in: code.web).first
            ?? code.calls(named: ["HTMLResponse"], in: code.web).first { app in
                app.call["media_type"] == nil && code.guards(app.module.path, app.call.line).isEmpty
            }
    }

    /// Links that are built from the request's host, where nothing has checked it.
    private static func hostLinks(_ context: AuditContext) -> [Finding] {
        let routed: Set<AuditTarget> = [.roost, .fly, .cloudrun, .heroku]
        if context.isTargetGiven, routed.contains(context.target) { return [] }
        if context.config != nil || context.proxyHas("server_name") || context.proxyHas("Host(") { return [] }
        let code = context.code
        let places = code.web.compactMap { module -> Place? in
            let links = module.calls.filter { $0.function == "request.url_for" }.map(\.line)
            let bases = module.reads.filter { $0.name == "request.base_url" }.map(\.line)
            return (links + bases).min().map { Place(module.path, $0) }
        }
        guard let place = places.first else { return [] }
        let others = places.count == 2 ? "1 more file" : "\(places.count - 1) more files"
        let more = places.count > 1 ? ", here and in \(others)" : ""
        return [
            Finding(
                "A12",
                .warning,
                at: place,
                found: code.found(place),
                "a link is made from the Host that the client sent, and nothing checks it\(more)",
                fix: "add TrustedHostMiddleware, or take the address from a setting"
            )
        ]
    }

    /// A configured check whose `Host` is none of the allowed ones.
    private static func refusedProbe(_ hosts: [String], _ context: AuditContext) -> String? {
        let services = (context.config?.services ?? []) + [context.config?.httpService].compactMap { $0 }
        for check in services.flatMap(\.settings.checks) where check.type == .http {
            let host = check.headers.first { $0.key.lowercased() == "host" }?.value
            if host.map({ !allows($0, hosts) }) ?? true { return "the check of \(check.path) in fly.toml" }
        }
        let probes = context.documents.sorted { $0.key < $1.key }.flatMap { file, documents in
            documents.flatMap { $0.all("httpGet") }.map { (file, $0) }
        }
        for (file, probe) in probes {
            let header = probe["httpHeaders"]?.all("name").contains { $0.string?.lowercased() == "host" } ?? false
            if !header, probe["host"] == nil { return "the probe at \(file):\(probe.position.line)" }
        }
        for file in context.dockerfiles.values.sorted(by: { $0.path < $1.path }) {
            for item in file.stages.flatMap(\.instructions) where item.word == "HEALTHCHECK" {
                for name in ["localhost", "127.0.0.1"] where item.text.contains("//\(name)") && !allows(name, hosts) {
                    return "the HEALTHCHECK at \(file.path):\(item.line)"
                }
            }
        }
        return nil
    }

    private static func allows(_ host: String, _ hosts: [String]) -> Bool {
        let name = host.prefix { $0 != ":" }
        return hosts.contains { $0 == name || ($0.hasPrefix("*.") && name.hasSuffix($0.dropFirst())) }
    }
}
