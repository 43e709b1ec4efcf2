import Model

/// `nginx.conf`, whole: TLS, HTTP/2, WebSocket, streams, limits, and a place for ACME's challenges.
struct NginxExport {
    /// Where nginx runs, seen from the app.
    enum Place {
        case compose
        case host
    }

    private let plan: ExportPlan
    private let place: Place
    private let port: Int
    private let version: Version

    /// - Throws: ``Fault`` when nothing answers requests, or the version is none.
    init(_ plan: ExportPlan, place: Place) throws(Fault) {
        guard let web = plan.web, let port = web.port else {
            throw Fault(.unsupported, "no process answers requests, so there is nothing for nginx to stand before")
        }
        self.plan = plan
        self.place = place
        self.port = port
        version = try Version(plan.options.nginxVersion)
    }

    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        var result = Generated()
        result.files = [Artefact("nginx.conf", try NginxExport(plan, place: .host).text)]
        result.needed = ["/etc/nginx/certs/fullchain.pem and privkey.pem: the certificate and its key"]
        if plan.hosts.isEmpty { result.needed.append("the domain: without one nginx answers to every name") }
        return result
    }

    var text: String {
        """
        # \(Quoting.comment(plan.options.stamp))
        worker_processes auto;
        pid /run/nginx.pid;
        events { worker_connections 1024; }
        http {
            include /etc/nginx/mime.types;
            default_type application/octet-stream;
            server_tokens off;
            log_format json escape=json '\(Self.logFormat)';
            access_log /dev/stdout json;
            error_log /dev/stderr warn;

            map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
            limit_req_zone $binary_remote_addr zone=perip:10m rate=10r/s;
            limit_req_status 429;

            gzip on;
            gzip_proxied any;
            gzip_min_length 1000;
            gzip_types text/plain text/css application/json application/javascript image/svg+xml;

        \(Self.indented(upstream, by: 4))
            server {
                listen 80;
                server_name \(serverNames);
                location /.well-known/acme-challenge/ { root /var/www/acme; }
                location / { return 308 https://$host$request_uri; }
            }
            server {
        \(Self.indented(listen, by: 8))
                server_name \(serverNames);
                ssl_certificate     /etc/nginx/certs/fullchain.pem;
                ssl_certificate_key /etc/nginx/certs/privkey.pem;
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_session_cache shared:tls:10m;
                ssl_session_timeout 1d;
                ssl_session_tickets off;
                client_max_body_size \(plan.facts.traits.uploads ? "100m" : "10m");

                # An add_header in a location would drop these there.
                add_header Strict-Transport-Security "max-age=31536000" always;
                add_header X-Content-Type-Options nosniff always;
                add_header X-Frame-Options DENY always;
                add_header Referrer-Policy strict-origin-when-cross-origin always;

        \(Self.indented(proxy, by: 8))

                location = /metrics { return 404; }
        \(Self.indented(health, by: 8))
                location / {
                    limit_req zone=perip burst=20 nodelay;
                    proxy_pass http://app;
                }
            }
        }

        """
        // Parts that say nothing leave their line empty.
        .replacing("\n\n\n", with: "\n\n").replacing("{ return 404; }\n\n", with: "{ return 404; }\n")
    }

    // MARK: - Private

    /// A client's name is not taken from it: `X-Forwarded-For` is set anew, as this is the edge.
    private var proxy: String {
        let long = plan.facts.traits.websockets || plan.facts.traits.streaming
        let timeout = long ? "3600s" : "60s"
        let buffering = plan.facts.traits.streaming ? "\nproxy_buffering off;" : ""
        return """
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Request-ID $request_id;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 5s;
            proxy_send_timeout \(timeout);
            proxy_read_timeout \(timeout);\(buffering)
            """
    }

    /// Docker's own resolver is asked again and again where nginx can do that, since a new container has a new address.
    private var upstream: String {
        let resolves = place == .compose && version >= Version(1, 27, 3)
        let host = place == .compose ? plan.web?.name ?? "web" : "127.0.0.1"
        let limits = "max_fails=3 fail_timeout=10s"
        var lines = resolves ? ["resolver 127.0.0.11 valid=10s ipv6=off;"] : []
        lines.append("upstream app {")
        if resolves { lines.append("    zone app 64k;") }
        lines.append("    least_conn;")
        lines.append("    server \(host):\(port) \(resolves ? "resolve " : "")\(limits);")
        lines += ["    keepalive 32;", "}"]
        return lines.joined(separator: "\n")
    }

    private var listen: String {
        version >= Version(1, 25, 1) ? "listen 443 ssl;\nhttp2 on;" : "listen 443 ssl http2;"
    }

    private var health: String {
        guard let path = plan.probe.live, !["/", "/metrics"].contains(path), !path.contains("?") else { return "" }
        guard let quoted = Quoting.nginx(path) else { return "" }
        return "location = \(quoted) { access_log off; proxy_pass http://app; }"
    }

    private var serverNames: String { plan.hosts.isEmpty ? "_" : plan.hosts.joined(separator: " ") }

    private static let logFormat =
        #"{"time":"$time_iso8601","remote_addr":"$remote_addr","method":"$request_method","uri":"$request_uri","#
        + #""status":$status,"bytes":$body_bytes_sent,"rt":$request_time,"urt":"$upstream_response_time","#
        + #""rid":"$request_id"}"#

    private static func indented(_ text: String, by count: Int) -> String {
        let lead = String(repeating: " ", count: count)
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : lead + $0 }.joined(separator: "\n")
    }

    /// Three numbers, missing ones 0.
    struct Version: Comparable {
        private let numbers: [Int]

        init(_ numbers: Int...) {
            self.numbers = numbers
        }

        init(_ text: String) throws(Fault) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
            let numbers = parts.compactMap { $0 }.filter { (0...9999).contains($0) }
            guard numbers.count == parts.count, (2...3).contains(parts.count) else {
                let found = ConfigNode.quoted(text)
                throw Fault(.invalidRequest, "expected a version of nginx such as 1.29, found \(found)")
            }
            self.numbers = numbers + (numbers.count == 2 ? [0] : [])
        }

        static func < (left: Version, right: Version) -> Bool {
            left.numbers.lexicographicallyPrecedes(right.numbers)
        }
    }
}
