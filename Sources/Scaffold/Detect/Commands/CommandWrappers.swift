import Toolkit

/// Takes off what only wraps a command: `exec`, `uv run`, `ddtrace-run`, `tini --`.
struct CommandWrappers {
    var words: [String]
    var environment: [String: String] = [:]
    /// A folder that a wrapper changes to.
    var folder: String?
    /// A wrapper that starts again whenever a file changes, or waits for a debugger.
    var isDevelopment = false
    /// Shell text that a wrapper takes as one word: `sh -c "…"`, `watchfiles "…"`.
    var text: String?

    static func strip(_ words: [String]) -> CommandWrappers {
        var command = CommandWrappers(words: words)
        // Each round takes words off, so the count bounds it.
        for _ in 0..<24 where command.text == nil {
            let before = command.words.count
            command.step()
            if command.words.count == before { break }
        }
        return command
    }

    /// The program's name without the folder it is installed in.
    static func name(_ word: String) -> String {
        word.lastIndex(of: "/").map { String(word[word.index(after: $0)...]) } ?? word
    }

    /// `python`, `python3.12`, `/opt/venv/bin/python`.
    static func isPython(_ word: String) -> Bool {
        let name = name(word)
        return name.hasPrefix("python") && name.dropFirst(6).allSatisfy { $0.isNumber || $0 == "." }
            || name.hasPrefix("pypy") && name.dropFirst(4).allSatisfy { $0.isNumber }
    }

    /// Modules whose `python -m` is the same as the program of that name.
    static let programs = Vocabulary.starters.union(Vocabulary.frameworks).union(Vocabulary.workers).union([
        "waitress", "alembic", "aerich", "yoyo", "piccolo", "flower", "huey_consumer", "supervisord", "honcho",
        "debugpy", "watchfiles", "ddtrace", "coverage", "poe",
    ])

    // MARK: - Private

    /// Taken off alone, or with options that have no value.
    private static let plain: Set<String> = [
        "exec", "nohup", "time", "command", "setsid", "catchsegv", "unbuffer", "ddtrace-run",
        "opentelemetry-instrument",
        "wait-for-it", "dumb-init", "docker-init", "tini", "tini-static", "catatonit", "my_init", "builtin", "fixuid",
        "s6-svwait",
    ]

    /// Options that take a value, by wrapper.
    private static let valued: [String: Set<String>] = [
        "exec": ["-a"],
        "sudo": ["-u", "-g", "-p", "-h", "-C"],
        "tini": ["-p", "-e"],
        "timeout": ["-s", "-k", "--signal", "--kill-after"],
        "nice": ["-n", "--adjustment"],
        "stdbuf": ["-o", "-e", "-i"],
        "opentelemetry-instrument": [
            "--traces_exporter", "--metrics_exporter", "--logs_exporter", "--service_name", "--exporter_otlp_endpoint",
            "--exporter_otlp_protocol", "--propagators",
        ],
        "uv": [
            "--package", "--group", "--only-group", "--no-group", "--extra", "--with", "--with-editable",
            "--with-requirements",
            "--env-file", "-p", "--python", "--project", "--index", "--index-url", "--config-file", "--cache-dir",
            "--from",
            "--default-index", "--color", "--refresh-package",
        ],
        "poetry": ["-C", "--directory", "-P", "--project"],
        "pdm": ["-p", "--project", "-s", "--site-packages", "--env-file"],
        "pipenv": ["--python", "--pypi-mirror"],
        "hatch": ["-e", "--env", "-p", "--project"],
        "pixi": ["-e", "--environment", "--manifest-path"],
        "conda": ["-n", "--name", "-p", "--prefix", "--cwd"],
        "dotenv": ["-f", "--file", "-e"],
        "doppler": ["-p", "--project", "-c", "--config", "--name-transformer", "-t", "--token"],
        "infisical": ["--env", "--path", "--projectId", "--token", "--domain"],
        "dockerize": ["-wait", "-timeout", "-template", "-stdout", "-stderr", "-wait-retry-interval"],
        "debugpy": ["--listen", "--connect", "--log-to"],
        "coverage": ["--rcfile", "--source", "--omit", "--include", "--data-file"],
        "watchfiles": ["--filter", "--target-type", "--ignore-paths", "--args", "--verbosity"],
        "watchmedo": ["-d", "--directory", "-p", "--pattern", "--patterns", "-i", "--interval", "--ignore-patterns"],
        "op": ["--env-file", "--account"],
        "aws-vault": ["-d", "--duration"],
        "py-spy": ["-o", "--output", "-r", "--rate", "-d", "--duration", "-f", "--format"],
        "setpriv": ["--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set", "--pdeathsig"],
        "dumb-init": ["-r", "--rewrite"],
        "ionice": ["-c", "--class", "-n", "--classdata"],
        "runuser": ["-u", "--user", "-g", "--group", "-G", "--supp-group", "-w", "--whitelist-environment"],
        "chpst": ["-u", "-U", "-b", "-e", "-/", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c"],
        "python": ["-W", "-X", "--check-hash-based-pycs"],
    ]

    /// Those whose command stands behind a verb: `uv run`, `newrelic-admin run-program`.
    private static let verbs: [String: Set<String>] = [
        "uv": ["run"], "poetry": ["run"], "pdm": ["run"], "pipenv": ["run"], "hatch": ["run"], "rye": ["run"],
        "pixi": ["run"], "conda": ["run"], "mamba": ["run"], "micromamba": ["run"], "newrelic-admin": ["run-program"],
        "dotenv": ["run"], "doppler": ["run"], "infisical": ["run"], "op": ["run"], "chamber": ["exec"],
        "aws-vault": ["exec"],
        "coverage": ["run"], "memray": ["run"], "watchmedo": ["auto-restart"], "honcho": ["run"], "py-spy": ["record"],
        "scalene": ["run"],
    ]

    private mutating func step() {
        guard let first = words.first else { return }
        if let equals = first.firstIndex(of: "="), Variables.name(in: first).count == first[..<equals].count,
            equals > first.startIndex
        {
            environment[String(first[..<equals])] = String(first[first.index(after: equals)...])
            words.removeFirst()
            return
        }
        let name = Self.name(first)
        switch name {
        case "env": env()
        case "sh", "bash", "ash", "dash", "zsh", "ksh": shell()
        case "gosu", "su-exec", "s6-setuidgid": drop(1 + (words.count > 2 ? 1 : 0))
        case "su": user()
        case "runuser" where !words.contains("-u"): user()
        case "sudo", "doas", "timeout", "nice", "stdbuf", "ionice", "setpriv", "runuser", "chpst":
            prefix(name, positional: name == "timeout" ? 1 : 0)
        case "uvx": drop(1)
        case "debugpy":
            isDevelopment = true
            module(name)
        case "watchfiles": watch()
        case "dockerize": prefix(name, positional: 0)
        case _ where Self.isPython(first): python()
        case _ where Self.plain.contains(name): prefix(name, positional: 0)
        case _ where Self.verbs[name] != nil: verb(name)
        case _ where waits(name): afterDashes()
        default:
            if first.contains("/bin/"), !first.contains("$") { words[0] = name }
        }
    }

    private mutating func drop(_ count: Int) {
        guard words.count > count else { return }
        words.removeFirst(count)
        if words.first == "--", words.count > 1 { words.removeFirst() }
    }

    /// A wrapper with options, then so many other words, then the command.
    private mutating func prefix(_ name: String, positional: Int) {
        var place = 1
        var left = positional
        let valued = Self.valued[name] ?? []
        while place < words.count {
            let word = words[place]
            if word == "--" {
                place += 1
                break
            }
            if word.hasPrefix("-"), word.count > 1 {
                if ["--directory", "--cwd", "-C"].contains(word), place + 1 < words.count { folder = words[place + 1] }
                if word.hasPrefix("--directory=") { folder = String(word.dropFirst(12)) }
                place += valued.contains(word) || word == "--directory" ? 2 : 1
            } else if left > 0 {
                left -= 1
                place += 1
            } else {
                break
            }
        }
        if place < words.count { words.removeFirst(place) }
    }

    private mutating func verb(_ name: String) {
        let verbs = Self.verbs[name] ?? []
        guard let place = words.firstIndex(where: verbs.contains), place < 8, place + 1 < words.count else {
            // `dotenv -- uvicorn`
            if name == "dotenv" || name == "uv" && words.dropFirst().first == "tool" { afterDashes() }
            return
        }
        if ["watchmedo"].contains(name) { isDevelopment = true }
        let table = name == "mamba" || name == "micromamba" ? "conda" : name
        for (index, word) in words[..<place].enumerated() where ["--directory", "-C", "--project"].contains(word) {
            folder = words[index + 1]
        }
        words.removeFirst(place)
        // `uv run -m package` is `python -m package`.
        let isModule = ["uv", "coverage", "memray"].contains(name)
        if isModule, let flag = words.firstIndex(where: { $0 == "-m" || $0 == "--module" }), flag <= 3,
            flag + 1 < words.count,
            words[1..<flag].allSatisfy({ $0.hasPrefix("-") })
        {
            words = ["python", "-m"] + words[(flag + 1)...]
            return
        }
        prefix(table, positional: name == "chamber" || name == "aws-vault" ? 1 : 0)
        // `hatch run prod:start`
        if name == "hatch", let colon = words.first?.firstIndex(of: ":"), let word = words.first {
            words[0] = String(word[word.index(after: colon)...])
        }
        // `uv run app/main.py` runs it with Python.
        if words.first?.hasSuffix(".py") == true, ["uv", "coverage", "memray", "scalene"].contains(name) {
            words.insert("python", at: 0)
        }
    }

    private mutating func env() {
        var place = 1
        while place < words.count {
            let word = words[place]
            if word == "-u" || word == "-C" || word == "--chdir" {
                place += 2
            } else if word.hasPrefix("-") {
                place += 1
            } else if let equals = word.firstIndex(of: "=") {
                environment[String(word[..<equals])] = String(word[word.index(after: equals)...])
                place += 1
            } else {
                break
            }
        }
        words.removeFirst(min(place, words.count))
    }

    /// `sh -c "text"`; `sh start.sh` leaves the script.
    private mutating func shell() {
        var place = 1
        while place < words.count, words[place].hasPrefix("-") || words[place].hasPrefix("+") {
            let word = words[place]
            if word.hasPrefix("-"), !word.hasPrefix("--"), word.contains("c"), place + 1 < words.count {
                text = words[place + 1]
                return
            }
            place += word == "-o" ? 2 : 1
        }
        guard place < words.count else { return }
        words.removeFirst(place)
    }

    /// `su app -c "text"`, `su -s /bin/sh app -c …`.
    private mutating func user() {
        guard let place = words.firstIndex(where: { $0 == "-c" || $0 == "--command" }), place + 1 < words.count else {
            return
        }
        text = words[place + 1]
    }

    private mutating func python() {
        let place = afterOptions("python")
        guard place + 1 < words.count, words[place] == "-m" else {
            // Options of the interpreter say nothing about what it runs.
            if place > 1, place < words.count, words[place] != "-c" { words.removeSubrange(1..<place) }
            if words.count > 1, words[1].contains("/bin/"), Self.programs.contains(Self.name(words[1])) {
                words.removeFirst()
            }
            return
        }
        let module = words[place + 1]
        if Self.programs.contains(module) {
            words.removeFirst(place + 1)
        } else if place > 1 {
            words.removeSubrange(1..<place)
        }
    }

    private func afterOptions(_ name: String) -> Int {
        var place = 1
        while place < words.count, words[place].hasPrefix("-"), words[place] != "-m", words[place] != "-c" {
            place += Self.valued[name]?.contains(words[place]) == true ? 2 : 1
        }
        return place
    }

    /// What a debugger starts: `debugpy --listen x -m module …`.
    private mutating func module(_ name: String) {
        guard let flag = words.firstIndex(of: "-m"), flag + 1 < words.count else { return prefix(name, positional: 0) }
        words = ["python", "-m"] + words[(flag + 1)...]
    }

    /// What is started again and again: `watchfiles --filter python "uvicorn …" folder`.
    private mutating func watch() {
        isDevelopment = true
        prefix("watchfiles", positional: 0)
        guard let first = words.first, first != "watchfiles", first.contains(where: \.isWhitespace) else { return }
        text = first
    }

    private func waits(_ name: String) -> Bool {
        words.contains("--") && ["wait", "entrypoint", "entry-point", "init", "docker-"].contains { name.contains($0) }
    }

    /// What is started after a wait: `wait-for-it.sh db:5432 -t 30 -- uvicorn …`.
    private mutating func afterDashes() {
        guard let place = words.firstIndex(of: "--"), place + 1 < words.count else { return }
        words.removeFirst(place + 1)
    }
}
