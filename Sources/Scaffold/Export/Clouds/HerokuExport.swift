import Model

/// `Procfile`, `app.json` and `.python-version` for Heroku.
struct HerokuExport {
    private let plan: ExportPlan

    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        let export = HerokuExport(plan: plan)
        guard !export.processes.isEmpty else {
            throw Fault(
                .unsupported,
                "no command is known that starts the app, and a Procfile is nothing but commands",
                hint: "name one in fly.toml under [processes]"
            )
        }
        var result = Generated()
        let lines = export.processes.map { "\($0.name): \($0.line)\n" }
        // Readers skip lines that are no process, and a `#` makes a line that is none.
        let procfile = "# \(Quoting.comment(plan.options.stamp))\n" + lines.joined()
        result.files = [
            Artefact("Procfile", procfile),
            Artefact("app.json", TreeWriter().json(export.app)),
        ]
        if let version = plan.facts.python?.chosen, plan.isPython {
            result.files.append(Artefact(".python-version", Quoting.comment(version) + "\n"))
        }
        result.needed = export.needed
        result.notes = export.notes
        return result
    }

    /// Lines of the Procfile, `release` first.
    private var processes: [(name: String, line: String)] {
        var lines: [(name: String, line: String)] = []
        if let release = plan.release {
            let folder = plan.layout.ofProject(release.projectDirectory)
            lines.append((name: "release", line: Self.line(Quoting.shell(release.command), in: folder)))
        }
        if plan.web != nil, let command = plan.startCommand {
            lines.append((name: "web", line: Self.line(command.line, in: plan.layout.project)))
        }
        for worker in plan.workers {
            let words = (worker.entrypoint ?? []) + (worker.command ?? [])
            guard !words.isEmpty else { continue }
            lines.append((name: worker.name, line: Self.line(Quoting.shell(words), in: plan.layout.project)))
        }
        return lines
    }

    private static func line(_ command: String, in folder: String) -> String {
        oneLine(folder.isEmpty ? command : "cd \(Quoting.shell(folder)) && \(command)")
    }

    /// A Procfile has a line for each process; a command with a line end in it is printed first, then run.
    private static func oneLine(_ line: String) -> String {
        let isPlain = line.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard !isPlain else { return line }
        var format = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "%": format += "%%"
            case "\\": format += "\\\\"
            case _ where scalar.value < 32 || scalar.value == 127:
                let octal = String(scalar.value, radix: 8)
                format += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
            default: format.unicodeScalars.append(scalar)
            }
        }
        return "eval \"$(printf \(Quoting.shell(format)))\""
    }

    // MARK: - app.json

    private var app: Tree {
        [
            "name": .string(plan.name),
            "stack": "heroku-24",
            "buildpacks": buildpack.map { [["url": .string($0)]] },
            "formation": formation,
            "addons": addons.orNil,
            "env": environment,
        ]
    }

    private var buildpack: String? {
        if plan.isPython { return "heroku/python" }
        switch plan.facts.recipe?.language {
        case "node": return "heroku/nodejs"
        case "ruby": return "heroku/ruby"
        case "go": return "heroku/go"
        case "php": return "heroku/php"
        case "dotnet": return "heroku/dotnet"
        default: return nil
        }
    }

    private var formation: Tree {
        var entries: [Tree.Entry] = []
        for process in processes where process.name != "release" {
            guard let unit = plan.units.first(where: { $0.name == process.name || process.name == "web" }) else {
                continue
            }
            let isWeb = process.name == "web"
            let count = unit.isOptional ? 0 : isWeb && plan.singleReasons.isEmpty ? unit.replicas : 1
            let size = Self.dyno(unit.guest, count: count)
            entries.append(.init(process.name, ["quantity": .integer(count), "size": .string(size)]))
        }
        return .table(entries)
    }

    /// The smallest dyno with the memory; `basic` can't be scaled out.
    private static func dyno(_ guest: MachineConfig.Guest, count: Int) -> String {
        if guest.cpuKind == .performance || guest.memoryMiB > 1024 {
            return guest.memoryMiB > 2560 ? "performance-l" : "performance-m"
        }
        if guest.memoryMiB > 512 { return "standard-2x" }
        return count > 1 ? "standard-1x" : "basic"
    }

    private var addons: Tree {
        var plans: [String] = []
        switch plan.facts.database.map({ $0.pooler == nil ? $0.engine : .sqlite }) {
        case .postgresql: plans.append("heroku-postgresql:essential-0")
        case .mysql: plans.append("jawsdb:kitefin")
        default: break
        }
        for service in plan.facts.services {
            switch service.kind {
            case .redis: plans.append("heroku-redis:mini")
            case .rabbitmq: plans.append("cloudamqp:lemur")
            case .memcached: plans.append("memcachier:dev")
            case .kafka: plans.append("heroku-kafka:basic-0")
            case .elasticsearch, .nats, .objectStorage: break
            }
        }
        return .list(plans.map { ["plan": .string($0)] })
    }

    /// Variables that an add-on sets.
    private var provided: Set<String> {
        var names: Set<String> = []
        if plan.facts.database?.engine == .postgresql, plan.facts.database?.pooler == nil {
            names.insert("DATABASE_URL")
        }
        if plan.facts.services.contains(where: { $0.kind == .redis }) { names.insert("REDIS_URL") }
        return names
    }

    private var environment: Tree {
        var values: Tree = [:]
        for pair in plan.env where pair.name != "PORT" {
            values = values.with(pair.name, ["value": .string(pair.value)])
        }
        let known = plan.env.map(\.name)
        for (name, value) in plan.serverValues(for: .heroku) where !known.contains(name) {
            values = values.with(name, ["value": value])
        }
        for variable in plan.variables where !provided.contains(variable.name) && variable.name != "PORT" {
            values = values.with(
                variable.name,
                Self.isGenerated(variable.name)
                    ? ["generator": "secret"]
                    : ["description": .string(Self.description(variable)), "required": .boolean(variable.isRequired)]
            )
        }
        return values
    }

    /// Keys that need be nothing but unknown to others.
    private static func isGenerated(_ name: String) -> Bool {
        ["SECRET_KEY", "SECRET_KEY_BASE", "DJANGO_SECRET_KEY", "APP_SECRET_KEY", "SESSION_SECRET", "JWT_SECRET"]
            .contains(name)
    }

    private static func description(_ variable: ExportPlan.Variable) -> String {
        switch variable.purpose {
        case .app: variable.isSecret ? "a secret of the app" : "a setting of the app"
        case .database: "the address of the database, or a part of it"
        case .service(let kind): "the address of \(kind.label)"
        }
    }

    // MARK: - What is left to say

    private var needed: [String] {
        plan.variables.filter { $0.isRequired && !provided.contains($0.name) && !Self.isGenerated($0.name) }.map(\.name)
            + plan.missingPackages
    }

    private var notes: [String] {
        var notes: [String] = []
        if plan.facts.database?.engine == .postgresql {
            notes.append(
                "DATABASE_URL arrives as postgres://, which SQLAlchemy refuses: rewrite the scheme in the settings"
            )
            if let name = plan.facts.database?.variable, name != "DATABASE_URL" {
                notes.append("the add-on sets DATABASE_URL, the app reads \(name): set one from the other")
            }
        }
        if plan.facts.database?.engine == .mysql {
            notes.append("the add-on sets JAWSDB_URL: set the app's own variable from it")
        }
        if let command = plan.startCommand, plan.web != nil, !command.knowsPort {
            notes.append("the command of the web process names no port: it has to listen on $PORT")
        }
        if buildpack == nil {
            notes.append(
                "no buildpack of Heroku's own builds this: use heroku.yml and `heroku stack:set container`"
            )
        }
        if let manager = plan.facts.manager?.name, [.pdm, .conda, .hatch].contains(manager) {
            notes.append(
                "heroku/python does not read the lock of \(manager.rawValue): export a requirements.txt from it"
            )
        }
        for unit in plan.units where !processes.contains(where: { $0.name == unit.name }) && unit.name != plan.web?.name
        {
            notes.append("\(unit.name) has no command of its own, so it has no line in the Procfile")
        }
        return notes
    }
}
