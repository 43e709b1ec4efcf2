import Model

/// What stands before the app in a Compose file; it alone publishes ports for requests.
struct ComposeProxy {
    private let plan: ExportPlan
    private let web: ExportPlan.Unit

    init(_ plan: ExportPlan, _ web: ExportPlan.Unit) {
        self.plan = plan
        self.web = web
    }

    var services: [Tree.Entry] {
        switch plan.options.proxy {
        case .nginx: [.init("proxy", nginx)]
        case .traefik: [.init("proxy", traefik), .init("socket-proxy", Self.socketProxy)]
        }
    }

    /// What Traefik reads of the app; where no domain is known, the user's `DOMAIN`.
    static func labels(_ plan: ExportPlan, _ web: ExportPlan.Unit) -> Tree {
        let name = plan.name
        let router = "traefik.http.routers.\(name)"
        let balancer = "traefik.http.services.\(name).loadbalancer"
        let host =
            plan.hosts.isEmpty ? "Host(`${DOMAIN:?set DOMAIN}`)" : "(\(TraefikExport.rule(plan.hosts)))"
        let chain = TraefikExport.middlewares(plan)
        var labels: Tree = .table([
            .init("traefik.enable", "true"),
            .init("traefik.docker.network", .string("\(name)_default")),
            .init("\(router).rule", .template(host)),
            .init("\(router).entrypoints", "websecure"),
            .init("\(router).tls.certresolver", "letsencrypt"),
            .init("\(router).middlewares", .string(chain.map(\.name).joined(separator: ","))),
            .init("\(router).service", .string(name)),
            .init("\(router)-metrics.rule", .template("\(host) && Path(`/metrics`)")),
            .init("\(router)-metrics.entrypoints", "websecure"),
            .init("\(router)-metrics.tls.certresolver", "letsencrypt"),
            .init("\(router)-metrics.middlewares", .string("\(name)-local")),
            .init("\(router)-metrics.service", .string(name)),
            .init("traefik.http.middlewares.\(name)-local.ipAllowList.sourceRange", "127.0.0.1/32"),
            .init("\(balancer).server.port", .string(String(web.port ?? ServerStart.port(plan.facts)))),
        ])
        if let path = plan.probe.ready {
            labels = labels.with("\(balancer).healthcheck.path", .string(path))
                .with("\(balancer).healthcheck.interval", .string("\(plan.probe.intervalSeconds)s"))
            if let host = plan.probeHeaders.first(where: { $0.name.lowercased() == "host" }) {
                labels = labels.with("\(balancer).healthcheck.hostname", .string(host.value))
            }
        }
        for (name, value) in chain { labels = labels.merging(flat("traefik.http.middlewares.\(name)", value)) }
        return labels
    }

    // MARK: - Private

    /// A table as labels: `prefix.rateLimit.average: "10"`.
    private static func flat(_ prefix: String, _ tree: Tree) -> Tree {
        guard case .table(let entries) = tree else { return [:] }
        return entries.reduce([:]) { result, entry in
            switch entry.value {
            case .integer(let number): result.with("\(prefix).\(entry.key)", .string(String(number)))
            case .boolean(let flag): result.with("\(prefix).\(entry.key)", .string(String(flag)))
            case .string: result.with("\(prefix).\(entry.key)", entry.value)
            default: result.merging(flat("\(prefix).\(entry.key)", entry.value))
            }
        }
    }

    private var dependency: Tree {
        let condition: Tree = plan.healthCommand == nil ? "service_started" : "service_healthy"
        return .table([.init(web.name, ["condition": condition])])
    }

    private var nginx: Tree {
        [
            "image": .string("nginx:\(plan.options.nginxVersion)-alpine"),
            "ports": ["80:80", "443:443"],
            "volumes": [
                "./nginx.conf:/etc/nginx/nginx.conf:ro",
                "./certs:/etc/nginx/certs:ro",
                "acme:/var/www/acme:ro",
            ],
            "depends_on": dependency,
            "security_opt": ["no-new-privileges:true"],
            "restart": "unless-stopped",
            "logging": ComposeExport.logging,
            "networks": ["default"],
        ]
    }

    private var traefik: Tree {
        [
            "image": "traefik:v3.6",
            "command": [
                "--entrypoints.web.address=:80",
                "--entrypoints.web.http.redirections.entrypoint.to=websecure",
                "--entrypoints.web.http.redirections.entrypoint.scheme=https",
                "--entrypoints.websecure.address=:443",
                "--entrypoints.websecure.transport.respondingTimeouts.readTimeout=300s",
                "--entrypoints.websecure.transport.lifeCycle.graceTimeOut=30s",
                "--providers.docker=true",
                "--providers.docker.exposedByDefault=false",
                "--providers.docker.endpoint=tcp://socket-proxy:2375",
                "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=web",
                "--certificatesresolvers.letsencrypt.acme.storage=/letsencrypt/acme.json",
                .template("--certificatesresolvers.letsencrypt.acme.email=${ACME_EMAIL:?set ACME_EMAIL}"),
                "--accesslog=true",
                "--accesslog.format=json",
            ],
            "ports": ["80:80", "443:443"],
            "volumes": ["letsencrypt:/letsencrypt"],
            "depends_on": ["socket-proxy": ["condition": "service_started"]],
            "read_only": true,
            "tmpfs": ["/tmp:size=64m,mode=1777"],
            "security_opt": ["no-new-privileges:true"],
            "restart": "unless-stopped",
            "logging": ComposeExport.logging,
            "networks": ["default", "socket"],
        ]
    }

    /// Docker's socket is root on the host; Traefik gets no more of it than the list of containers.
    private static let socketProxy: Tree = [
        "image": "tecnativa/docker-socket-proxy:0.3.0",
        "environment": ["CONTAINERS": "1", "NETWORKS": "1", "POST": "0"],
        "volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"],
        "restart": "unless-stopped",
        "logging": ComposeExport.logging,
        "networks": ["socket"],
    ]
}
