import Model

/// Looks for a sandbox's program before anything is started.
///
/// With a tiny first process in between, the runtime itself would see no error: the sandbox would end with 127.
struct CommandLookup {
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    let sandbox: Sandbox
    /// Where its root file system is mounted.
    let rootfs: String

    /// Looks in the sandbox's mounted root; what may stand on something that is mounted there later is let pass.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when the program is not there, or can't be started as it is.
    static func check(_ sandbox: Sandbox, rootfs: String) throws(Fault) {
        try CommandLookup(sandbox: sandbox, rootfs: rootfs).check()
    }

    func check() throws(Fault) {
        guard let program = sandbox.command.first, !program.isEmpty else {
            throw Fault(
                .invalidConfig,
                "nothing says what to run in \(sandbox.id)",
                hint: "set a command in [processes] of fly.toml or CMD in the Dockerfile"
            )
        }
        guard let place = try find(program) else { return }
        guard let text = head(of: place) else { return }
        if try checkScript(program, text, sandbox.origin) {
            // An entry point ends in `exec "$@"`, as a rule, so that what comes after it is started too.
            try checkRest(Array(sandbox.command.dropFirst()))
        } else if Self.shells.contains(Self.name(program)) {
            try checkShell(program, Array(sandbox.command.dropFirst()))
        } else if Self.wrappers.contains(Self.name(program)) {
            try checkRest(Array(sandbox.command.dropFirst().drop { $0.hasPrefix("-") }))
        }
    }

    /// Where a shell would look.
    static func places(of program: String, _ sandbox: Sandbox) -> [String] {
        if program.hasPrefix("/") { return [program] }
        if program.contains("/") { return ["\(sandbox.workingDirectory)/\(program)"] }
        let path = sandbox.env["PATH"] ?? defaultPath
        return path.split(separator: ":").map { "\($0)/\(program)" }
    }

    // MARK: - Private

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash"]
    /// Programs that start the one which is named after them.
    private static let wrappers: Set<String> = ["tini", "dumb-init", "catatonit", "docker-init", "gosu", "su-exec"]

    private static func name(_ program: String) -> String {
        program.split(separator: "/").last.map(String.init) ?? program
    }

    /// - Returns: nil when it may stand on something that is not mounted yet.
    private func find(_ program: String) throws(Fault) -> String? {
        let places = Self.places(of: program, sandbox)
        if places.contains(where: isMounted) { return nil }
        if let place = places.first(where: { RootedFile.isExecutable(root: rootfs, $0) }) { return place }
        if program.contains("/"), places.contains(where: { head(of: $0) != nil }) {
            throw Fault(
                .invalidConfig,
                "the command '\(program)' is in the image, but not executable",
                hint:
                    "make it executable and deploy again: chmod +x \(Self.name(program)) (named by \(sandbox.origin.place))"
            )
        }
        throw Fault(
            .invalidConfig,
            "the command '\(program)' is not in the image, or not executable",
            hint: "correct \(sandbox.origin.place)"
        )
    }

    private func isMounted(_ place: String) -> Bool {
        sandbox.mounts.contains { mount in
            place.hasPrefix(mount.destination.hasSuffix("/") ? mount.destination : "\(mount.destination)/")
        }
    }

    private func head(of place: String) -> String? { RootedFile.read(root: rootfs, place, limit: 4096) }

    /// What an entry point or a wrapper starts, as far as that can be told: nothing is said of what is not found.
    private func checkRest(_ words: [String]) throws(Fault) {
        guard let program = words.first else { return }
        let places = Self.places(of: program, sandbox)
        guard !places.contains(where: isMounted),
            let place = places.first(where: { RootedFile.isExecutable(root: rootfs, $0) }), let text = head(of: place)
        else { return }
        if try !checkScript(program, text, sandbox.argumentsOrigin), Self.shells.contains(Self.name(program)) {
            try checkShell(program, Array(words.dropFirst()))
        }
    }

    /// - Returns: whether it is a script at all.
    private func checkScript(
        _ program: String,
        _ text: String,
        _ origin: Sandbox.CommandOrigin
    ) throws(Fault) -> Bool {
        guard let script = ScriptHead(text) else { return false }
        let named = "named by \(origin.place)"
        let asked = script.soughtByEnv ?? script.interpreter
        if script.endsInCR {
            throw Fault(
                .invalidConfig,
                "\(program) asks for the interpreter \"\(asked)\\r\": its lines end in CRLF",
                hint: Self.advice(program, named)
            )
        }
        let places = asked == script.interpreter ? [asked] : Self.places(of: asked, sandbox)
        if places.contains(where: { isMounted($0) || RootedFile.isExecutable(root: rootfs, $0) }) { return true }
        throw Fault(
            .invalidConfig,
            "\(program) asks for the interpreter \"\(asked)\", which is not in the image",
            hint: "install it in the image, or change the first line of \(Self.name(program)) (\(named))"
        )
    }

    /// `sh start.sh`, and `sh -c "./start.sh"`: the shell reads a carriage return as a part of each line's last word.
    private func checkShell(_ shell: String, _ words: [String]) throws(Fault) {
        var words = words[...]
        while let word = words.first, word.hasPrefix("-") {
            words = words.dropFirst()
            guard word.dropFirst().contains("c"), !word.hasPrefix("--") else { continue }
            return try checkInline(words.first ?? "")
        }
        guard let script = words.first, script.contains("/") || script.contains(".") else { return }
        let place = script.hasPrefix("/") ? script : "\(sandbox.workingDirectory)/\(script)"
        guard !isMounted(place), let text = head(of: place), ScriptHead.hasCRLF(text) else { return }
        throw Fault(
            .invalidConfig,
            "\(script), which \(Self.name(shell)) is to run, has lines that end in CRLF",
            hint: Self.advice(script, "named by \(sandbox.origin.place)")
        )
    }

    /// The first word of each command of a line of shell, where that is a script of the image.
    private func checkInline(_ line: String) throws(Fault) {
        let commands = line.split { ";&|(){}\n".contains($0) }.prefix(50)
        for command in commands {
            let words = command.split(separator: " ").drop { $0 == "exec" || $0.contains("=") }
            guard let program = words.first.map(String.init), program.contains("/") else { continue }
            let place = Self.places(of: program, sandbox).first ?? program
            guard !isMounted(place), let text = head(of: place) else { continue }
            _ = try checkScript(program, text, sandbox.origin)
        }
    }

    private static func advice(_ script: String, _ named: String) -> String {
        "save it with LF line ends: sed -i 's/\\r$//' \(name(script)) (\(named)); in git: echo '*.sh eol=lf' >> .gitattributes"
    }
}
