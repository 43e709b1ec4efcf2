extension LaunchPlan {
    /// The plan for people: what was found and where, what was not chosen and why, what will be written, what is missing.
    package var text: String {
        var lines = [heading]
        lines += section("found", found)
        if facts.roots.count > 1 { lines += section("apps", facts.roots.map(root)) }
        lines += section("not chosen", facts.alternatives.prefix(10).map(alternative))
        lines += section(
            "warnings",
            facts.warnings.map { warning in
                let place = warning.place.map(\.description) ?? ""
                let isSaid = place.isEmpty || warning.isSyntax == true
                return Self.clean(warning.message) + (isSaid ? "" : " (\(Self.clean(place)))")
            }
        )
        // Of which app, a person has to say first.
        if facts.roots.count < 2 || question == nil { lines += section("files", actions.map(Self.line)) }
        lines += section("good to know", notes.map(Self.clean))
        lines += section("you must supply", needed.map(Self.clean))
        if let question { lines += ["", "first: \(Self.clean(question))"] }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private var heading: String {
        let framework = facts.framework.map { " (\($0.rawValue))" } ?? ""
        let kind: String
        switch facts.kind {
        case .app: kind = ""
        case .library: kind = ": a library, nothing to start"
        case .template: kind = ": a project template, to be filled in first"
        case .collection: kind = ": several apps of equal standing, choose one's folder"
        case .empty: kind = ": no code that is known"
        }
        let place = facts.root.isEmpty ? "" : " in \(Self.clean(facts.root))"
        return "\(Self.clean(facts.name))\(framework)\(place)\(kind)"
    }

    private var found: [String] {
        var rows: [(String, String)] = []
        if let entry = facts.entry {
            var words = [Self.clean(entry.target), entry.confidence.rawValue] + Self.evidence(entry.evidence)
            if entry.kind != .app { words.insert(entry.kind.rawValue, at: 1) }
            if !entry.importRoot.isEmpty { words.append("from \(Self.clean(entry.importRoot))") }
            rows.append(("entry", words.joined(separator: " · ")))
        }
        if let recipe = facts.recipe {
            rows.append(("language", "\(Self.clean(recipe.language)) \(Self.clean(recipe.version))"))
            rows.append(("start", Self.clean(Quoting.shell(recipe.start))))
        }
        func add(_ name: String, _ words: [String?], _ evidence: [Facts.Evidence]) {
            rows.append(
                (name, (words.compactMap { $0 }.map(Self.clean) + Self.evidence(evidence)).joined(separator: " · "))
            )
        }
        if let server = facts.server { add("server", [server.name.rawValue, server.config], server.evidence) }
        if let python = facts.python { add("python", [python.chosen, python.constraint], python.evidence) }
        if let manager = facts.manager {
            add(
                "packages",
                [manager.name.rawValue, manager.lock ?? manager.manifest, manager.member],
                manager.evidence
            )
        }
        if let database = facts.database {
            let driver = database.driver.map { "\(database.engine.rawValue) by \($0)" } ?? database.engine.rawValue
            add("database", [driver, database.variable], database.evidence)
        }
        for service in facts.services { add("service", [service.kind.rawValue, service.variable], service.evidence) }
        if let migrations = facts.migrations {
            let command = migrations.command.isEmpty ? nil : Quoting.shell(migrations.command)
            add("migrations", [migrations.tool.rawValue, command], migrations.evidence)
        }
        for process in facts.processes {
            let words = process.command.isEmpty ? "inside the web process" : Quoting.shell(process.command)
            add("process", [process.name, words, process.isSingleton ? "only once" : nil], process.evidence)
        }
        if let port = facts.port { add("port", [port.number.map(String.init) ?? "$PORT"], port.evidence) }
        if facts.health.live != nil || facts.health.ready != nil {
            let words = [facts.health.live.map { "\($0) lives" }, facts.health.ready.map { "\($0) ready" }]
            add("health", words, facts.health.evidence)
        }
        for one in facts.statics.prefix(5) {
            add(one.kind == "templates" ? "templates" : "static", [one.path, one.directory], [])
        }
        if let frontend = facts.frontend {
            add(
                "front end",
                [
                    frontend.directory, frontend.packageManager,
                    frontend.isServed ? "served by the app" : "not deployed",
                ],
                []
            )
        }
        return rows.map { name, words in name.padding(to: 11) + words }
    }

    private func root(_ root: Facts.Root) -> String {
        let folder = root.folder.isEmpty ? "." : Self.clean(root.folder)
        let isChosen = question == nil && root.folder == facts.root && root.target == facts.entry?.target
        let words = [folder, root.target.map(Self.clean), root.framework.rawValue, isChosen ? "this one" : nil]
        return words.compactMap { $0 }.joined(separator: " · ")
    }

    private func alternative(_ entry: Facts.Entry) -> String {
        let words = [Self.clean(entry.target), entry.confidence.rawValue] + Self.evidence(entry.evidence)
        return words.joined(separator: " · ") + (entry.reason.map { ": \(Self.clean($0))" } ?? "")
    }

    private static func line(_ action: Action) -> String {
        switch action {
        case .create(let artefact): "create  \(clean(artefact.path))"
        case .keep(let path, let reason): "keep    \(clean(path)): \(clean(reason))"
        case .offer(let patch):
            "offer   \(clean(patch.path)): \(patch.title)"
                + (patch.rules.isEmpty ? "" : " (\(patch.rules.joined(separator: ", ")))")
        }
    }

    /// The first two places.
    private static func evidence(_ evidence: [Facts.Evidence]) -> [String] {
        evidence.isEmpty ? [] : [evidence.prefix(2).map { clean($0.place.description) }.joined(separator: ", ")]
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
    }

    /// What a project has written, on one line of a terminal.
    private static func clean(_ text: String) -> String {
        let line = Quoting.comment(text)
        return line.count > 200 ? line.prefix(199) + "…" : line
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
