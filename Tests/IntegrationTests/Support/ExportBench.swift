import Foundation
import Model
import Scaffold
import Testing

/// A folder with an app and the files of an export, whose programs are started here and all ended with it.
final class ExportBench {
    let folder: String
    private var started: [Int32] = []

    static let tools = "/opt/roost-tools/validators/bin"

    /// Why these tests can't run here; nil when they can.
    static var unfit: String? {
        let needed = [
            "\(tools)/uvicorn", "\(tools)/gunicorn", "\(tools)/honcho", "/usr/sbin/nginx", "/usr/bin/openssl",
        ]
        let missing = needed.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        return missing.isEmpty ? nil : "missing: \(missing.joined(separator: ", ")) (scripts/install.sh test)"
    }

    init() throws {
        folder = NSTemporaryDirectory() + "roost-boot-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.fixture("export_app.py"), toPath: "\(folder)/main.py")
    }

    /// Runs `body`, and ends what it started, whatever happens.
    static func with(_ body: (ExportBench) async throws -> Void) async throws {
        let bench = try ExportBench()
        do {
            try await body(bench)
        } catch {
            print("--- last lines:\n\((try? await Shell.line("tail -n 40 \(bench.folder)/*.log")) ?? "")")
            await bench.stop()
            throw error
        }
        await bench.stop()
    }

    static func fixture(_ name: String) -> String { "\(TestHost.package)/Tests/IntegrationTests/Fixtures/\(name)" }

    // MARK: - Files

    /// Facts of the fixture app.
    func facts(port: Int) -> Facts {
        var facts = Facts()
        facts.name = "boot"
        facts.framework = .fastapi
        facts.entry = .init(kind: .app, target: "main:app")
        facts.server = .init(.uvicorn)
        facts.python = .init("3.14")
        facts.port = .init(port)
        facts.health.live = "/healthz"
        facts.traits.websockets = true
        facts.traits.streaming = true
        facts.dependencies = [.init("fastapi"), .init("uvicorn")]
        return facts
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        return "\(folder)/\(name)"
    }

    // MARK: - Programs

    /// Starts a program in the folder, with the tools first on its path.
    func start(_ name: String, _ words: [String], environment: [String: String] = [:]) throws -> Int32 {
        var environment = environment
        environment["PATH"] = "\(Self.tools):/usr/sbin:/usr/bin:/sbin:/bin"
        // Each line as it comes.
        environment["PYTHONUNBUFFERED"] = "1"
        let pid = try Background.start(
            "/bin/sh",
            ["-c", "cd \(folder) && exec \"$@\"", "sh"] + words,
            environment: environment,
            output: log(name)
        )
        started.append(pid)
        return pid
    }

    func log(_ name: String) -> String { "\(folder)/\(name).log" }

    func text(of name: String) -> String { (try? String(contentsOfFile: log(name), encoding: .utf8)) ?? "" }

    /// Ends a program and all that it has started, and waits for it; returns how it ended, as a shell would say.
    func end(_ pid: Int32, _ signal: Int32 = SIGTERM, within limit: Duration = .seconds(15)) async throws -> Int32 {
        // Its session is its own, so its group's number is its own as well.
        kill(pid, signal)
        var status: Int32 = 0
        try await eventually(within: limit, "process \(pid) ends") { waitpid(pid, &status, WNOHANG) == pid }
        started.removeAll { $0 == pid }
        kill(-pid, SIGKILL)
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    func answers(_ port: Int, _ path: String = "/healthz") async throws {
        try await eventually(within: .seconds(15), "port \(port) answers") {
            try await Shell.run("/usr/bin/curl", ["-sf", "-m", "2", "http://127.0.0.1:\(port)\(path)"]).code == 0
        }
    }

    private func stop() async {
        for pid in started.reversed() {
            kill(-pid, SIGKILL)
            try? await eventually(within: .seconds(5), "\(pid) is gone") { Background.hasEnded(pid) }
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A port of loopback that is free now.
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
