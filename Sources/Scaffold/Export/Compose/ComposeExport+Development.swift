import Model

extension ComposeExport {
    /// `compose.override.yaml`, which Compose reads by itself: code from the folder, reloaded, and ports on loopback.
    var development: Tree {
        var services: [Tree.Entry] = []
        if let web = plan.web {
            if plan.options.proxy == .traefik { services.append(.init("socket-proxy", ["profiles": ["proxy"]])) }
            services.append(.init("proxy", ["profiles": ["proxy"]], comment: "Requests go straight to the app."))
            services.append(.init(web.name, developmentWeb(web)))
        }
        for service in backing.services {
            guard let port = Self.port(of: service.key, plan) else { continue }
            // An internal network publishes nothing.
            services.append(
                .init(
                    service.key,
                    ["ports": [.string("127.0.0.1:\(port):\(port)")], "networks": ["default"]]
                )
            )
        }
        return ["services": .table(services)]
    }

    /// What only the user knows.
    var needed: [String] {
        var needed: [String] = []
        if plan.image == nil { needed.append("APP_IMAGE: the name of the image, with its tag") }
        for variable in plan.variables where variable.isRequired && backing.address(of: variable) == nil {
            needed.append(variable.name)
        }
        needed += backing.passwords.map { "\($0): letters and digits, as it stands in an address" }
        needed += backing.missing
        guard plan.web != nil else { return needed }
        switch plan.options.proxy {
        case .nginx:
            needed.append("certs/fullchain.pem and certs/privkey.pem: the certificate and its key")
            if plan.hosts.isEmpty { needed.append("the domain: without one nginx answers to every name") }
        case .traefik:
            needed.append("ACME_EMAIL: where Let's Encrypt writes to")
            if plan.hosts.isEmpty { needed.append("DOMAIN: the host name of the app") }
        }
        return needed
    }

    var notes: [String] {
        var notes = [
            "start it with `docker compose -f compose.yaml --env-file .env.production up -d --wait`; "
                + "without -f the file for development is read too"
        ]
        if plan.facts.existing.dockerfile != nil, plan.facts.writePaths.contains(where: { !$0.hasPrefix("/") }) {
            notes.append("folders that the app writes to are taken to lie below \(plan.imageFolder) in its image")
        }
        if plan.facts.database != nil, backing.services.contains(where: { $0.key == "db" }) {
            notes.append(
                "the database's address has the scheme of its driver; code that rewrites it may want another"
            )
        }
        return notes
    }

    // MARK: - Private

    private func developmentWeb(_ web: ExportPlan.Unit) -> Tree {
        var service: Tree = [:]
        if plan.facts.existing.dockerfile == nil, plan.isASGI,
            let command = plan.startCommand?.words(host: "0.0.0.0", port: web.port ?? ServerStart.port(plan.facts)),
            command.first == "uvicorn"
        {
            let code: Tree = ["type": "bind", "source": ".", "target": .string(BuildLayout.home)]
            service = ["command": .strings(command + ["--reload"]), "volumes": [code], "read_only": false]
        }
        if let port = web.port { service = service.with("ports", [.string("127.0.0.1:\(port):\(port)")]) }
        return service.with("deploy", ["replicas": 1])
    }

    private static func port(of service: String, _ plan: ExportPlan) -> Int? {
        switch service {
        case "db":
            switch plan.facts.database?.engine {
            case .mysql: 3306
            case .mongodb: 27017
            case .elasticsearch: 9200
            default: 5432
            }
        case "redis": 6379
        case "rabbitmq": 5672
        case "memcached": 11211
        case "elasticsearch": 9200
        case "nats": 4222
        default: nil
        }
    }
}
