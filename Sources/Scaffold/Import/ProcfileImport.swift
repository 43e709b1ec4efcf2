import Model

/// Reads a `Procfile`.
enum ProcfileImport {
    static func read(_ text: String, app: String) throws(Fault) -> ImportedApp {
        var result = ImportedApp(name: app, source: "Procfile")
        add(text, to: &result)
        return result
    }

    /// Adds the processes of a file, `release` as the release command.
    static func add(_ text: String, to app: inout ImportedApp) {
        for (name, line) in processes(text) {
            if name == "release" {
                app.release = ImportedCommand.shell(line, port: ImportedApp.defaultPort)
                continue
            }
            var group = ImportedApp.Group(name)
            group.command = ImportedCommand.shell(line, port: ImportedApp.defaultPort)
            if name == "web" {
                group.port = ImportedApp.defaultPort
                app.environment.set("PORT", String(ImportedApp.defaultPort))
            }
            app.groups.append(group)
        }
        if !app.groups.contains(where: { $0.name == "web" }), !app.groups.isEmpty {
            app.notes.append("no web process: nothing is reachable from outside")
        }
    }

    /// Lines of the form `name: command`.
    ///
    /// Others are no processes, as for all readers of such files; a later line of the same name wins.
    static func processes(_ text: String) -> [(name: String, command: String)] {
        var found: [(name: String, command: String)] = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let match = line.wholeMatch(of: /([A-Za-z0-9_\-]+):\s*(.+)/) else { continue }
            let (name, command) = (String(match.output.1), String(match.output.2))
            found.removeAll { $0.name == name }
            found.append((name, command))
        }
        return found
    }
}
