import Model
import Toolkit

/// What a project's own configuration file lacks: as a change that is offered to TOML, as a note about JSON and YAML.
struct FlyConfigOffer {
    /// The file with what was missing; nil when nothing is, or it can't be put in safely.
    var text: String?
    var notes: [String] = []
    /// The variables that the file sets.
    var names: Set<String> = []
    /// The file has no release command, and one was added.
    var addsRelease = false

    init(_ text: String, path: String, _ values: FlyValues, regions: Set<String>) {
        let config: AppConfig
        do throws(Fault) {
            config = try Self.read(text, path, regions)
        } catch {
            notes.append("\(path) can't be read, so nothing is offered for it: \(Quoting.comment(error.message))")
            return
        }
        names = Set(config.env.keys)
        var lines = text.textLines.map(String.init)
        guard path.hasSuffix(".toml") else {
            let missing = Self.missing(config, values)
            if !missing.isEmpty { notes.append("\(path) lacks \(missing.joined(separator: ", ")): add it by hand") }
            return
        }
        if config.killSignal == nil { Self.addTop(#"kill_signal = "SIGTERM""#, to: &lines) }
        if config.killTimeout == nil { Self.addTop("kill_timeout = \(values.killSeconds)", to: &lines) }
        if config.deploy.releaseCommand == nil, let release = values.release {
            addsRelease = true
            Self.addToDeploy("  release_command = \(Quoting.toml(Quoting.shell(release)))", to: &lines)
        }
        if let most = Self.missingLimit(config, values) { Self.addToDeploy("  max_machines = \(most)", to: &lines) }
        if let service = config.httpService, Self.lacksCheck(config) {
            var values = values
            values.port = service.settings.internalPort
            let group = config.processes.isEmpty ? nil : service.processes.first
            Self.append(FlyConfigGenerator.checks(values, group: group), to: &lines)
        }
        let changed = lines.joined(separator: text.contains("\r\n") ? "\r\n" : "\n")
        // Whatever the file looks like: what is offered has to be read as what was meant.
        guard changed != text, let after = try? Self.read(changed, path, regions), Self.isOnlyMore(config, after) else {
            addsRelease = false
            return
        }
        self.text = changed
    }

    // MARK: - Private

    private static func read(_ text: String, _ path: String, _ regions: Set<String>) throws(Fault) -> AppConfig {
        let root = try ConfigFormat(path: path).parse(Array(text.utf8), file: path)
        return try AppConfig.read(root, file: path, regions: regions).config
    }

    /// The number of Machines that the file should stay at and does not; with a mount it does by itself.
    private static func missingLimit(_ config: AppConfig, _ values: FlyValues) -> Int? {
        config.deploy.maxMachines == nil && config.mounts.isEmpty ? values.maxMachines : nil
    }

    private static func addToDeploy(_ line: String, to lines: inout [String]) {
        if let place = lines.firstIndex(where: { header($0) == "deploy" }) {
            lines.insert(line, at: place + 1)
        } else {
            append(["", "[deploy]", line], to: &lines)
        }
    }

    private static func lacksCheck(_ config: AppConfig) -> Bool {
        let hasCheck = !config.checks.isEmpty || config.services.contains { !$0.settings.checks.isEmpty }
        return config.httpService?.settings.checks.isEmpty == true && !hasCheck
    }

    /// The same in words.
    private static func missing(_ config: AppConfig, _ values: FlyValues) -> [String] {
        var missing: [String] = []
        if config.killSignal == nil { missing.append("kill_signal (SIGTERM)") }
        if config.killTimeout == nil { missing.append("kill_timeout (\(values.killSeconds))") }
        if config.deploy.releaseCommand == nil, let release = values.release {
            missing.append("deploy.release_command (\(Quoting.shell(release)))")
        }
        if let most = missingLimit(config, values) { missing.append("deploy.max_machines (\(most))") }
        if lacksCheck(config) { missing.append("http_service.checks") }
        return missing
    }

    /// The rest of the file says what it said before.
    private static func isOnlyMore(_ before: AppConfig, _ after: AppConfig) -> Bool {
        var after = after
        after.killSignal = before.killSignal
        after.killTimeout = before.killTimeout
        after.deploy.releaseCommand = before.deploy.releaseCommand
        after.deploy.maxMachines = before.deploy.maxMachines
        after.checks = before.checks
        if let checks = before.httpService?.settings.checks { after.httpService?.settings.checks = checks }
        return before == after
    }

    /// The name in `[name]` or `[[name]]`; nil for other lines.
    private static func header(_ line: String) -> String? {
        let text = line.drop { $0 == " " || $0 == "\t" }
        guard text.first == "[" else { return nil }
        return String(text.drop { $0 == "[" }.prefix { $0 != "]" })
    }

    /// Before the first table, and before the blank lines and comments that lead to it.
    private static func addTop(_ line: String, to lines: inout [String]) {
        var place = lines.firstIndex { header($0) != nil } ?? lines.count
        while place > 0, lines[place - 1].drop(while: { $0 == " " }).first.map({ $0 == "#" }) ?? true { place -= 1 }
        lines.insert(line, at: place)
    }

    private static func append(_ more: [String], to lines: inout [String]) {
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        lines += more + [""]
    }
}
