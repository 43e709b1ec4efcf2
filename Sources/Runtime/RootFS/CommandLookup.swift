import Model

/// Looks for a sandbox's program before anything is started.
///
/// With a tiny first process in between, the runtime itself would see no error: the sandbox would end with 127.
enum CommandLookup {
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Looks in the sandbox's mounted root; what may stand on something that is mounted there later is let pass.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when the program is not there.
    static func check(_ sandbox: Sandbox, rootfs: String) throws(Fault) {
        guard let program = sandbox.command.first, !program.isEmpty else {
            throw Fault(
                .invalidConfig,
                "nothing says what to run in \(sandbox.id)",
                hint: "set a command in [processes] of fly.toml or CMD in the Dockerfile"
            )
        }
        let places = places(of: program, sandbox)
        let mounted = sandbox.mounts.map { $0.destination.hasSuffix("/") ? $0.destination : "\($0.destination)/" }
        if places.contains(where: { place in mounted.contains { place.hasPrefix($0) } }) { return }
        if places.contains(where: { RootedFile.isExecutable(root: rootfs, $0) }) { return }
        throw Fault(
            .invalidConfig,
            "the command '\(program)' is not in the image, or not executable",
            hint: "correct [processes] in fly.toml or CMD in the Dockerfile"
        )
    }

    /// Where a shell would look.
    static func places(of program: String, _ sandbox: Sandbox) -> [String] {
        if program.hasPrefix("/") { return [program] }
        if program.contains("/") { return ["\(sandbox.workingDirectory)/\(program)"] }
        let path = sandbox.env["PATH"] ?? defaultPath
        return path.split(separator: ":").map { "\($0)/\(program)" }
    }
}
