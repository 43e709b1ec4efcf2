import Toolkit

/// The simple commands of a `RUN` line or of another piece of shell.
enum RunCommands {
    /// Words by command, wrappers such as `sudo` and `env` taken off; text after `sh -c` is taken apart as well.
    static func all(in item: Dockerfile.Instruction) -> [[String]] {
        let shell: [[String]]
        if let words = item.exec {
            shell = [words]
        } else {
            shell = ([item.text] + item.heredocs).flatMap { ShellScript.lines(of: $0).map(\.words) }
        }
        return shell.flatMap { expand($0, depth: 0) }
    }

    static func all(in text: String) -> [[String]] {
        ShellScript.lines(of: text).flatMap { expand($0.words, depth: 0) }
    }

    // MARK: - Private

    private static func expand(_ words: [String], depth: Int) -> [[String]] {
        let stripped = CommandWrappers.strip(words)
        if let text = stripped.text, depth < 4 {
            return ShellScript.lines(of: text).flatMap { expand($0.words, depth: depth + 1) }
        }
        return stripped.words.isEmpty ? [] : [stripped.words]
    }
}

/// A command that installs or removes packages of the system.
struct PackageCommand: Sendable {
    enum Manager: String, Sendable { case apt, apk, dnf }

    var manager: Manager
    var installs: Bool
    var packages: [String]
    var options: [String]
    /// Names come from a variable, a file or a pattern, so the list is not whole.
    var isOpen: Bool

    /// Reads the words of a simple command; nil for another program.
    init?(_ words: [String]) {
        guard let first = words.first else { return nil }
        switch CommandWrappers.name(first) {
        case "apt-get", "apt", "aptitude": manager = .apt
        case "apk": manager = .apk
        case "dnf", "yum", "microdnf", "tdnf": manager = .dnf
        default: return nil
        }
        let rest = Array(words.dropFirst())
        let verbs: Set<String> = ["install", "add", "remove", "purge", "del", "autoremove", "erase"]
        guard let place = rest.firstIndex(where: verbs.contains) else { return nil }
        let verb = rest[place]
        installs = verb == "install" || verb == "add"
        options = rest.filter { $0.hasPrefix("-") }
        var skipped = false
        packages = []
        isOpen = false
        for word in rest[(place + 1)...] {
            if skipped {
                skipped = false
            } else if ["-t", "--target-release", "-o", "--virtual", "--repository", "-X"].contains(word) {
                skipped = true
            } else if word.contains("$") || word.contains("*") || word.contains("/") {
                isOpen = true
            } else if !word.hasPrefix("-") {
                packages.append(String(word.prefix { !"=<>~@".contains($0) }))
            }
        }
    }
}

/// The packages and programs that a line of stages puts into an image beside what its base has.
struct InstalledPackages: Sendable {
    private(set) var names: Set<String> = []
    /// Something ran or was copied that may have brought more.
    private(set) var isOpen = false
    /// Programs that a `COPY` put into a folder for programs.
    private(set) var copied: Set<String> = []
    /// Packages with the line of the instruction.
    private(set) var lines: [String: Int] = [:]

    init(_ stages: [Dockerfile.Stage], project: Project) {
        for item in stages.flatMap(\.instructions) {
            switch item.word {
            case "RUN": run(item, project: project)
            case "COPY", "ADD": copy(item)
            default: break
            }
        }
    }

    /// Whether a program was installed; nil when that can't be told.
    func has(_ tool: String) -> Bool? {
        let packages: [String: Set<String>] = [
            "nc": ["netcat", "netcat-openbsd", "netcat-traditional", "nmap-ncat", "busybox"], "http": ["httpie"],
            "ps": ["procps"], "pgrep": ["procps"], "pg_isready": ["postgresql-client"],
            "redis-cli": ["redis-tools", "redis"],
            "wget": ["wget", "busybox"], "ping": ["iputils-ping"],
            "mysqladmin": ["default-mysql-client", "mariadb-client"],
        ]
        if copied.contains(tool) || names.contains(tool) { return true }
        if let known = packages[tool], !names.isDisjoint(with: known) { return true }
        if tool == "pg_isready", names.contains(where: { $0.hasPrefix("postgresql") }) { return true }
        return isOpen ? nil : false
    }

    // MARK: - Private

    private mutating func run(_ item: Dockerfile.Instruction, project: Project) {
        for words in RunCommands.all(in: item) {
            if let command = PackageCommand(words) {
                if command.isOpen, command.installs { isOpen = true }
                for name in command.packages {
                    if command.installs {
                        names.insert(name)
                        lines[name] = lines[name] ?? item.line
                    } else {
                        names.remove(name)
                        lines[name] = nil
                    }
                }
            } else if Self.isScript(words) {
                isOpen = true
            }
        }
        // `xargs apt-get install < packages.txt`, `apt-get install $(cat …)`
        if item.text.contains("xargs"), item.text.contains("install") { isOpen = true }
    }

    /// A script may install anything.
    private static func isScript(_ words: [String]) -> Bool {
        guard let first = words.first else { return false }
        return first.hasSuffix(".sh") || first.hasPrefix("./") || first == "make" || first == "nix"
            || first == "ansible-playbook"
    }

    private mutating func copy(_ item: Dockerfile.Instruction) {
        let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
        guard words.count > 1, let target = words.last else { return }
        for word in words.dropLast() {
            let name = TreePath.name(of: word)
            if target.contains("/bin") || word.contains("/bin/") { copied.insert(name) }
            copied.insert(TreePath.name(of: target))
            // A whole folder of programs or a whole file system.
            if word.hasSuffix("/bin") || word.hasSuffix("/bin/") || word == "/" || target == "/" { isOpen = true }
        }
    }
}
