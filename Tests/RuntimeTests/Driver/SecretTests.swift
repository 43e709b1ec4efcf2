import Foundation
import Glibc
import Model
import Runtime
import Testing
import Toolkit

@Suite("Secrets of a running Machine", .serialized, .enabled(if: TestHost.isFit))
struct SecretTests {
    private static func mounts(_ host: TestHost) throws -> [String] {
        try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("\(host.paths.run)/machines") }.map(String.init)
    }

    @Test("reach the process over its environment, and stand in no file of the host")
    func inMemoryOnly() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox("echo \"$GREETING|$TOKEN\"; sleep 100")
            let value = "s3cr3t-\(UInt64.random(in: 0 ... .max))"
            sandbox.secrets = ["TOKEN": value, "GREETING": "over"]
            let id = sandbox.id
            let process = try await host.runtime.start(sandbox)
            try await TestHost.eventually("environment") { await host.log(id, .stdout) == ["over|\(value)"] }
            let run = "\(host.paths.run)/machines/\(sandbox.id)"
            // Not by the list of mounts: other tests change it while it is read.
            #expect(try await Self.isMemory(run))
            // By grep, which goes into mounts too. In its log the process wrote it itself.
            let found = try await Command("grep", ["-rlaF", "--devices=skip", value, host.root]).run()
            #expect(found.output.split(separator: "\n") == ["\(host.paths.state)/machines/\(sandbox.id)/log"])
            let config = try String(contentsOfFile: "\(run)/config.json", encoding: .utf8)
            #expect(config.contains("GREETING=hello") && !config.contains("TOKEN="))
            let programs = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter {
                $0.allSatisfy(\.isNumber)
            }
            for pid in programs {
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                #expect(line.range(of: Data(value.utf8)) == nil, "command line of \(pid)")
            }
            // A dump that is piped to a program ignores every limit but this one.
            let limits = try String(contentsOfFile: "/proc/\(process.pid)/limits", encoding: .utf8)
            #expect(limits.contains(/Max core file size +1 +1 +bytes/))
            try await host.runtime.clear(sandbox.id)
            #expect(try Self.mounts(host).isEmpty)
        }
    }

    @Test("another daemon takes such a Machine over, starts it again, and leaves no mount")
    func adoption() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox("echo \"$TOKEN\"; sleep 100")
            sandbox.secrets = ["TOKEN": "first"]
            let id = sandbox.id
            let process = try await host.runtime.start(sandbox)
            let next = OCIRuntime(paths: host.paths, options: host.runtime.options)
            try await next.prepareHost()
            #expect(try await next.list()[sandbox.id] == .running(process))
            #expect(try await next.start(sandbox) == process)
            try await next.signal(sandbox.id, .kill)
            try await TestHost.eventually("end") {
                if case .ended = try await next.list()[id] { true } else { false }
            }
            sandbox.secrets = ["TOKEN": "second"]
            _ = try await next.start(sandbox)
            try await host.waitForLog(sandbox.id, "second")
            #expect(try Self.mounts(host).count <= 1)
            sandbox.secrets = [:]
            try await next.clear(sandbox.id)
            _ = try await next.start(sandbox)
            #expect(try Self.mounts(host).isEmpty)
            try await next.destroy(sandbox.id)
            #expect(try Self.mounts(host).isEmpty)
        }
    }

    /// Where the test's folders are in memory already.
    private static func isMemory(_ path: String) async throws -> Bool {
        try await Command("stat", ["-f", "-c", "%T", path]).checked().contains("tmpfs")
    }
}
