import Model

/// C09, C10, C13, C14: configuration of nginx.
enum NginxRules {
    static let all = [fragment, http2, timeout, rateLimit]

    private static let fragment = Rule(
        "C09",
        .error,
        "nginx will not start with this file",
        why:
            "`server` and `upstream` stand within `http`: as `/etc/nginx/nginx.conf` such a part is refused, and so is a whole file in `conf.d`.",
        fix: "Mount a part in `/etc/nginx/conf.d/`, or write the whole file with `events` and `http`.",
        reference: "nginx.org/en/docs/beginners_guide.html#conf_structure",
        exceptions: "files whose place is not known; templates with blocks of another language.",
        bad: [
            "compose.prod.yaml":
                "services:\n  proxy:\n    image: nginx:1.29\n    volumes: [\"./nginx.conf:/etc/nginx/nginx.conf:ro\"]\n",
            "nginx.conf": "server {\n    listen 80;\n    location / { return 204; }\n}\n",
        ],
        good: [
            "compose.prod.yaml":
                "services:\n  proxy:\n    image: nginx:1.29\n    volumes: [\"./nginx.conf:/etc/nginx/conf.d/default.conf:ro\"]\n",
            "nginx.conf": "server {\n    listen 80;\n    location / { return 204; }\n}\n",
        ],
        at: ["compose.prod.yaml:4"]
    ) { context in
        context.nginxFiles.flatMap { file -> [Finding] in
            guard let source = file.source else { return [] }
            var findings: [Finding] = []
            if file.role == .main, !file.isWhole {
                findings.append(
                    Finding(
                        "C09",
                        .error,
                        at: source,
                        found: context.line(source),
                        "\(file.path) is a part, and is mounted as the whole file",
                        fix: "mount it in /etc/nginx/conf.d/"
                    )
                )
            } else if file.role == .fragment,
                let block = file.text.directives.first(where: { $0.name == "http" || $0.name == "events" })
            {
                let place = file.place(block)
                findings.append(
                    Finding(
                        "C09",
                        .error,
                        at: place,
                        found: context.line(place),
                        "\(block.name) can't stand in a file of conf.d",
                        fix: "mount it as /etc/nginx/nginx.conf"
                    )
                )
            }
            if let problem = file.text.problem, !isTemplate(file, context) {
                let place = Place(file.path, problem.line)
                findings.append(
                    Finding(
                        "C09",
                        .error,
                        at: place,
                        found: context.line(place),
                        problem.message,
                        fix: "nginx -t shows it too"
                    )
                )
            }
            return findings
        }
    }

    private static let http2 = Rule(
        "C10",
        .error,
        "HTTP/2 in the form of another version",
        why:
            "`http2 on;` is unknown before 1.25.1, and nginx does not start. Since then `listen … http2` is deprecated.",
        fix: "Use the form of the image's version.",
        reference: "nginx.org/en/docs/http/ngx_http_v2_module.html",
        exceptions: "images whose version is not known: then only the deprecated form is named, as a suggestion.",
        bad: [
            "compose.prod.yaml":
                "services:\n  proxy:\n    image: nginx:1.24\n    volumes: [\"./nginx.conf:/etc/nginx/conf.d/default.conf:ro\"]\n",
            "nginx.conf": "server {\n    listen 443 ssl;\n    http2 on;\n    location / { return 204; }\n}\n",
        ],
        good: [
            "compose.prod.yaml":
                "services:\n  proxy:\n    image: nginx:1.29\n    volumes: [\"./nginx.conf:/etc/nginx/conf.d/default.conf:ro\"]\n",
            "nginx.conf": "server {\n    listen 443 ssl;\n    http2 on;\n    location / { return 204; }\n}\n",
        ],
        at: ["nginx.conf:3"]
    ) { context in
        context.nginxFiles.flatMap { file -> [Finding] in
            let isOld = isBefore(file.version, [1, 25, 1])
            let new = file.text.find("http2").filter { $0.directive.arguments == ["on"] && isOld == true }.map(
                \.directive
            )
            let old = file.text.find("listen").map(\.directive).filter {
                $0.arguments.contains("http2") && isOld != true
            }
            return new.map { directive in
                let place = file.place(directive)
                return Finding(
                    "C10",
                    .error,
                    at: place,
                    found: context.line(place),
                    "nginx before 1.25.1 does not know http2 on",
                    fix: "listen 443 ssl http2;"
                )
            }
                + old.map { directive in
                    let place = file.place(directive)
                    return Finding(
                        "C10",
                        .info,
                        at: place,
                        found: context.line(place),
                        "listen … http2 is deprecated since 1.25.1",
                        fix: "listen 443 ssl; and http2 on;",
                        patch: separated(place, context)
                    )
                }
        }
    }

    private static let timeout = Rule(
        "C13",
        .warning,
        "The proxy cuts long answers",
        why:
            "nginx gives up after 60 seconds without a byte: websockets and event streams that are quiet for so long are closed.",
        fix: "`proxy_read_timeout 1h;` in the location of the stream, and `proxy_buffering off;` for events.",
        reference: "nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout",
        exceptions: "apps without websockets and streams.",
        bad: [
            "nginx.conf": """
            events {}
            http {
                map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
                server {
                    listen 80;
                    location / {
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                        proxy_pass http://api:8000;
                    }
                }
            }
            """,
            "main.py": websocketApp, "requirements.txt": "fastapi==0.165.0\nuvicorn==0.54.0\n",
        ],
        good: [
            "nginx.conf": """
            events {}
            http {
                map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
                server {
                    listen 80;
                    location / {
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                        proxy_read_timeout 1h;
                        proxy_pass http://api:8000;
                    }
                }
            }
            """,
            "main.py": websocketApp, "requirements.txt": "fastapi==0.165.0\nuvicorn==0.54.0\n",
        ],
        at: ["nginx.conf:6"]
    ) { context in
        let traits = context.facts.traits
        guard traits.websockets || traits.streaming else { return [] }
        return context.nginxFiles.compactMap { file in
            // One place with a long time is enough: nobody can say which path the stream has.
            let proxies = file.proxies.filter { $0.directive.name == "location" }
            let isLong = proxies.contains { location, inside in
                let value = NginxFile.inForce("proxy_read_timeout", in: location, inside, top: file.text.directives)
                    .last?.arguments.first
                return value.map { seconds($0) >= 300 } ?? false
            }
            guard !isLong, let first = proxies.first?.directive else { return nil }
            let place = file.place(first)
            let what = traits.websockets ? "websockets" : "streams"
            return Finding(
                "C13",
                .warning,
                at: place,
                found: context.line(place),
                "the app has \(what), and nginx closes them after a quiet minute",
                fix: "set proxy_read_timeout to what the longest needs"
            )
        }
    }

    private static let rateLimit = Rule(
        "C14",
        .info,
        "Limit of requests that answers 503 or counts the wrong address",
        why:
            "Without `limit_req_status` a client that asks too often looks like a broken server. Behind another proxy all clients share one address.",
        fix: "`limit_req_status 429;`, and `set_real_ip_from` with the proxy's network where one stands before it.",
        reference: "nginx.org/en/docs/http/ngx_http_limit_req_module.html",
        bad: [
            "nginx.conf":
                "limit_req_zone $binary_remote_addr zone=all:10m rate=10r/s;\nserver {\n    listen 80;\n    limit_req zone=all burst=20;\n    location / { return 204; }\n}\n"
        ],
        good: [
            "nginx.conf":
                "limit_req_zone $binary_remote_addr zone=all:10m rate=10r/s;\nlimit_req_status 429;\nserver {\n    listen 80;\n    limit_req zone=all burst=20;\n    location / { return 204; }\n}\n"
        ],
        at: ["nginx.conf:4"]
    ) { context in
        context.nginxFiles.flatMap { file -> [Finding] in
            var findings: [Finding] = []
            if let use = file.text.find("limit_req").first?.directive, file.text.find("limit_req_status").isEmpty {
                let place = file.place(use)
                findings.append(
                    Finding(
                        "C14",
                        .info,
                        at: place,
                        found: context.line(place),
                        "a client that asks too often gets 503",
                        fix: "limit_req_status 429;"
                    )
                )
            }
            let keyed = file.text.find("limit_req_zone").map(\.directive).filter {
                $0.arguments.first?.contains("http_x_") ?? false
            }
            findings += keyed.map { directive in
                let place = file.place(directive)
                return Finding(
                    "C14",
                    .info,
                    at: place,
                    found: context.line(place),
                    "the client chooses the address that is counted",
                    fix: "$binary_remote_addr"
                )
            }
            return findings
        }
    }

    // MARK: - Private

    static let websocketApp =
        "from fastapi import FastAPI, WebSocket\n\napp = FastAPI()\n\n\n@app.websocket(\"/ws\")\nasync def echo(socket: WebSocket):\n    await socket.accept()\n"

    private static func isTemplate(_ file: NginxFile, _ context: AuditContext) -> Bool {
        guard let text = context.project.text(file.path) else { return true }
        if TextSearch.contains(text, "{{") || TextSearch.contains(text, "{%") || file.path.hasSuffix(".template") {
            return true
        }
        // `max_size={CACHE_SIZE}` is filled in by somebody.
        return TextSearch.all(text, "{").contains { place in
            let name = text.utf8.dropFirst(place + 1).prefix { (65...90).contains($0) || $0 == 0x5F }
            return name.count > 2 && text.utf8.dropFirst(place + 1 + name.count).first == UInt8(ascii: "}")
        }
    }

    /// Nil when the version is not known; a tag such as `1` or `alpine` is a new one.
    static func isBefore(_ version: [Int], _ other: [Int]) -> Bool? {
        guard version.count > 1 else { return nil }
        return version.lexicographicallyPrecedes(other) && !other.starts(with: version)
    }

    private static func separated(_ place: Place, _ context: AuditContext) -> Finding.Patch? {
        guard let text = context.rawLine(place), let line = place.line, text.contains("ssl") else { return nil }
        let indent = text.prefix { $0 == " " || $0 == "\t" }
        return Finding.Patch(
            file: place.file,
            first: line,
            last: line,
            lines: [text.replacing(" http2", with: ""), "\(indent)http2 on;"]
        )
    }

    /// `60`, `60s`, `5m`, `1h`, `1d`; milliseconds are none.
    private static func seconds(_ text: String) -> Int {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits), number < 10_000_000 else { return 0 }
        switch text.dropFirst(digits.count) {
        case "", "s": return number
        case "m": return number * 60
        case "h": return number * 3_600
        case "d": return number * 86_400
        default: return 0
        }
    }
}
