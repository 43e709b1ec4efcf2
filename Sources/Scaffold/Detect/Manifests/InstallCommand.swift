import Model

/// A command that installs a project's dependencies, as a Dockerfile or a platform's file has it.
struct InstallCommand: Sendable {
    var manager: Facts.Manager.Name
    /// Of `-r`, `-f`: as written.
    var files: [String] = []
    /// The project itself: `pip install .`.
    var installsProject = false
    var groups: [String] = []
    var extras: [String] = []
    /// Groups that it leaves out by name.
    var without: [String] = []
    /// Packages named in the command.
    var packages: [Requirement] = []
    /// Leaves open which manager the project is kept with: `uv pip install -r requirements.txt`.
    var isWeak = false
    var place: Place
    var text: String

    init(_ manager: Facts.Manager.Name, at place: Place, text: String) {
        self.manager = manager
        self.place = place
        self.text = text
    }

    /// How much a command says about the manager: one that reads a lock outweighs pip, which may only fetch the tool.
    var weight: Int {
        switch manager {
        case .uv: 6
        case .poetry, .pdm, .pipenv: 5
        case .hatch: 4
        case .conda: 3
        case .pip: isWeak || (files.isEmpty && !installsProject) ? 1 : 2
        }
    }

    /// All install commands in a piece of shell.
    static func all(in shell: String, at place: Place) -> [InstallCommand] {
        ShellText.commands(in: shell).compactMap { InstallCommand.parse($0, at: place) }
    }

    // MARK: - Private

    private static let tools: Set<String> = [
        "uv", "poetry", "pdm", "pipenv", "hatch", "conda", "mamba", "micromamba", "conda-lock", "pip", "pip3",
    ]

    private static func parse(_ words: [String], at place: Place) -> InstallCommand? {
        guard let start = tool(in: words) else { return nil }
        let tool = TreePath.name(of: words[start]).prefix { $0 != "=" }
        let rest = Array(words[(start + 1)...])
        let text = words[start...].joined(separator: " ")
        switch tool {
        case "uv": return uv(rest, at: place, text: text)
        case "poetry": return poetry(rest, at: place, text: text)
        case "pdm", "pipenv", "hatch": return simple(String(tool), rest, at: place, text: text)
        case "conda", "mamba", "micromamba", "conda-lock": return conda(rest, at: place, text: text)
        default: return pip(rest, at: place, text: text)
        }
    }

    /// The place of the tool: behind `sudo`, variables, `python -m`, `xargs`.
    private static func tool(in words: [String]) -> Int? {
        let skipped: Set<String> = [
            "sudo", "exec", "time", "command", "then", "else", "do", "if", "env", "xargs", "-m", "-n1", "cat", "-E",
            "-H", "run",
        ]
        for (index, word) in words.enumerated() {
            let name = TreePath.name(of: word)
            if tools.contains(name) || (name.hasPrefix("pip3.") && name.count < 8) {
                // `micromamba run -n base python -m pip install …` is pip's.
                if index + 1 < words.count, words[index + 1] == "run",
                    let inner = tool(in: Array(words[(index + 2)...]))
                {
                    return index + 2 + inner
                }
                return index
            }
            let isVariable = word.firstIndex(of: "=").map {
                word[..<$0].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
            }
            let isPython = name.hasPrefix("python")
            guard
                skipped.contains(word) || isVariable == true || isPython || word.hasPrefix("-")
                    || index > 0 && index < 6
            else { return nil }
        }
        return nil
    }

    private static func uv(_ words: [String], at place: Place, text: String) -> InstallCommand? {
        let verbs = words.filter { !$0.hasPrefix("-") }
        guard let verb = verbs.first else { return nil }
        if verb == "pip", verbs.dropFirst().first == "install" || verbs.dropFirst().first == "sync" {
            guard var command = pip(Array(words.drop { $0 != "pip" }.dropFirst()), at: place, text: text) else {
                return nil
            }
            command.isWeak = true
            return command
        }
        guard ["sync", "export", "run"].contains(verb) else { return nil }
        var command = InstallCommand(.uv, at: place, text: text)
        command.groups = values(of: ["--group", "--only-group"], in: words)
        command.extras = values(of: ["--extra"], in: words)
        return command
    }

    private static func poetry(_ words: [String], at place: Place, text: String) -> InstallCommand? {
        let verbs = words.filter { !$0.hasPrefix("-") }
        guard let verb = verbs.first, ["install", "export", "sync"].contains(verb) else { return nil }
        var command = InstallCommand(.poetry, at: place, text: text)
        let listed = values(of: ["--with", "--only"], in: words).flatMap {
            $0.split(whereSeparator: { $0 == "," || $0 == " " })
        }
        command.groups = listed.map(String.init).filter { $0 != "main" }
        command.without = values(of: ["--without"], in: words)
            .flatMap { $0.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) }
        command.extras = values(of: ["-E", "--extras"], in: words).flatMap { $0.split(separator: " ").map(String.init) }
        return command
    }

    private static func simple(_ tool: String, _ words: [String], at place: Place, text: String) -> InstallCommand? {
        let verbs = words.filter { !$0.hasPrefix("-") }
        let known: Set<String> = [
            "install", "sync", "export", "requirements", "lock", "env", "run", "dep", "build",
        ]
        guard let verb = verbs.first, known.contains(verb) else { return nil }
        guard let name = Facts.Manager.Name(rawValue: tool) else { return nil }
        // `hatch run` installs its environment first; the others only use what is there.
        if verb == "run" && name != .hatch { return nil }
        var command = InstallCommand(name, at: place, text: text)
        command.groups = values(of: ["-G", "--group", "--with", "--categories"], in: words)
            .flatMap { $0.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) }
        return command
    }

    private static func conda(_ words: [String], at place: Place, text: String) -> InstallCommand? {
        guard let verb = words.first(where: { !$0.hasPrefix("-") }),
            ["install", "create", "env", "update"].contains(verb)
        else {
            return nil
        }
        var command = InstallCommand(.conda, at: place, text: text)
        command.files = values(of: ["-f", "--file"], in: words)
        command.isWeak = command.files.isEmpty
        return command.files.isEmpty ? nil : command
    }

    private static func pip(_ words: [String], at place: Place, text: String) -> InstallCommand? {
        guard let verb = words.first(where: { !$0.hasPrefix("-") }),
            ["install", "sync", "wheel", "download"].contains(verb)
        else { return nil }
        var command = InstallCommand(.pip, at: place, text: text)
        command.files = values(of: ["-r", "--requirement"], in: words)
        var skips = false
        for word in words.drop(while: { $0 != verb }).dropFirst() {
            if skips {
                skips = false
            } else if word.hasPrefix("-") {
                skips = [
                    "-r", "--requirement", "-c", "--constraint", "-t", "--target", "--prefix", "--root", "-w",
                    "--wheel-dir",
                    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--timeout",
                    "--retries",
                    "--default-timeout", "--cache-dir", "--src", "--python", "-p", "--user-agent", "--upgrade-strategy",
                    "--extra", "--group",
                ].contains(word)
            } else {
                command.add(word)
            }
        }
        command.extras += values(of: ["--extra"], in: words)
        return command
    }

    /// A word of `pip install`: a folder, a package, or a file of requirements (`uv pip sync`).
    private mutating func add(_ word: String) {
        let plain = word.prefix { $0 != "[" }
        let isLocal = [".", "./", "/app", "/app/", "/code", "/src", "/build", "$PWD"].contains(String(plain))
        if isLocal || plain == "pyproject.toml" {
            installsProject = true
            if let open = word.firstIndex(of: "["), let close = word.lastIndex(of: "]"), open < close {
                extras += Requirement.extras(word[word.index(after: open)..<close])
            }
        } else if plain.hasSuffix(".txt") {
            files.append(word)
        } else if let requirement = Requirement(word), !plain.contains("/"), !plain.hasSuffix(".whl") {
            packages.append(requirement)
        }
    }

    /// The values of an option, written `-r x`, `-rx`, `--group x` or `--group=x`.
    private static func values(of names: [String], in words: [String]) -> [String] {
        var result: [String] = []
        for (index, word) in words.enumerated() {
            if names.contains(word), index + 1 < words.count {
                result.append(words[index + 1])
            } else if let name = names.first(where: { $0.hasPrefix("--") && word.hasPrefix($0 + "=") }) {
                result.append(word.dropFirst(name.count + 1).quotesTrimmed)
            } else if let name = names.first(where: { !$0.hasPrefix("--") && word.hasPrefix($0) && word.count > 2 }) {
                result.append(String(word.dropFirst(name.count)))
            }
        }
        return result
    }
}
