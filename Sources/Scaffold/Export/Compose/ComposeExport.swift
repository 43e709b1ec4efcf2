import Model
import Toolkit

/// `compose.yaml` for one host: the proxy, the app's processes, its migration, its database and services.
struct ComposeExport {
    let plan: ExportPlan
    let backing: ComposeBacking

    init(_ plan: ExportPlan) {
        self.plan = plan
        backing = ComposeBacking(plan)
    }

    /// The network of the proxy and the app, fixed so that the app can name it as trusted.
    static let subnet = "172.30.0.0/24"

    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        let compose = ComposeExport(plan)
        let writer = TreeWriter(escape: { $0.replacing("$", with: "$$") })
        let stamp = plan.options.stamp
        var result = Generated()
        result.files.append(Artefact("compose.yaml", writer.yaml([compose.document], stamp: stamp)))
        result.files.append(Artefact("compose.override.yaml", writer.yaml([compose.development], stamp: stamp)))
        if plan.web != nil {
            switch plan.options.proxy {
            case .nginx: result.files.append(Artefact("nginx.conf", try NginxExport(plan, place: .compose).text))
            case .traefik: break
            }
        }
        result.needed = compose.needed
        result.notes = compose.notes
        return result
    }

    // MARK: - The file

    var document: Tree {
        var services: [Tree.Entry] = []
        if let web = plan.web { services += ComposeProxy(plan, web).services }
        if let release = plan.release { services.append(.init("migrate", migrate(release))) }
        for unit in plan.units { services.append(.init(unit.name, service(unit))) }
        services += backing.services
        return [
            "name": .string(plan.name),
            "x-app": .anchored("app", app),
            "services": .table(services),
            "networks": networks,
            "volumes": volumes.orNil,
            "secrets": backing.secrets.orNil,
        ]
    }

    private var networks: Tree {
        let pool: Tree = ["subnet": .string(Self.subnet)]
        var networks: Tree = ["default": ["ipam": ["config": [pool]]]]
        if !backing.services.isEmpty { networks = networks.with("data", ["internal": true]) }
        if plan.web != nil, plan.options.proxy == .traefik { networks = networks.with("socket", ["internal": true]) }
        return networks
    }

    private var volumes: Tree {
        var names: [String] = []
        for unit in plan.units {
            for name in unit.volumes.map(\.name) + unit.scratch.map(scratchName) where !names.contains(name) {
                names.append(name)
            }
        }
        names += backing.volumes
        if plan.web != nil { names.append(plan.options.proxy == .nginx ? "acme" : "letsencrypt") }
        return .table(names.map { Tree.Entry($0, [:]) })
    }

    /// `/app/var/uploads` as `app-var-uploads`.
    private func scratchName(_ path: String) -> String { plan.scratchNames[path] ?? "files" }

    /// What all processes of the app get.
    private var environment: Tree {
        var values = Tree.map(plan.env)
        for variable in plan.variables {
            if let address = backing.address(of: variable) {
                values = values.with(variable.name, .template(address))
            } else if variable.isRequired {
                values = values.with(variable.name, .template("${\(variable.name):?set \(variable.name)}"))
            } else {
                // Without a value: taken over when it is set where Compose runs, else absent.
                values = values.with(variable.name, .null)
            }
        }
        let known = plan.env.map(\.name) + plan.variables.map(\.name)
        for (name, value) in plan.serverValues(for: .compose) where !known.contains(name) {
            values = values.with(name, value)
        }
        return values
    }

    // MARK: - Services

    private var image: Tree { plan.image.map(Tree.string) ?? .template("${APP_IMAGE:?set APP_IMAGE}") }

    /// What all processes of the app share.
    private var app: Tree {
        [
            "image": image,
            "environment": environment,
            "depends_on": dependencies.orNil,
            "read_only": plan.isStrict ? true : nil,
            "tmpfs": [.string("/tmp:size=\(plan.temporaryMiB)m,mode=1777")],
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "stop_signal": plan.stopSignal == .term ? nil : .string(plan.stopSignal.rawValue),
            "stop_grace_period": .string("\(plan.graceSeconds)s"),
            "logging": Self.logging,
            "networks": backing.services.isEmpty ? ["default"] : ["default", "data"],
        ]
    }

    private func service(_ unit: ExportPlan.Unit) -> Tree {
        let isWeb = unit.name == plan.web?.name
        let base: Tree = ["<<": .alias("app")]
        let published = unit.ports.map { Tree.string("\($0.external):\($0.internal)") }
        var service = base.with("build", isWeb ? build : nil)
            .with("profiles", unit.isOptional ? ["optional"] : nil)
            .with("entrypoint", unit.entrypoint.map(Tree.strings))
            .with("command", unit.command.map(Tree.strings))
            .with("expose", unit.port.map { [.string(String($0))] })
            .with("ports", Tree.list(published).orNil)
            // Only the web process has a port, which the image's own check would ask for in vain elsewhere.
            .with("healthcheck", isWeb ? healthCheck : ["disable": true])
            .with("volumes", mounts(unit).orNil)
            .with("restart", .string(Self.restart(unit.restart)))
            .with("deploy", deploy(unit))
        if let swap = plan.config?.swapSizeMB, swap > 0 {
            service = service.with("memswap_limit", .string("\(unit.guest.memoryMiB + swap)M"))
        }
        guard isWeb, plan.options.proxy == .traefik else { return service }
        return service.with("labels", ComposeProxy.labels(plan, unit))
    }

    private func migrate(_ release: ExportPlan.Release) -> Tree {
        let needs = backing.services.map { service in
            Tree.Entry(service.key, ["condition": .string(backing.condition(of: service))])
        }
        return [
            "<<": .alias("app"),
            "entrypoint": plan.config?.overrides.entrypoint.map(Tree.strings),
            "command": .strings(release.command),
            "working_dir": release.workingDirectory.map(Tree.string),
            "healthcheck": ["disable": true],
            "depends_on": .table(needs),
            "volumes": (plan.web ?? plan.workers.first).flatMap { mounts($0).orNil },
            "restart": "no",
        ]
    }

    private func mounts(_ unit: ExportPlan.Unit) -> Tree {
        let volumes = unit.volumes.map { Self.mount($0.name, at: $0.path) }
        return .list(volumes + unit.scratch.map { Self.mount(scratchName($0), at: $0) })
    }

    private static func mount(_ name: String, at path: String) -> Tree {
        ["type": "volume", "source": .string(name), "target": .string(path)]
    }

    private func deploy(_ unit: ExportPlan.Unit) -> Tree {
        let limits: Tree = [
            "cpus": .string("\(unit.guest.cpus).0"), "memory": .string("\(unit.guest.memoryMiB)M"),
        ]
        return ["replicas": .integer(unit.replicas), "resources": ["limits": limits]]
    }

    private var dependencies: Tree {
        var needs: [Tree.Entry] = []
        if plan.release != nil { needs.append(.init("migrate", ["condition": "service_completed_successfully"])) }
        for service in backing.services {
            needs.append(.init(service.key, ["condition": .string(backing.condition(of: service))]))
        }
        return .table(needs)
    }

    private var healthCheck: Tree? {
        guard let words = plan.healthCommand else { return nil }
        return [
            "test": .strings(["CMD"] + words),
            "interval": .string("\(plan.probe.intervalSeconds)s"),
            "timeout": .string("\(plan.probe.timeoutSeconds)s"),
            "retries": 3,
            "start_period": .string("\(max(plan.probe.graceSeconds, 20))s"),
            "start_interval": "2s",
        ]
    }

    static let logging: Tree = ["driver": "json-file", "options": ["max-size": "10m", "max-file": "3"]]

    /// Fly's own default, ten tries after a failure, would leave an app down for good.
    private static func restart(_ restart: MachineConfig.Restart?) -> String {
        switch restart?.policy {
        case .no: "no"
        case .onFailure: "on-failure:\(restart?.maxRetries ?? 10)"
        case .always, .unknown, nil: "unless-stopped"
        }
    }

    private var build: Tree? {
        guard plan.isBuilt else { return nil }
        let build = plan.build
        return [
            "context": ".",
            "dockerfile": .string(build.dockerfile),
            "target": build.target.map(Tree.string),
            "args": Tree.map(build.arguments.map { ($0.name, $0.value) }).orNil,
        ]
    }
}
