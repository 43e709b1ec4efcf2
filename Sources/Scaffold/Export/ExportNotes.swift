import Model

/// Every fact that a target has no place for, in sentences.
///
/// One table for all targets: what a target says in its files is not repeated, all the rest is named.
struct ExportNotes {
    let plan: ExportPlan
    private let target: ExportTarget

    init(_ plan: ExportPlan, _ target: ExportTarget) {
        self.plan = plan
        self.target = target
    }

    /// The sentences, in the order of the table.
    var lines: [String] {
        var lines: [String] = []
        var elsewhere: [String] = []
        for fact in facts where !fact.shown.contains(target) {
            if let advice = fact.advice[target] {
                lines.append("\(fact.what): \(advice)")
            } else if isPart {
                elsewhere.append(fact.what)
            } else {
                lines.append("\(fact.what): \(fact.otherwise)")
            }
        }
        guard !elsewhere.isEmpty else { return lines }
        return lines + ["not in \(partName), which does not run the app: \(elsewhere.joined(separator: ", "))"]
    }

    /// The target is one part of a host, and others have to say the rest.
    private var isPart: Bool { [.nginx, .traefik, .gunicorn, .githubActions].contains(target) }

    private var partName: String {
        switch target {
        case .nginx: "nginx.conf"
        case .traefik: "Traefik's files"
        case .gunicorn: "gunicorn.conf.py"
        default: "the workflow"
        }
    }

    private var facts: [ExportFact] {
        var facts = processFacts + trafficFacts + stateFacts + codeFacts
        if let config = plan.config { facts += configFacts(config) }
        return facts
    }

    /// Targets that run the app themselves.
    static let containers: Set<ExportTarget> = [.compose, .k8s, .ecs, .cloudrun]

    // MARK: - Processes

    private var processFacts: [ExportFact] {
        var facts: [ExportFact] = []
        for worker in plan.workers where worker.command != nil || worker.entrypoint != nil {
            let command = ConfigNode.printable(
                ((worker.entrypoint ?? []) + (worker.command ?? [])).joined(separator: " ")
            )
            let kind =
                worker.isOptional ? "optional process" : worker.isSingleton ? "process that may run once" : "process"
            var fact = ExportFact("\(kind) \(worker.name) (\(command))")
            fact.shown = [.compose, .k8s, .heroku, .systemd]
            fact.advice[.cloudrun] =
                "Cloud Run services run nothing but answers to requests; put it on another target or in a worker pool"
            if worker.isOptional {
                fact.advice[.ecs] = "left out; a task definition like the others would run it"
            } else {
                fact.shown.insert(.ecs)
            }
            facts.append(fact)
            if worker.isSingleton {
                var once = ExportFact("\(worker.name) may run only once at a time")
                once.shown = [.compose, .k8s, .systemd]
                once.advice[.ecs] = "desiredCount 1, minimumHealthyPercent 0 and maximumPercent 100 in its service"
                once.advice[.heroku] = "never scale it above 1; during a deploy two may overlap for a moment"
                once.advice[.cloudrun] = "named above"
                facts.append(once)
            }
        }
        for worker in plan.workers where worker.command == nil && worker.entrypoint == nil {
            facts.append(
                ExportFact("process \(worker.name) with the image's own command", "give it one", Self.containers)
            )
        }
        for process in plan.facts.processes where plan.config != nil && !process.command.isEmpty {
            guard !plan.units.contains(where: { $0.group == process.name || $0.command == process.command }) else {
                continue
            }
            let command = ConfigNode.printable(process.command.joined(separator: " "))
            facts.append(
                ExportFact(
                    "process \(ConfigNode.printable(process.name)) (\(command)), found in the code",
                    "fly.toml has no group for it"
                )
            )
        }
        for process in plan.facts.processes where process.kind == .inProcess {
            facts.append(
                ExportFact(
                    "\(ConfigNode.printable(process.name)) runs inside the web process",
                    "so there may be only one"
                )
            )
        }
        return facts
    }

    // MARK: - Traffic

    private var trafficFacts: [ExportFact] {
        var facts: [ExportFact] = []
        let traits = plan.facts.traits
        if let port = plan.web?.port {
            var fact = ExportFact("port \(port)")
            fact.shown = [.compose, .k8s, .ecs, .cloudrun, .nginx, .traefik, .gunicorn]
            if plan.startCommand?.knowsPort ?? false { fact.shown.insert(.systemd) }
            fact.advice[.systemd] = "its command does not name it"
            fact.advice[.heroku] = "$PORT takes its place"
            facts.append(fact)
        }
        if traits.websockets {
            var fact = ExportFact("WebSockets", "see that what stands before the app upgrades connections")
            fact.shown = [.nginx]
            fact.advice[.compose] =
                plan.options.proxy == .nginx ? "passed on by nginx, idle for an hour at most" : "passed on by Traefik"
            fact.advice[.traefik] = "passed on as they are"
            fact.advice[.k8s] =
                "the timeouts of the Ingress are an hour; several Pods need a broker between their clients"
            fact.advice[.ecs] =
                "raise the load balancer's idle timeout above 60 s; several tasks need a broker between their clients"
            fact.advice[.cloudrun] =
                "a connection ends after timeoutSeconds, 60 minutes at most, so clients have to reconnect"
            fact.advice[.heroku] = "a connection that is idle for 55 s is closed, so send pings"
            fact.advice[.gunicorn] = "uvicorn_worker carries them"
            facts.append(fact)
        }
        if traits.streaming {
            var fact = ExportFact("streamed answers", "see that what stands before the app does not buffer them")
            fact.shown = [.nginx]
            fact.advice[.compose] = "not buffered by the proxy"
            fact.advice[.traefik] = "passed on as they come; there is no limit on bodies, since that would buffer them"
            fact.advice[.k8s] = "the Ingress does not buffer them"
            fact.advice[.ecs] = "raise the load balancer's idle timeout above 60 s"
            fact.advice[.cloudrun] = "a request ends after timeoutSeconds, 60 minutes at most"
            fact.advice[.heroku] = "the first byte has to come within 30 s, the next ones within 55 s"
            facts.append(fact)
        }
        if traits.uploads {
            var fact = ExportFact("uploads", "allow bodies of their size before the app")
            fact.shown = [.nginx]
            fact.advice[.compose] = "bodies up to 100 MiB"
            fact.advice[.traefik] =
                TraefikExport.limitsBody(plan)
                ? "bodies up to 100 MiB" : "no limit on bodies, since it would buffer streams"
            fact.advice[.k8s] = "the Ingress takes bodies up to 100 MiB"
            fact.advice[.cloudrun] = "32 MiB a request over HTTP/1"
            fact.advice[.heroku] = "a request has 30 s; let browsers upload to object storage"
            facts.append(fact)
        }
        for item in plan.facts.statics {
            let what = "files below \(ConfigNode.printable(item.path)) (\(ConfigNode.printable(item.directory)))"
            facts.append(ExportFact(what, "the app serves them itself"))
        }
        if let frontend = plan.facts.frontend {
            let what = "the front end in \(ConfigNode.printable(frontend.directory))"
            facts.append(
                ExportFact(
                    what,
                    frontend.isServed ? "built into the image and served by the app" : "it is deployed on its own"
                )
            )
        }
        if plan.web != nil, plan.probe.ready == nil {
            facts.append(
                ExportFact("no health path was found", "an open port has to do; `roost launch` offers a patch")
            )
        } else if let path = plan.probe.ready {
            var fact = ExportFact("health path \(path)", "nothing asks it there")
            fact.shown = [.k8s, .cloudrun, .traefik]
            if plan.healthCommand != nil, plan.probe.live ?? path == path { fact.shown.formUnion([.compose, .ecs]) }
            fact.advice[.heroku] = "Heroku asks no path; it waits 60 s for an open port"
            fact.advice[.systemd] = "systemd asks no path; let the monitoring ask it"
            fact.advice[.nginx] = "nginx without its commercial edition asks no path; it passes a dead server over"
            fact.advice[.compose] =
                "only Traefik asks it; the container is asked for \(plan.probe.live ?? "an open port")"
            fact.advice[.ecs] = "let the target group ask it"
            facts.append(fact)
        }
        return facts
    }

    // MARK: - State

    private var stateFacts: [ExportFact] {
        var facts: [ExportFact] = []
        for reason in plan.singleReasons {
            facts.append(ExportFact("one process and one replica only (\(reason))", "keep it so there"))
        }
        if let database = plan.facts.database { facts.append(Self.fact(database)) }
        if plan.facts.database?.pooler != nil {
            facts.append(
                ExportFact("the pooled database", "run migrations over the direct address, DIRECT_DATABASE_URL")
            )
        }
        for service in plan.facts.services {
            let name = service.kind == .objectStorage ? "object storage" : service.kind.label
            var fact = ExportFact(name, "has to be had there, and its address given to the app")
            if service.kind != .objectStorage {
                fact.shown = [.compose]
                if service.kind == .redis { fact.shown.insert(.githubActions) }
                if [.redis, .rabbitmq, .memcached, .kafka].contains(service.kind) { fact.shown.insert(.heroku) }
            }
            facts.append(fact)
        }
        for path in Set(plan.units.flatMap(\.scratch)).sorted() {
            var fact = ExportFact("the app writes to \(ConfigNode.printable(path))")
            fact.shown = [.systemd]
            fact.advice[.compose] = "a volume of its own on this host"
            fact.advice[.k8s] = "an emptyDir, gone with its Pod: use object storage for what has to stay"
            fact.advice[.ecs] = "a volume that goes with its task: use object storage for what has to stay"
            fact.advice[.cloudrun] = "in memory: use object storage for what has to stay"
            fact.advice[.heroku] = "gone with each restart of the dyno: use object storage"
            facts.append(fact)
        }
        for volume in plan.units.flatMap(\.volumes) where !facts.contains(where: { $0.what.hasPrefix(volume.why) }) {
            var fact = ExportFact("\(volume.why) at \(volume.path), \(volume.sizeGB) GB")
            fact.advice[.compose] = "a volume of this host, without a limit on its size"
            fact.shown = [.k8s]
            fact.advice[.ecs] = "on EFS, which has no size"
            fact.advice[.cloudrun] = "can't outlive an instance"
            fact.advice[.heroku] = "dynos have no disks that stay"
            fact.advice[.systemd] = "a folder of the host, without a limit on its size"
            facts.append(fact)
        }
        return facts
    }

    private static func fact(_ database: Facts.Database) -> ExportFact {
        var fact = ExportFact(
            "database: \(database.engine.rawValue)",
            "has to be had there, and its address given to the app"
        )
        switch database.engine {
        case .postgresql, .mysql:
            if database.pooler == nil { fact.shown = [.compose, .heroku, .githubActions] }
        case .mongodb:
            if database.pooler == nil { fact.shown = [.compose, .githubActions] }
        case .elasticsearch:
            if database.pooler == nil { fact.shown = [.compose] }
        case .sqlite:
            fact = ExportFact(
                "database: SQLite file \(ConfigNode.printable(database.file ?? "in memory"))",
                "it has to lie on a disk that stays"
            )
            guard let file = database.file, !file.contains(":memory:") else { return fact }
            fact.advice[.compose] = "on a volume of this host"
            fact.advice[.k8s] = "on the StatefulSet's volume"
        case .mssql, .oracle: break
        }
        return fact
    }

    // MARK: - Code

    private var codeFacts: [ExportFact] {
        var facts: [ExportFact] = []
        if let release = plan.release {
            var fact = ExportFact("release command (\(ConfigNode.printable(release.command.joined(separator: " "))))")
            fact.shown = [.compose, .k8s, .cloudrun, .heroku, .systemd, .ecs]
            fact.advice[.githubActions] = "run on the host before the new version, as the Compose file has it"
            facts.append(fact)
        } else if let migrations = plan.facts.migrations {
            let runner = (plan.facts.startRunner ?? migrations.runBy.first).map { " (\($0.place.description))" } ?? ""
            let why =
                plan.facts.migratesItself && migrations.tool != .inApp
                ? "run at each start of the app\(runner), so no step of its own is written"
                : migrations.tool == .inApp ? "run by the app itself" : "fly.toml has no release_command for them"
            facts.append(ExportFact("migrations with \(migrations.tool.rawValue)", why))
        }
        for variable in plan.variables {
            var fact = ExportFact("variable \(variable.name)")
            fact.shown = [.compose, .k8s, .heroku, .systemd]
            // Optional ones are named where they are left out.
            fact.shown.formUnion([.ecs, .cloudrun])
            facts.append(fact)
        }
        if plan.facts.existing.dockerfile != nil || plan.config?.build.image != nil, plan.isStrict {
            var fact = ExportFact("the project's own image")
            fact.shown = Set(ExportTarget.allCases).subtracting([.compose, .k8s, .ecs])
            fact.advice[.compose] = "it runs on a read-only root here, with /tmp in memory: see that it can"
            for target in [ExportTarget.k8s, .ecs] {
                fact.advice[target] = "it runs as user 10001 on a read-only root here: see that it can"
            }
            facts.append(fact)
        }
        if plan.facts.recipe != nil, plan.web?.command == nil {
            var fact = ExportFact("the start command is that of the image")
            fact.shown = Set(ExportTarget.allCases).subtracting([.heroku, .systemd])
            for target in [ExportTarget.heroku, .systemd] { fact.advice[target] = "see that its paths are right there" }
            facts.append(fact)
        }
        if plan.facts.roots.count > 1 {
            let names = plan.facts.roots.map { ConfigNode.printable($0.folder) }.joined(separator: ", ")
            facts.append(
                ExportFact(
                    "apps in \(names)",
                    "these files are for \(plan.facts.root.isEmpty ? "the root" : plan.facts.root) alone"
                )
            )
        }
        return facts
    }
}

/// A fact of the project and where it can be seen.
struct ExportFact {
    /// In words that name it: `process worker (celery …)`.
    var what: String
    /// Targets whose files say it.
    var shown: Set<ExportTarget>
    /// What to do, by target.
    var advice: [ExportTarget: String] = [:]
    /// What to do on the others.
    var otherwise: String

    init(_ what: String, _ otherwise: String = "has no place there", _ shown: Set<ExportTarget> = []) {
        self.what = what
        self.otherwise = otherwise
        self.shown = shown
    }
}
