import Model
import Toolkit

/// What a `fly.toml` is to say about a project, decided before a line of it is written.
struct FlyValues: Equatable {
    var app: String
    var port: Int
    var guest: MachineConfig.Guest
    var workers: Int
    var softLimit: Int
    var hardLimit: Int
    var countsConnections: Bool
    var autostop: MachineConfig.Autostop
    var minMachines: Int
    /// The most Machines there may be; nil for no limit.
    var maxMachines: Int?
    var killSeconds: Int
    var graceSeconds: Int
    /// The path that decides about traffic; nil for an open port.
    var checkPath: String?
    /// The name that checks have to ask for; nil when the app answers to any.
    var checkHost: String?
    /// Words of the release command.
    var release: [String]?
    /// Words of what has to run before each start of the server instead.
    var atStart: [String]?
    /// The words of the web process; nil for the image's own command.
    var web: [String]?
    /// Beside `web`, in order; empty for one group alone.
    var groups: [(name: String, command: [String])] = []
    var folder: DataFolder?
    var env: [(name: String, value: String)] = []
    var notes: [String] = []
    var needed: [String] = []

    static func == (left: FlyValues, right: FlyValues) -> Bool {
        String(describing: left) == String(describing: right)
    }

    init(_ facts: Facts, _ options: FlyConfigOptions) {
        app = Self.name(options.app ?? facts.name)
        port = options.port ?? (facts.recipe == nil ? ServerStart.port(facts) : facts.port?.number ?? 8080)
        (guest, workers) = Self.size(facts, options.profile)
        let ladder = ShutdownLadder(facts)
        // The server's own settings may let requests end for longer; Fly waits five minutes at most.
        killSeconds = max(ladder.killSeconds, min((facts.server?.gracefulSeconds ?? 0) + 5, 300))
        graceSeconds = facts.traits.workerMiB >= 2048 ? 60 : 20
        countsConnections = facts.traits.websockets
        (softLimit, hardLimit) = (options.profile.softLimit, options.profile.hardLimit)
        autostop = .stop
        minMachines = options.profile.minMachines
        checkPath = (facts.health.path ?? Self.usualPath(facts)).flatMap { HTTPText.isTarget($0) ? $0 : nil }
        limitConcurrency(facts)
        decideHost(facts)
        decideStorage(facts, options)
        decideStops(facts, options.profile)
        decideRelease(facts, options)
        web = options.webCommand
        decideStart(facts, options)
        decideBefore(facts, options)
        decideGroups(facts)
        wrap(options.wrapper)
        decideEnvironment(facts, options)
    }

    /// Whether the file says which processes there are.
    var hasGroups: Bool { web != nil || !groups.isEmpty }

    /// A name that an app may have.
    static func name(_ text: String) -> String {
        var result = ""
        for scalar in text.lowercased().unicodeScalars {
            let isAllowed = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if isAllowed { result.unicodeScalars.append(scalar) } else if !result.hasSuffix("-") { result += "-" }
        }
        result = String(result.drop { $0 == "-" }.prefix(63))
        while result.hasSuffix("-") { result.removeLast() }
        return result.isEmpty ? "app" : result
    }

    // MARK: - Private

    /// The smallest size that holds what the profile asks for and one worker.
    private static func size(_ facts: Facts, _ profile: FlyProfile) -> (MachineConfig.Guest, Int) {
        let perWorker = facts.recipe == nil ? max(1, min(facts.traits.workerMiB, 100_000)) : 160
        let needed = max(profile.memoryMiB, WorkerCount.memoryMiB(workers: 1, perWorkerMiB: perWorker))
        let shared = (needed + 255) / 256 * 256
        if let cpus = [1, 2, 4, 6, 8].first(where: { shared <= 2048 * $0 }) {
            // Shared CPUs are slices: the workers on them would only take turns.
            return (MachineConfig.Guest(cpuKind: .shared, cpus: cpus, memoryMiB: max(shared, 256 * cpus)), 1)
        }
        let whole = (needed + 1023) / 1024 * 1024
        let cpus = [4, 6, 8, 10, 12, 14, 16].first { whole <= 8192 * $0 } ?? 16
        let memory = min(whole, 8192 * cpus)
        let guest = MachineConfig.Guest(cpuKind: .performance, cpus: cpus, memoryMiB: memory)
        return (guest, WorkerCount.fitting(facts, cpus: Double(cpus), memoryMiB: memory))
    }

    private static func usualPath(_ facts: Facts) -> String? {
        facts.framework == .streamlit ? "/_stcore/health" : nil
    }

    /// A request may hold a connection of the pool: far more of them at once would only wait for one.
    private mutating func limitConcurrency(_ facts: Facts) {
        guard let size = facts.database?.poolSize, size > 0 else { return }
        // SQLAlchemy's own default for the rest.
        let pool = size + max(0, facts.database?.maxOverflow ?? 10)
        let most = workers * min(pool, 1000) * 4
        guard most < hardLimit else { return }
        hardLimit = most
        softLimit = max(1, most * 8 / 10)
    }

    private mutating func decideStorage(_ facts: Facts, _ options: FlyConfigOptions) {
        let choice = DataFolder.choose(
            facts,
            workingDirectory: options.workingDirectory,
            fixed: options.fixedFile
        )
        folder = choice.folder
        notes += choice.notes
        guard let folder else { return }
        notes.append(
            "\(folder.what) is kept on a volume at \(folder.path): there can be one Machine only, and a deploy stops it for "
                + "a moment"
        )
        if let setting = folder.setting { env.append((setting.variable, setting.value)) }
    }

    private mutating func decideStops(_ facts: Facts, _ profile: FlyProfile) {
        let reasons = facts.onlyOne
        if folder != nil || !reasons.isEmpty { minMachines = min(minMachines, 1) }
        if !reasons.isEmpty { maxMachines = 1 }
        if folder == nil, let first = reasons.first {
            notes.append("one Machine only (max_machines = 1 in [deploy] of fly.toml): \(Quoting.comment(first))")
        }
        // What is suspended comes back with its memory, which Fly offers up to 2 GiB.
        if profile == .production { autostop = guest.memoryMiB <= 2048 ? .suspend : .stop }
        guard profile != .development else { return }
        if facts.traits.websockets || facts.processes.contains(where: { $0.kind == .inProcess }) {
            autostop = .off
            minMachines = max(minMachines, 1)
        }
    }

    private mutating func decideRelease(_ facts: Facts, _ options: FlyConfigOptions) {
        guard facts.migrations != nil else { return }
        if facts.migratesItself {
            let place = (facts.startRunner ?? facts.migrations?.runBy.first).map { " (\($0.place.description))" } ?? ""
            notes.append(
                "no release command: the app runs its migrations at its start\(Quoting.comment(place)); with several Machines "
                    + "they race, so better let a release do it"
            )
            return
        }
        if let place = facts.migrations?.changesMissing {
            let words = Quoting.comment(Quoting.shell(facts.migrations?.command ?? []))
            notes.append(
                "no release command: \(Quoting.comment(place.description)) changes a table that no revision makes, so `\(words)` "
                    + "ends there on an empty database; when its tables are there, put it into [deploy]"
            )
            return
        }
        var facts = facts
        switch options.migrations {
        case .project: break
        case .image(let folder): facts.migrations?.workingDirectory = folder
        case .elsewhere(let place):
            notes.append(
                "no release command: \(Quoting.comment(place.description)) names the database of the machine that it was "
                    + "written on, and env.py takes no other"
            )
            return
        case .nowhere(let path):
            let words = Quoting.comment(Quoting.shell(facts.migrations?.command ?? []))
            notes.append(
                "no release command: the image of \(Quoting.comment(path)) has none of the files that `\(words)` reads"
            )
            return
        }
        let script = options.migrateScript
        release = MigrateScript.command(facts, hasScript: script != nil, path: script ?? MigrateScript.defaultPath)
        if release != nil, facts.database?.pooler == .transaction, let variable = facts.database?.variable {
            needed.append("DIRECT_\(variable): the address past the pooler, for migrations")
        }
        if let words = release { release = prepared(words, facts, options) }
        // A release runs in a Machine of its own, which has no volume.
        if release != nil, facts.database?.engine == .sqlite {
            atStart = release
            release = nil
        }
    }

    private mutating func decideGroups(_ facts: Facts) {
        var names: Set<String> = ["web"]
        for process in facts.processes where !process.command.isEmpty && process.kind != .inProcess {
            var name = Self.name(process.name)
            if process.isOptional {
                notes.append("\(name) is left out; to run it: \(Quoting.comment(Quoting.shell(process.command)))")
                continue
            }
            let base = name
            var number = 2
            while !names.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            groups.append((name, process.command))
            if process.isSingleton { notes.append("\(name) may run only once: a deploy makes one Machine of it") }
        }
    }

    /// Puts what the image's own command begins with before all others that are started in it.
    private mutating func wrap(_ words: [String]) {
        guard let first = words.first else { return }
        func wrapped(_ command: [String]) -> [String] {
            let isWrapped = command.starts(with: words) || (first != "env" && command.first == first)
            return isWrapped || command.first?.hasPrefix("/") == true ? command : words + command
        }
        release = release.map(wrapped)
        web = web.map(wrapped)
        groups = groups.map { ($0.name, wrapped($0.command)) }
    }

    private mutating func decideEnvironment(_ facts: Facts, _ options: FlyConfigOptions) {
        if facts.recipe == nil, facts.entry != nil {
            env.append(("WEB_CONCURRENCY", String(workers)))
            // Only the platform's own proxy reaches the port.
            env.append(("FORWARDED_ALLOW_IPS", "*"))
        }
        if let path = options.importPath { env.append(("PYTHONPATH", path)) }
        if let name = facts.server?.hostVariable, Quoting.isVariableName(name) { env.append((name, "0.0.0.0")) }
        let variable = facts.port?.variable.flatMap { Quoting.isVariableName($0) ? $0 : nil }
        if let port = facts.port, port.number == nil || (variable != nil && port.number != self.port) {
            env.append((variable ?? "PORT", String(self.port)))
        }
        let known: Set<String> = ["development", "dev", "local", "staging", "production"]
        for variable in facts.environment
        where EnvironmentDetector.modes.contains(variable.name) && !variable.isSecret {
            // Only where the code's own words are those of the profiles.
            guard let value = variable.defaultValue?.lowercased(), known.contains(value) else { continue }
            let wanted = options.profile.rawValue
            if variable.guardsStart == true, value != wanted {
                notes.append(
                    "\(variable.name) stays \(value): the app refuses to start as \(wanted) with keys of its development; "
                        + "give it its own, then set \(variable.name) = \"\(wanted)\" in [env]"
                )
            } else {
                env.append((variable.name, wanted))
            }
        }
        takeComposeValues(options)
        notePublicDefaults(facts)
        for need in facts.needs where need.level > .optional && !options.given.contains(need.name) {
            if !env.contains(where: { $0.name == need.name }) { needed.append(need.text) }
        }
    }
}
