import CLinux
import Foundation
import Glibc
package import Model
import Toolkit

extension OCIRuntime {
    /// Runs a program inside a running Machine, in all of its namespaces, its control group and under its filter.
    ///
    /// It has the environment that the Machine was started with, secrets too. What it was told stands in no file and on
    /// no command line of the host.
    ///
    /// - Throws: ``Fault`` `invalidState` when the Machine does not run, `invalidConfig` when there is no such user or shell.
    package func openSession(_ id: Machine.ID, _ order: SessionOrder) async throws -> any MachineSession {
        try order.check()
        guard case .running(let process) = try await list()[id] else {
            throw Fault(.invalidState, "Machine \(id) does not run", hint: "start it first: roost machine start \(id)")
        }
        let tools = try tools()
        let folders = MachineFolders(paths, id)
        let session = ULID.make()
        var order = order
        if order.command.isEmpty { order.command = try Self.shell(folders.rootfs) }
        let user = try order.user.map { name throws(Fault) in try Self.user(name, folders.rootfs) }
        guard let config = KernelFile.read(folders.config, limit: 4 << 20) else {
            throw Fault(.invalidState, "Machine \(id) has just ended")
        }
        let environment = try await Self.ownEnvironment(of: process.pid)
        try Self.check(order.command[0], environment, folders.rootfs)
        let told = try ConsoleProcess.make(
            config: config,
            environment: environment,
            order: order,
            session: session,
            user: user
        )
        let number = try user?.uid ?? ConsoleProcess.user(config: config)
        let owner = network.users(id).map { $0.range.base + number }
        let channels = try ConsoleChannels(terminal: order.terminal, owner: owner)
        let file = told.withUnsafeBytes { roost_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw Durable.fault(errno, "make", "a file in memory") }
        defer { close(file) }
        // Descriptor 3 is that file in the runtime; what it starts inside gets it closed.
        let command = [tools.runtime, "--root", runtimeRoot, "exec", "--process", "/proc/self/fd/3", id.text]
        let pid = try channels.start(command, process: file)
        return ConsoleSession(pid: pid, channels: channels) { [cgroups] in
            for _ in 0..<100 {
                let left = Self.marked(session, in: cgroups.processes(id))
                guard !left.isEmpty else { return }
                for process in left { kill(process, SIGKILL) }
                usleep(2000)
            }
        }
    }

    /// Waits until the Machine's program has taken the place of the OCI runtime's own, which has another environment.
    static func ownEnvironment(of pid: Int32) async throws -> [String] {
        var found: [String] = []
        for _ in 0..<100 {
            found = ConsoleProcess.environment(of: pid)
            if !found.isEmpty, !found.contains(where: { $0.hasPrefix("_LIBCONTAINER_") }) { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return found
    }

    /// Ends what consoles of a daemon that crashed have left in Machines.
    package func endAbandonedSessions() async throws {
        for (id, status) in try await list() {
            guard case .running = status else { continue }
            for process in Self.marked("", in: cgroups.processes(id)) { kill(process, SIGKILL) }
        }
    }

    // MARK: - Private

    /// The processes that belong to a session, or to any when none is named.
    private static func marked(_ session: String, in pids: [Int32]) -> [Int32] {
        let mark = "\(ConsoleProcess.mark)=\(session)"
        return pids.filter { pid in ConsoleProcess.environment(of: pid).contains { $0.hasPrefix(mark) } }
    }

    private static func shell(_ rootfs: String) throws(Fault) -> [String] {
        for shell in ["/bin/bash", "/bin/sh"] where RootedFile.isExecutable(root: rootfs, shell) { return [shell] }
        throw Fault(
            .invalidConfig,
            "the image has no shell",
            hint: "name a program that it has: roost ssh console -C \"PROGRAM …\""
        )
    }

    /// Refuses a program that no folder of `PATH` has; one with a path may be on a volume, which is not looked into.
    private static func check(_ program: String, _ environment: [String], _ rootfs: String) throws(Fault) {
        guard !program.contains("/") else { return }
        let path = environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? Substring(CommandLookup.defaultPath)
        guard !path.split(separator: ":").contains(where: { RootedFile.isExecutable(root: rootfs, "\($0)/\(program)") })
        else { return }
        throw Fault(
            .invalidConfig,
            "the Machine has no program \(ConfigNode.quoted(program)) in PATH",
            hint: "looked for in \(path); a path from / is taken as it is"
        )
    }

    private static func user(_ name: String, _ rootfs: String) throws(Fault) -> SandboxUser {
        try SandboxUser.resolve(
            name,
            passwd: RootedFile.read(root: rootfs, "etc/passwd"),
            group: RootedFile.read(root: rootfs, "etc/group")
        )
    }
}
