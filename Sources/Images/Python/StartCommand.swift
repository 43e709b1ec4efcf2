import Foundation
import Model

/// How an app starts that does not say so in its `fly.toml`.
struct StartCommand: Equatable, Sendable {
    var words: [String]
    /// What the command expects in its environment.
    var environment: [String: String] = [:]

    /// The port that Roost expects an app on unless told otherwise.
    static let port = 8080

    /// Finds it: `web:` of a `Procfile`, else a FastAPI app in one of the usual places.
    ///
    /// - Parameters:
    ///   - project: what was uploaded.
    ///   - programs: those of the virtual environment.
    /// - Returns: a command that listens on ``port``.
    /// - Throws: ``Fault`` `buildFailed` that says where to write the command.
    static func find(_ project: ProjectFiles, programs: Set<String>) throws(Fault) -> StartCommand {
        if let text = try project.text("Procfile"), let command = try procfile(text) { return command }
        for entry in candidates(project.manifest) {
            guard let text = try project.text(entry.path), let name = appName(in: text) else { continue }
            return try serve(entry.path, name, programs)
        }
        throw Fault(
            .buildFailed,
            "nothing says how the app starts: no [processes] in fly.toml, no web: in a Procfile, and no FastAPI app in "
                + "main.py, app.py, app/main.py or the like",
            hint: "set it in fly.toml: [processes] app = \"uvicorn package.module:app --host 0.0.0.0 --port \(port)\""
        )
    }

    /// The command of the line `web:`; nil when there is none.
    static func procfile(_ text: String) throws(Fault) -> StartCommand? {
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("web:") {
            let command = line.dropFirst("web:".count).trimmingCharacters(in: .whitespaces)
            guard !command.isEmpty else { return nil }
            let environment = ["PORT": String(port)]
            // `exec` makes the server the first process, which gets the signals; it can't stand before a list.
            if command.contains(where: { ";&|<>(){}`\n".contains($0) && !Self.isExpansion($0, command) }) {
                return StartCommand(words: ["/bin/sh", "-c", command], environment: environment)
            }
            if Self.beginsWithAssignment(command) {
                return StartCommand(words: ["/bin/sh", "-c", "exec env \(command)"], environment: environment)
            }
            if command.contains(where: { "$*?~".contains($0) }) {
                return StartCommand(words: ["/bin/sh", "-c", "exec \(command)"], environment: environment)
            }
            return StartCommand(words: try Words.split(command), environment: environment)
        }
        return nil
    }

    // MARK: - Private

    private static func isExpansion(_ character: Character, _ command: String) -> Bool {
        (character == "{" || character == "}") && command.contains("${")
    }

    private static func beginsWithAssignment(_ command: String) -> Bool {
        command.prefix { !$0.isWhitespace }.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*=.*/) != nil
    }

    /// Modules that usually hold the app, the likeliest first.
    private static func candidates(_ manifest: SourceManifest) -> [SourceManifest.Entry] {
        let names = ["main.py", "app.py", "asgi.py", "server.py", "api.py", "__init__.py"]
        let ranked = manifest.files.compactMap { entry -> (rank: Int, entry: SourceManifest.Entry)? in
            guard entry.kind == .file, entry.size < 1 << 20 else { return nil }
            let parts = entry.path.split(separator: "/")
            guard let place = names.firstIndex(of: String(parts.last ?? "")), !isAside(parts) else { return nil }
            let depth = parts.count - (parts.first == "src" ? 1 : 0)
            return depth > 3 ? nil : (depth * names.count + place, entry)
        }
        return ranked.sorted { ($0.rank, $0.entry.path) < ($1.rank, $1.entry.path) }.map(\.entry)
    }

    private static func isAside(_ parts: [Substring]) -> Bool {
        let aside: Set<Substring> = ["tests", "test", "docs", "examples", "migrations", "node_modules", "scripts"]
        return parts.dropLast().contains { aside.contains($0) }
    }

    /// `app` of a line `app = FastAPI(` at the module's top level, or `app = create_app(` in one that knows FastAPI.
    static func appName(in text: String) -> String? {
        var made: String?
        let knows = text.contains("FastAPI")
        for line in text.split(whereSeparator: \.isNewline) {
            guard let match = line.prefixMatch(of: /([A-Za-z_]\w*)\s*(:\s*[\w.]+\s*)?=\s*([\w.]+)\s*\(/) else {
                continue
            }
            let (name, maker) = (String(match.1), match.3)
            if maker == "FastAPI" || maker == "fastapi.FastAPI" { return name }
            if knows, made == nil, ["app", "application", "api"].contains(name) { made = name }
        }
        return made
    }

    private static func serve(_ path: String, _ name: String, _ programs: Set<String>) throws(Fault) -> StartCommand {
        var parts = path.dropLast(".py".count).split(separator: "/").map(String.init)
        let inSource = parts.first == "src" && parts.count > 1
        if inSource { parts.removeFirst() }
        if parts.last == "__init__", parts.count > 1 { parts.removeLast() }
        let module = parts.joined(separator: ".")
        guard programs.contains("uvicorn") else {
            throw Fault(
                .buildFailed,
                "\(path) holds the FastAPI app \(name), but uvicorn is not among the dependencies",
                hint: "add fastapi[standard] or uvicorn to them, or set [processes] app = … in fly.toml"
            )
        }
        let words = ["uvicorn", "\(module):\(name)", "--host", "0.0.0.0", "--port", String(port)]
        return StartCommand(words: words + (inSource ? ["--app-dir", "src"] : []))
    }
}
