import Model
import Toolkit

extension ExportPlan {
    /// Brings facts and configuration together; where both speak, the configuration counts.
    ///
    /// - Throws: ``Fault`` `unsupported` when there is nothing to run, `invalidRequest` for a domain that is none.
    static func make(_ input: ExportInput) throws(Fault) -> ExportPlan {
        guard input.facts.kind == .app || input.config != nil else {
            throw Fault(.unsupported, "this is \(input.facts.kind.words), so there is nothing to run elsewhere")
        }
        if let domain = input.options.domain, !HostName.isValid(domain) {
            let found = ConfigNode.quoted(domain)
            throw Fault(.invalidRequest, "expected a domain such as api.example.com, found \(found)")
        }
        var plan = ExportPlan(input)
        let name = input.config?.app ?? input.facts.name
        plan.name = Labels.label(name, else: "app")
        if plan.name != name { plan.notes.append("the name \(ConfigNode.quoted(name)) is written as \(plan.name)") }
        plan.hosts = [input.options.domain?.lowercased()].compactMap { $0 }
        for host in input.config?.httpService?.hostnames ?? [] where !plan.hosts.contains(host) {
            plan.hosts.append(host)
        }
        plan.readUnits()
        plan.readMissingCommand(input.project)
        guard !plan.units.isEmpty else {
            throw Fault(
                .unsupported,
                "no entry point was found, so there is nothing to run elsewhere",
                hint: "name one in fly.toml under [processes], or in pyproject.toml as [tool.fastapi] entrypoint"
            )
        }
        plan.readVolumes()
        plan.readRelease()
        plan.readProbe()
        plan.readEnvironment()
        plan.limitToOne()
        return plan
    }

    /// Where the image has the project.
    var imageFolder: String { layout.image(layout.project) }

    /// A path of the project as the container sees it; nil when it leads out of the project or has what no path should.
    func absolute(_ path: String) -> String? {
        let full = path.hasPrefix("/") ? path : "\(imageFolder)/\(path)"
        guard Quoting.comment(full) == full else { return nil }
        let parts = full.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains("..") else { return nil }
        return "/" + parts.joined(separator: "/")
    }

    // MARK: - Private

    /// An image of the project's own that starts nothing by itself needs its command written down.
    private mutating func readMissingCommand(_ project: Project?) {
        guard let unit = web, unit.command == nil, unit.entrypoint == nil, config?.build.image == nil, let project,
            let kept = KeptImage(facts, project)
        else { return }
        web?.command = kept.missingCommand(facts, port: nil)
    }

    private mutating func readRelease() {
        if let config, let command = config.deploy.releaseCommand, !command.isEmpty {
            var release = Release(command: command)
            release.timeoutSeconds = config.deploy.releaseCommandTimeout.seconds
            release.guest = config.deploy.releaseCommandVM
            release.takesLock = Self.takesLock(command)
            self.release = release
            return
        }
        guard config == nil, let migrations = facts.migrations, !migrations.command.isEmpty else { return }
        guard !facts.migratesItself else { return }
        var release = Release(command: migrations.command)
        let folder = migrations.workingDirectory
        if !folder.isEmpty, folder != ".", let path = absolute(folder) {
            release.workingDirectory = path
            release.projectDirectory = folder
        } else if !folder.isEmpty, folder != "." {
            notes.append("the release command belongs into \(ConfigNode.quoted(folder)), which can't be a folder here")
        }
        release.takesLock = Self.takesLock(migrations.command) || facts.database?.engine == .sqlite
        self.release = release
    }

    /// The wrapper that `roost launch` offers takes an advisory lock; Alembic and the others take none.
    private static func takesLock(_ command: [String]) -> Bool {
        command.contains { $0 == "migrate.py" || $0.hasSuffix("/migrate.py") }
    }

    private mutating func readProbe() {
        probe.live = target(facts.health.live)
        probe.ready = target(facts.health.ready)
        guard let service = webService else {
            probe.ready = probe.ready ?? probe.live
            return
        }
        if let check = service.settings.checks.first {
            probe.intervalSeconds = check.interval.seconds
            probe.timeoutSeconds = check.timeout.seconds
            probe.graceSeconds = check.gracePeriod.seconds
        }
        if let check = service.settings.checks.first(where: { $0.type == .http }) {
            probe.ready = target(check.path)
            probe.headers = check.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        }
        probe.ready = probe.ready ?? probe.live
    }

    /// A path that can stand in a request.
    private mutating func target(_ path: String?) -> String? {
        guard let path else { return nil }
        if HTTPText.isTarget(path) { return path }
        notes.append("the health path \(ConfigNode.quoted(path)) can't stand in a request, so an open port has to do")
        return nil
    }

    private mutating func limitToOne() {
        var reasons = facts.onlyOne
        if config?.deploy.maxMachines == 1, reasons.isEmpty { reasons.append("max_machines = 1 of fly.toml") }
        for volume in web?.volumes ?? [] where volume.why.hasPrefix("mount") { reasons.append(volume.why) }
        singleReasons = reasons.map { ConfigNode.printable($0) }
        if !reasons.isEmpty { web?.replicas = 1 }
    }
}

extension Facts.Kind {
    fileprivate var words: String {
        switch self {
        case .app: "an app"
        case .library: "a library"
        case .template: "a project template"
        case .collection: "a collection of examples"
        case .empty: "a folder without code that is known"
        }
    }
}

extension GoDuration {
    /// Whole seconds, at least one unless it is zero.
    var seconds: Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }
}

extension ConfigNode {
    /// Text of the project for the middle of a sentence: on one line, however it was written.
    static func printable(_ text: String) -> String {
        Quoting.comment(text) != text || text.utf8.count > 400 ? quoted(text) : text
    }
}
