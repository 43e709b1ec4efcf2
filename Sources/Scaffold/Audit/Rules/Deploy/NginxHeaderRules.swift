import Model
import Toolkit

/// C11, C12: headers that nginx passes on and sends.
enum NginxHeaderRules {
    static let all = [forwarded, hidden]

    private static let forwarded = Rule(
        "C11",
        .warning,
        "Headers that the proxy passes on are wrong",
        why: """
            At the edge `$proxy_add_x_forwarded_for` keeps what the client wrote, so it chooses its own address. Without the upgrade headers \
            websockets fail; a constant `Connection: upgrade` ends keep-alive to the app.
            """,
        fix: "`X-Forwarded-For $remote_addr` at the edge; `map $http_upgrade $connection_upgrade` for websockets.",
        reference: "nginx.org/en/docs/http/websocket.html; www.uvicorn.org/settings, \"--forwarded-allow-ips\"",
        exceptions:
            "nginx behind another proxy (`set_real_ip_from`, `real_ip_header`), locations for websockets alone.",
        bad: [
            "nginx.conf": """
            server {
                listen 443 ssl;
                location / {
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_pass http://api:8000;
                }
            }
            """
        ],
        good: [
            "nginx.conf": """
            server {
                listen 443 ssl;
                location / {
                    proxy_set_header X-Forwarded-For $remote_addr;
                    proxy_pass http://api:8000;
                }
            }
            """
        ],
        at: ["nginx.conf:4"]
    ) { context in
        context.nginxFiles.flatMap { file in
            appended(file, context) + constant(file, context) + missingUpgrade(file, context)
        }
    }

    private static let hidden = Rule(
        "C12",
        .warning,
        "Security headers are lost or out of date",
        why:
            "One `add_header` in a location drops all that the server block adds. `X-XSS-Protection: 1` opens holes in old browsers and does nothing in new ones.",
        fix:
            "Repeat the headers in the location (an include file), or leave `add_header` out there; drop X-XSS-Protection.",
        reference:
            "nginx.org/en/docs/http/ngx_http_headers_module.html#add_header; developer.mozilla.org, \"X-XSS-Protection\"",
        exceptions: "locations with an `include`, and those that repeat the headers.",
        bad: [
            "nginx.conf": """
            server {
                listen 80;
                add_header X-Content-Type-Options nosniff always;
                location /static/ {
                    root /srv;
                    add_header Cache-Control "public, immutable";
                }
            }
            """
        ],
        good: [
            "nginx.conf": """
            server {
                listen 80;
                add_header X-Content-Type-Options nosniff always;
                location /static/ {
                    root /srv;
                    expires 30d;
                }
            }
            """
        ],
        at: ["nginx.conf:6"]
    ) { context in
        context.nginxFiles.flatMap { file in lost(file, context) + outdated(file, context) }
    }

    // MARK: - Private

    private static func isBehindProxy(_ file: NginxFile) -> Bool {
        !file.text.find("set_real_ip_from").isEmpty || !file.text.find("real_ip_header").isEmpty
    }

    private static func appended(_ file: NginxFile, _ context: AuditContext) -> [Finding] {
        guard !isBehindProxy(file) else { return [] }
        return file.text.find("proxy_set_header").compactMap { found -> Finding? in
            let words = found.directive.arguments
            guard words.first?.lowercased() == "x-forwarded-for", words.last == "$proxy_add_x_forwarded_for" else {
                return nil
            }
            let place = file.place(found.directive)
            return Finding(
                "C11",
                file.isEdge ? .warning : .info,
                at: place,
                found: context.line(place),
                "the address that the client wrote itself is passed on",
                fix: "X-Forwarded-For $remote_addr at the edge",
                patch: file.isEdge
                    ? context.patch(place, replacing: "$proxy_add_x_forwarded_for", with: "$remote_addr") : nil
            )
        }
    }

    private static func constant(_ file: NginxFile, _ context: AuditContext) -> [Finding] {
        file.text.find("proxy_set_header").compactMap { found in
            let words = found.directive.arguments
            guard words.first?.lowercased() == "connection", words.last?.lowercased() == "upgrade" else { return nil }
            // In a location for websockets alone every request is one.
            let location = found.inside.last { $0.name == "location" }?.arguments.last?.lowercased() ?? ""
            guard !["ws", "socket", "live", "stream", "hmr"].contains(where: location.contains) else { return nil }
            let place = file.place(found.directive)
            return Finding(
                "C11",
                .warning,
                at: place,
                found: context.line(place),
                "every request is sent as an upgrade, so no connection is kept",
                fix: "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }"
            )
        }
    }

    private static func missingUpgrade(_ file: NginxFile, _ context: AuditContext) -> [Finding] {
        guard context.facts.traits.websockets else { return [] }
        let locations = file.proxies.filter { $0.directive.name == "location" }
        let passes = file.text.find("proxy_set_header").contains {
            $0.directive.arguments.first?.lowercased() == "upgrade"
        }
        guard let first = locations.first?.directive, !passes,
            file.text.find("include").allSatisfy({ $0.directive.text.contains("mime") })
        else { return [] }
        let place = file.place(first)
        return [
            Finding(
                "C11",
                .warning,
                at: place,
                found: context.line(place),
                "the app has websockets, and nginx does not pass the upgrade on",
                fix: "set the headers Upgrade and Connection"
            )
        ]
    }

    private static let names: Set<String> = [
        "strict-transport-security", "x-content-type-options", "x-frame-options", "content-security-policy",
        "referrer-policy",
        "permissions-policy",
    ]

    private static func security(_ directives: [NginxText.Directive]) -> Set<String> {
        Set(directives.filter { $0.name == "add_header" }.compactMap { $0.arguments.first?.lowercased() }).intersection(
            names
        )
    }

    private static func lost(_ file: NginxFile, _ context: AuditContext) -> [Finding] {
        file.text.find("location").compactMap { location, inside in
            let own = location.all("add_header")
            guard let first = own.first, location.all("include").isEmpty else { return nil }
            let around = inside.last { !security($0.block ?? []).isEmpty }
            let wanted = security(around?.block ?? file.text.directives.filter { $0.block == nil })
            let missing = wanted.subtracting(security(own)).sorted()
            guard !missing.isEmpty else { return nil }
            let place = file.place(first)
            return Finding(
                "C12",
                .warning,
                at: place,
                found: context.line(place),
                "this location loses \(missing.joined(separator: ", "))",
                fix: "repeat them here, best with an include"
            )
        }
    }

    private static func outdated(_ file: NginxFile, _ context: AuditContext) -> [Finding] {
        file.text.find("add_header").compactMap { found in
            let words = found.directive.arguments
            guard words.first?.lowercased() == "x-xss-protection", words.dropFirst().first?.hasPrefix("1") == true
            else { return nil }
            let place = file.place(found.directive)
            let isAlone =
                context.rawLine(place).map {
                    ImageWords.trimmed($0).hasPrefix("add_header") && ImageWords.trimmed($0).hasSuffix(";")
                } ?? false
            return Finding(
                "C12",
                .warning,
                at: place,
                found: context.line(place),
                "X-XSS-Protection: 1 does harm in old browsers",
                fix: "delete it",
                patch: isAlone ? context.deletion(place) : nil
            )
        }
    }
}
