import Foundation
import Glibc
import Model
import Runtime
import Testing
import Toolkit

/// A host of its own for one test: folders, bridge, firewall table, and one layer with busybox in it.
struct TestHost: Sendable {
    let root: String
    let paths: HostPaths
    let runtime: OCIRuntime
    let plan: AddressPlan
    let layer: String

    /// Why tests against real sandboxes can't run here, or nil.
    static let obstacle: String? = {
        if getuid() != 0 { return "not root" }
        for tool in ["conmon", "ip", "nft"] where Command.find(tool) == nil { return "\(tool) is not installed" }
        if Command.find("runc") == nil, Command.find("crun") == nil { return "neither runc nor crun is installed" }
        if !FileManager.default.fileExists(atPath: "/usr/share/containers/seccomp.json") { return "no seccomp profile" }
        return FileManager.default.fileExists(atPath: busybox) ? nil : "\(busybox) is missing: install busybox-static"
    }()

    /// Whether such tests can run; prints why not.
    static let isFit: Bool = {
        if let obstacle { print("skipped: tests of real sandboxes: \(obstacle)") }
        // As the daemon has it.
        var noDump = rlimit(rlim_cur: 1, rlim_max: 1)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noDump)
        // conmon leaves a file named `oom` in its working folder when a Machine runs out of memory.
        chdir("/tmp")
        return obstacle == nil
    }()

    private static let busybox = "/bin/busybox"

    /// Runs a test on a new host and removes all of it, whatever comes of the test.
    static func with(
        logLimit: Int = 10 << 20,
        rootLimit: Int64 = 256 << 20,
        _ body: (TestHost) async throws -> Void
    ) async throws {
        var options = OCIRuntime.Options()
        options.nameservers = ["192.0.2.53"]
        options.machineNameservers = ["192.0.2.54"]
        options.logLimit = logLimit
        options.rootLimit = rootLimit
        let host = try await TestHost(options)
        do {
            try await body(host)
        } catch {
            Issue.record(error)
        }
        try await host.runtime.removeEverything()
        try FileManager.default.removeItem(atPath: host.root)
    }

    private init(_ options: OCIRuntime.Options) async throws {
        // Short: conmon's sockets lie below it.
        root = "/tmp/rt\(String(UInt32.random(in: 0..<(1 << 24)), radix: 16))"
        paths = HostPaths(state: "\(root)/s", run: "\(root)/r")
        layer = "\(root)/layer"
        try Self.fill(layer)
        runtime = OCIRuntime(paths: paths, options: options)
        try await runtime.prepareHost()
        plan = try runtime.addressPlan()
    }

    /// A provisioned Machine's sandbox that runs a shell script.
    func sandbox(_ script: String, user: String = "", index: Int = 0) async throws -> Sandbox {
        let address = try #require(plan.address(index: index))
        let id = Machine.ID.random()
        try await runtime.provision(id, address: address)
        return Sandbox(
            id: id,
            hostname: id.text,
            layers: [layer],
            image: Image.Config(user: user),
            command: ["sh", "-c", script],
            env: ["GREETING": "hello"],
            guest: .init(memoryMiB: 64),
            address: address
        )
    }

    /// The next end that the runtime, or another one on the same host, tells of.
    func nextExit(of other: OCIRuntime? = nil) async throws -> SandboxExit {
        let runtime = other ?? runtime
        return try await withTimeout(.seconds(20), "the next exit") {
            for await exit in runtime.exits { return exit }
            throw CancellationError()
        }
    }

    /// Runs a sandbox to its end and returns all that it has ever written on its standard output.
    func output(of sandbox: Sandbox) async throws -> [String] {
        _ = try await runtime.start(sandbox)
        _ = try await nextExit()
        try await runtime.clear(sandbox.id)
        return await log(sandbox.id, .stdout)
    }

    /// The same of a script in a Machine that is destroyed then.
    func output(_ script: String, user: String = "", index: Int = 9) async throws -> [String] {
        let sandbox = try await sandbox(script, user: user, index: index)
        let lines = try await output(of: sandbox)
        try await runtime.destroy(sandbox.id)
        return lines
    }

    func waitForLog(_ id: Machine.ID, _ line: String) async throws {
        try await Self.eventually("line '\(line)'") { await log(id).contains(line) }
    }

    /// Keeps an applet of busybox running on the host, or in a network namespace of its, until `body` is done.
    func whileRunning(
        _ applet: [String],
        in namespace: String? = nil,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                let place = namespace.map { ["ip", "netns", "exec", $0] } ?? []
                let command = place + [Self.busybox] + applet
                _ = try? await Command(command[0], Array(command.dropFirst())).run()
                return false
            }
            group.addTask {
                try await body()
                return true
            }
            while let done = try await group.next() {
                if done { break }
            }
            group.cancelAll()
        }
    }

    /// A TCP port of the host that nobody has now.
    func freePort() async throws -> Int {
        let taken = try await Command("ss", ["-Htln"]).checked()
        return (20_000..<30_000).shuffled().first { !taken.contains(":\($0) ") } ?? 20_000
    }

    /// What a Machine has written so far, on one stream or on both.
    func log(_ id: Machine.ID, _ stream: LogLine.Stream? = nil) async -> [String] {
        var texts: [String] = []
        for await line in runtime.logs(id, tail: 100_000, follow: false) where stream == nil || line.stream == stream {
            texts.append(line.text)
        }
        return texts
    }

    /// Asks until it is true.
    static func eventually(
        within limit: Duration = .seconds(10),
        _ what: String,
        _ body: @escaping @Sendable () async throws -> Bool
    ) async throws {
        try await withTimeout(limit, what) {
            while try await !body() { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    // MARK: - Private

    private static func fill(_ layer: String) throws {
        for folder in ["bin", "etc", "proc", "sys", "dev", "data"] { try Durable.makeFolder("\(layer)/\(folder)") }
        try FileManager.default.copyItem(atPath: busybox, toPath: "\(layer)/bin/busybox")
        for applet in [
            "sh", "cat", "sleep", "echo", "nc", "httpd", "ping", "id", "head", "tail", "ls", "grep", "dd", "seq", "rm",
            "wc", "ip", "nproc", "find", "mkdir",
        ] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(layer)/bin/\(applet)",
                withDestinationPath: "busybox"
            )
        }
        try "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n".write(
            toFile: "\(layer)/etc/passwd",
            atomically: false,
            encoding: .utf8
        )
        try "root:x:0:\napp:x:1000:\nextra:x:2000:app\n".write(
            toFile: "\(layer)/etc/group",
            atomically: false,
            encoding: .utf8
        )
    }
}
