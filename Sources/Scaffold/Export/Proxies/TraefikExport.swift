import Model

/// Traefik without containers: one file that it starts with, one that it reads again when it changes.
enum TraefikExport {
    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        guard let web = plan.web, let port = web.port else {
            throw Fault(.unsupported, "no process answers requests, so there is nothing for Traefik to stand before")
        }
        var result = Generated()
        let stamp = plan.options.stamp
        // Traefik reads this file as a Go template first.
        let dynamic = TreeWriter(escape: { $0.replacing("{{", with: "{{`{{`}}") })
        result.files = [
            Artefact("traefik/traefik.yaml", TreeWriter().yaml([install], stamp: stamp)),
            Artefact("traefik/dynamic/app.yaml", dynamic.yaml([routing(plan, port: port)], stamp: stamp)),
        ]
        result.notes = ["with `--proxy traefik` the compose target writes the same as labels"]
        if plan.hosts.isEmpty { result.needed.append("DOMAIN in Traefik's environment: the host name of the app") }
        result.needed.append("an address for certificatesResolvers.letsencrypt.acme.email, if notices are wanted")
        return result
    }

    /// What the middlewares do, in the form of the file and of labels alike.
    static func middlewares(_ plan: ExportPlan) -> [(name: String, value: Tree)] {
        let name = plan.name
        let headers: Tree = [
            "stsSeconds": 31_536_000, "contentTypeNosniff": true, "frameDeny": true,
            "referrerPolicy": "strict-origin-when-cross-origin",
        ]
        var result: [(name: String, value: Tree)] = [
            (name: "\(name)-headers", value: ["headers": headers]),
            (name: "\(name)-rate", value: ["rateLimit": ["average": 10, "period": "1s", "burst": 20]]),
        ]
        // It holds the whole answer back as well, which streams and WebSockets do not survive.
        if limitsBody(plan) {
            let bytes = (plan.facts.traits.uploads ? 100 : 10) << 20
            result.append((name: "\(name)-body", value: ["buffering": ["maxRequestBodyBytes": .integer(bytes)]]))
        }
        return result
    }

    static func limitsBody(_ plan: ExportPlan) -> Bool {
        !plan.facts.traits.streaming && !plan.facts.traits.websockets
    }

    static func rule(_ hosts: [String]) -> String {
        hosts.map { "Host(`\($0)`)" }.joined(separator: " || ")
    }

    // MARK: - Private

    private static let install: Tree = [
        "entryPoints": [
            "web": [
                "address": ":80",
                "http": ["redirections": ["entryPoint": ["to": "websecure", "scheme": "https", "permanent": true]]],
            ],
            "websecure": [
                "address": ":443",
                "http": ["tls": ["certResolver": "letsencrypt"]],
                "transport": [
                    // From the first byte of a request to its last; WebSockets are not bound by it.
                    "respondingTimeouts": ["readTimeout": "300s"],
                    "lifeCycle": ["requestAcceptGraceTimeout": "5s", "graceTimeOut": "30s"],
                ],
            ],
        ],
        "certificatesResolvers": [
            "letsencrypt": [
                "acme": ["storage": "/etc/traefik/acme/acme.json", "httpChallenge": ["entryPoint": "web"]]
            ]
        ],
        "providers": ["file": ["directory": "/etc/traefik/dynamic", "watch": true]],
        "accessLog": ["format": "json"],
        "log": ["level": "INFO", "format": "json"],
    ]

    private static func routing(_ plan: ExportPlan, port: Int) -> Tree {
        let name = plan.name
        let chain = middlewares(plan)
        let host: Tree = plan.hosts.isEmpty ? .template("Host(`{{ env `DOMAIN` }}`)") : .string(rule(plan.hosts))
        let metrics: Tree =
            plan.hosts.isEmpty
            ? .template("Host(`{{ env `DOMAIN` }}`) && Path(`/metrics`)")
            : .string("(\(rule(plan.hosts))) && Path(`/metrics`)")
        var balancer: Tree = ["servers": [["url": .string("http://127.0.0.1:\(port)")]], "passHostHeader": true]
        balancer = balancer.with("healthCheck", healthCheck(plan))
        return [
            "http": [
                "routers": .table([
                    .init(
                        name,
                        [
                            "rule": host, "entryPoints": ["websecure"], "service": .string(name),
                            "middlewares": .strings(chain.map(\.name)),
                        ]
                    ),
                    .init(
                        "\(name)-metrics",
                        [
                            "rule": metrics, "entryPoints": ["websecure"], "service": .string(name),
                            "middlewares": [.string("\(name)-local")],
                        ]
                    ),
                ]),
                "middlewares": .table(
                    chain.map { Tree.Entry($0.name, $0.value) }
                        + [.init("\(name)-local", ["ipAllowList": ["sourceRange": ["127.0.0.1/32"]]])]
                ),
                "services": .table([.init(name, ["loadBalancer": balancer])]),
            ]
        ]
    }

    private static func healthCheck(_ plan: ExportPlan) -> Tree? {
        guard let path = plan.probe.ready else { return nil }
        let headers = plan.probe.headers.filter { $0.name.lowercased() != "host" }.map { ($0.name, $0.value) }
        return [
            "path": .string(path),
            "interval": .string("\(plan.probe.intervalSeconds)s"),
            "timeout": .string("\(plan.probe.timeoutSeconds)s"),
            "hostname": plan.probeHeaders.first { $0.name.lowercased() == "host" }.map { .string($0.value) },
            "headers": Tree.map(headers).orNil,
        ]
    }
}
