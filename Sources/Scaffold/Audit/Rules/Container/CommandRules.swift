import Model
import Toolkit

/// D07, D08, D09: what the image starts.
enum CommandRules {
    static let all = [shellForm, literalVariable, development]

    private static let shellForm = Rule(
        "D07",
        .warning,
        "The server does not get the stop signal",
        why: """
            Behind `a && b` a shell stays between: it takes SIGTERM, the server never hears of it and is killed when the time is up. \
            A single command is handed over by dash, but not by every shell.
            """,
        fix: "Use the exec form, or `exec` before the last command.",
        reference: "docs.docker.com/reference/dockerfile, \"Shell and exec form\"",
        exceptions: "text whose last command begins with `exec`; one simple command is a suggestion.",
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD python -m shop.warm && uvicorn shop.main:app --host 0.0.0.0\n"
        ],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD python -m shop.warm && exec uvicorn shop.main:app --host 0.0.0.0\n"
        ],
        at: ["Dockerfile:4"]
    ) { context in
        guard let image = context.image else { return [] }
        return [image.facts.entrypoint, image.facts.command].compactMap { $0 }.compactMap { shell($0, image, context) }
    }

    private static let literalVariable = Rule(
        "D08",
        .error,
        "Variable in the exec form",
        why:
            "No shell runs there, so the program gets the text `${PORT}` itself: \"'${PORT:-8000}' is not a valid integer\".",
        fix: "Let the server read its own variable (`UVICORN_PORT`), or start it by `sh -c \"exec …\"`.",
        reference: "docs.docker.com/reference/dockerfile, \"Exec form\"",
        exceptions: "words after `sh -c`, and entrypoints that fill in variables themselves (envsubst, eval).",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "${PORT:-8000}"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["sh", "-c", "exec uvicorn shop.main:app --host 0.0.0.0 --port ${PORT:-8000}"]
            """
        ],
        at: ["Dockerfile:4"]
    ) { context in
        guard let image = context.image, !expands(image, context) else { return [] }
        return [image.facts.entrypoint, image.facts.command].compactMap { $0 }.compactMap { item in
            guard let words = item.exec, let word = literal(in: words, behind: image.facts.entrypoint?.exec) else {
                return nil
            }
            let place = Place(image.path, item.line)
            let text = words.map { $0.contains("$") ? "\\\"\($0)\\\"" : Quoting.shell($0) }.joined(separator: " ")
            let line = "\(item.word) [\"sh\", \"-c\", \"exec \(text)\"]"
            let isSimple = !words.contains { $0.contains("\"") || $0.contains("\\") } && !text.contains("'")
            let patch =
                isSimple ? Finding.Patch(file: image.path, first: item.line, last: item.endLine, lines: [line]) : nil
            return Finding(
                "D08",
                .error,
                at: place,
                found: context.line(place),
                "\(word) reaches the program as it is written",
                fix: "start it by sh -c, or use the server's own variable",
                patch: patch
            )
        }
    }

    private static let development = Rule(
        "D09",
        .error,
        "A developer's server in production",
        why:
            "Reloading watches files and runs one process; `flask run`, `fastapi dev` and debuggers answer errors with code and shells.",
        fix: "Start the server without it; keep the developer's command in `compose.override.yaml`.",
        reference: "www.uvicorn.org/settings; fastapi.tiangolo.com/deployment/manually",
        exceptions:
            "stages, services and files with a developer's name; a command that every platform's file replaces is a warning.",
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"uvicorn\", \"shop.main:app\", \"--host\", \"0.0.0.0\", \"--reload\"]\n"
        ],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"uvicorn\", \"shop.main:app\", \"--host\", \"0.0.0.0\"]\n"
        ],
        at: ["Dockerfile:4"]
    ) { context in
        developerCommands(context) + developerVariables(context)
    }

    // MARK: - Private

    private static func shell(
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        _ context: AuditContext
    ) -> Finding? {
        let place = Place(image.path, item.line)
        let text: String
        if let words = item.exec {
            guard let inner = CommandWrappers.strip(words).text else { return nil }
            text = inner
        } else {
            text = item.text
        }
        let parts = CheckCommand(shell: text).parts
        guard let last = parts.last, last.words.first != "exec" else { return nil }
        guard parts.count > 1 else {
            guard item.exec == nil, last.words.first.map({ !$0.contains("[") }) ?? false else { return nil }
            return Finding(
                "D07",
                .info,
                at: place,
                found: context.line(place),
                "the shell form starts a shell around the server",
                fix: "write it as [\"…\"]",
                patch: patch(item, last.words, image)
            )
        }
        // `supervisord` and the like in the background are another matter.
        guard !parts.contains(where: { $0.sign == "&" }) else { return nil }
        return Finding(
            "D07",
            .warning,
            at: place,
            found: context.line(place),
            "the shell that runs \(last.words.first ?? "it") keeps the stop signal",
            fix: "write exec before \(last.words.first ?? "the last command")"
        )
    }

    private static func patch(
        _ item: Dockerfile.Instruction,
        _ words: [String],
        _ image: ProductionImage
    ) -> Finding.Patch? {
        let isPlain = !item.text.contains { "$`\"'\\*?~<>|&;(){}".contains($0) }
        let line = isPlain ? "\(item.word) \(Quoting.exec(words))" : "\(item.word) exec \(item.text)"
        // With a shell's entrypoint before it, or an entrypoint at all, the words mean something else.
        guard image.facts.entrypoint == nil || item.word == "ENTRYPOINT" else { return nil }
        return Finding.Patch(file: image.path, first: item.line, last: item.endLine, lines: [line])
    }

    /// The first word with a variable that no shell will see.
    private static func literal(in words: [String], behind entrypoint: [String]?) -> String? {
        let shells: Set<String> = ["sh", "bash", "ash", "dash", "zsh", "ksh"]
        func runsText(_ words: ArraySlice<String>) -> Bool {
            words.indices.contains { index in
                shells.contains(CommandWrappers.name(words[index]))
                    && words[(index + 1)...].prefix(3).contains {
                        $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("c")
                    }
            }
        }
        if let entrypoint, runsText(entrypoint[...]) || entrypoint.contains("-c") { return nil }
        guard !runsText(words[...]) else { return nil }
        return words.first { word in
            TextSearch.all(word, "$").contains { place in
                let rest = word.utf8.dropFirst(place + 1)
                guard let next = rest.first else { return false }
                let name = next == UInt8(ascii: "{") ? rest.dropFirst().first : next
                return name.map { (65...90).contains($0) || (97...122).contains($0) || $0 == 0x5F } ?? false
            } && !word.contains("(")
        }
    }

    /// An entrypoint of the project that fills variables in.
    private static func expands(_ image: ProductionImage, _ context: AuditContext) -> Bool {
        guard
            let words = image.facts.entrypoint?.exec
                ?? image.facts.entrypoint?.text.split(separator: " ").map(String.init)
        else { return false }
        let names = Set(words.map { TreePath.name(of: $0) })
        return context.project.files.contains { path in
            guard names.contains(TreePath.name(of: path)), let text = context.project.text(path) else { return false }
            return TextSearch.contains(text, "eval") || TextSearch.contains(text, "envsubst")
                || TextSearch.contains(text, "-c ")
        }
    }

    private static func developerCommands(_ context: AuditContext) -> [Finding] {
        let commands = context.commands.filter { command in
            guard !command.isDevelopment, !context.isAside(command.place.file) else { return false }
            switch command.source {
            case .dockerfile: return command.isProduction && command.dockerfile == context.image?.path
            case .procfile, .fly, .render, .railway, .kubernetes, .heroku, .appYAML, .cloudbuild:
                return command.isProduction
            case .compose:
                return command.isProduction
                    || context.stacks.contains { $0.path == command.place.file && $0.nature == .production }
            case .script, .makefile, .pyproject, .workflow, .supervisor: return false
            }
        }
        // What a platform's own file starts is what runs there.
        let isReplaced = commands.contains {
            $0.source != .dockerfile && $0.source != .compose && developer($0) == nil && isServer($0)
        }
        return commands.compactMap { command in
            guard let reason = developer(command), !command.isOneOfMany(in: context) else { return nil }
            let isOverridden = command.source == .dockerfile && isReplaced
            // `exec "$@"` in an entrypoint only runs what is written elsewhere.
            let place = context.line(command.place).contains("$@") ? command.runBy ?? command.place : command.place
            return Finding(
                "D09",
                isOverridden ? .warning : .error,
                at: place,
                found: context.line(place),
                reason,
                fix: "start the server without it"
            )
        }
    }

    private static func isServer(_ command: FoundCommand) -> Bool {
        ServerCommand.parse(command.words, environment: command.environment) != nil
    }

    private static func developer(_ command: FoundCommand) -> String? {
        let words = command.words
        if words.contains("debugpy") { return "a debugger listens in it" }
        guard let server = ServerCommand.parse(words, environment: command.environment) else { return nil }
        switch server.server {
        case .flask: return "flask run is a server for development"
        case .django: return "runserver is a server for development"
        case .fastapiCLI where words.contains("dev"): return "fastapi dev reloads and listens for development"
        case _ where server.reload: return "--reload watches files and starts again with every change"
        default: return nil
        }
    }

    /// `ENV DEBUG=1` in the image.
    private static func developerVariables(_ context: AuditContext) -> [Finding] {
        guard let image = context.image else { return [] }
        let names: Set<String> = [
            "DEBUG", "FLASK_DEBUG", "DJANGO_DEBUG", "APP_DEBUG", "FASTAPI_DEBUG", "PYTHONASYNCIODEBUG",
        ]
        return image.all("ENV").compactMap { item in
            let pairs = ImageWords.pairs(item.text)
            guard
                let pair = pairs.first(where: {
                    names.contains($0.name) && ["1", "true", "yes", "on"].contains($0.value.lowercased())
                })
            else {
                return nil
            }
            // What the platform sets goes before what the image has.
            guard context.config?.env[pair.name] == nil else { return nil }
            let isRead = context.facts.environment.contains { $0.name == pair.name }
            let place = Place(image.path, item.line)
            return Finding(
                "D09",
                isRead ? .error : .warning,
                at: place,
                found: context.line(place),
                "\(pair.name) is on in the image",
                fix: "leave it out of the image"
            )
        }
    }
}
