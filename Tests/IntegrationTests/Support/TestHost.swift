import Foundation
import Testing
import Toolkit

/// A Roost of its own on this machine: state, sockets, port and devices that no other has.
final class TestHost: Sendable {
    let root: String
    let port: Int
    /// Where the edge speaks TLS; nil when it does not.
    let securePort: Int?
    private let bin: String

    var state: String { "\(root)/s" }
    var run: String { "\(root)/r" }
    var paths: HostPaths { HostPaths(state: state, run: run) }
    /// The host's configuration, once a test has written it.
    var configuration: String { "\(root)/roost.toml" }
    var environment: [String: String] {
        var all = ["ROOST_STATE": state, "ROOST_RUN": run]
        if FileManager.default.fileExists(atPath: configuration) { all["ROOST_CONFIG"] = configuration }
        return all
    }

    /// Why these tests can't run here; nil when they can.
    static var unfit: String? {
        if geteuid() != 0 { return "integration tests need root" }
        let needed = ["/usr/sbin/runc", "/usr/bin/conmon", "/usr/sbin/nft", "/usr/bin/mmdebstrap"]
        let missing = needed.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        return missing.isEmpty ? nil : "missing: \(missing.joined(separator: ", ")) (scripts/install.sh test)"
    }

    static var package: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    /// Base images are made once for all tests of a machine: making one takes most of a minute.
    private static let template = "/var/tmp/roost-test-images"

    /// One that another build of the daemon has made may lack what this one needs: it is made anew then.
    private static let isFresh: Bool = {
        func changed(_ path: String) -> Date? {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        }
        guard let made = changed(template), let built = changed("\(package)/.build/debug/roostd"), made < built else {
            return true
        }
        return (try? FileManager.default.removeItem(atPath: template)) != nil
    }()

    /// Makes the folders of a host; `diskMiB` gives the state folder a disk of its own, of that size; `secure` lets the
    /// edge speak TLS as well.
    init(diskMiB: Int? = nil, secure: Bool = false) async throws {
        root = "/tmp/rt\(UInt32.random(in: 0...0xffffff))"
        bin = "\(Self.package)/.build/debug"
        port = try Self.freePort()
        securePort = secure ? try Self.freePort() : nil
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        if let diskMiB { try await Shell.line("mount -t tmpfs -o size=\(diskMiB)m,mode=700 roost-test \(state)") }
        if Self.isFresh, FileManager.default.fileExists(atPath: "\(Self.template)/images") {
            try await Shell.line("cp -a\(diskMiB == nil ? "l" : "") \(Self.template)/images \(state)/images")
        }
    }

    /// Runs `body` on a host with both daemons, and takes everything away afterwards, whatever happens.
    static func with(
        diskMiB: Int? = nil,
        secure: Bool = false,
        settings: String? = nil,
        _ body: (TestHost) async throws -> Void
    ) async throws {
        let host = try await TestHost(diskMiB: diskMiB, secure: secure)
        do {
            try settings?.write(toFile: host.configuration, atomically: true, encoding: .utf8)
            try await host.start("serve")
            try await host.start("edge")
            try await body(host)
        } catch {
            await host.tellLogs()
            try? await host.stop()
            throw error
        }
        try await host.stop()
    }

    // MARK: - Daemons

    func start(_ role: String) async throws {
        let log = "\(root)/\(role).log"
        let secure = securePort.map { ["--listen-tls", "127.0.0.1:\($0)"] } ?? []
        let arguments = [role, "--listen", "127.0.0.1:\(port)"] + secure
        let pid = try Background.start(
            "\(bin)/roostd",
            arguments,
            environment: environment.merging(["ROOST_LOG": "debug"]) { $1 },
            output: log
        )
        try "\(pid)".write(toFile: "\(root)/\(role).pid", atomically: true, encoding: .utf8)
        if role == "serve" {
            try await eventually(within: .seconds(30), "serve answers") {
                try await self.api("/v1/health").code == 0
            }
        } else {
            try await eventually("the edge listens") {
                try await Shell.run("/bin/bash", ["-c", "</dev/tcp/127.0.0.1/\(self.port)"]).code == 0
            }
        }
    }

    func pid(_ role: String) throws -> Int32 {
        let text = try String(contentsOfFile: "\(root)/\(role).pid", encoding: .utf8)
        guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw Failure("no pid") }
        return pid
    }

    /// Ends a daemon as a crash would.
    func killDaemon(_ role: String, _ signal: Int32 = SIGKILL) async throws {
        let pid = try pid(role)
        kill(pid, signal)
        try await eventually("\(role) is gone") { Background.hasEnded(pid) }
    }

    func stop() async throws {
        for role in ["serve", "edge"] {
            if let pid = try? pid(role), kill(pid, 0) == 0 { try await killDaemon(role, SIGKILL) }
        }
        let teardown = try await Shell.run("\(bin)/roostd", ["teardown"], environment: environment)
        if teardown.code == 0, !FileManager.default.fileExists(atPath: Self.template) {
            let copy = "\(Self.template).\(UInt32.random(in: 0...0xffffff))"
            _ = try? await Shell.line(
                // Not of a host whose disk was made to fill up: what it has built would be no surprise any more.
                "mountpoint -q \(state) || [ ! -d \(state)/images/layers ] || { mkdir -p \(copy) && "
                    + "cp -a --reflink=auto \(state)/images \(copy)/images && "
                    + "{ mv -nT \(copy) \(Self.template); rm -rf \(copy); }; }"
            )
        }
        #expect(teardown.code == 0, "\(teardown.all)")
        _ = try? await Shell.line("! mountpoint -q \(state) || umount \(state); rm -rf --one-file-system \(root)")
    }

    func tellLogs() async {
        for role in ["serve", "edge"] {
            let text = (try? await Shell.line("tail -n 60 \(root)/\(role).log")) ?? ""
            print("--- last lines of \(role):\n\(text)")
        }
    }

    // MARK: - Talking to it

    func roost(_ arguments: String..., in folder: String? = nil, limit: Int = 240) async throws -> Outcome {
        try await Shell.run("\(bin)/roost", arguments, environment: environment, folder: folder, limit: limit)
    }

    /// A command that has to succeed.
    @discardableResult
    func done(_ arguments: String..., in folder: String? = nil) async throws -> String {
        let outcome = try await Shell.run(
            "\(bin)/roost",
            arguments,
            environment: environment,
            folder: folder,
            limit: 240
        )
        guard outcome.code == 0 else { throw Failure("roost \(arguments): \(outcome.code)\n\(outcome.all)") }
        return outcome.output
    }

    func api(_ path: String) async throws -> Outcome {
        try await Shell.run(
            "/usr/bin/curl",
            ["-sf", "-m", "10", "--unix-socket", "\(run)/api.sock", "http://r\(path)"]
        )
    }

    /// A request through the edge: status and body.
    func get(_ app: String, _ path: String, limit: Int = 30) async throws -> (status: Int, body: String) {
        let outcome = try await Shell.run(
            "/usr/bin/curl",
            [
                "-s", "-m", "\(limit)", "-w", "\n%{http_code}", "-H", "Host: \(app).localhost",
                "http://127.0.0.1:\(port)\(path)",
            ]
        )
        let parts = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (parts.last.flatMap { Int($0) } ?? 0, parts.dropLast().joined(separator: "\n"))
    }

    // MARK: - Private

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw Failure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
