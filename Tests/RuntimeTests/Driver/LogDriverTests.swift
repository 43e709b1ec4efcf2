import Foundation
import Model
import Runtime
import Testing
import Toolkit

@Suite("A running Machine's log", .serialized, .enabled(if: TestHost.isFit))
struct LogDriverTests {
    @Test("is rotated under its writer's hands: no line is lost, two files stay")
    func rotation() async throws {
        try await TestHost.with(logLimit: 40_000) { host in
            let script = "for i in $(seq 1 3000); do echo line $i; [ $((i % 100)) = 0 ] && sleep 0.01; done; echo end"
            let sandbox = try await host.sandbox(script)
            let lines = host.runtime.logs(sandbox.id, tail: 10_000, follow: true)
            _ = try await host.runtime.start(sandbox)
            let texts = try await withTimeout(.seconds(30), "all lines") { [runtime = host.runtime] in
                var texts: [String] = []
                for await line in lines {
                    texts.append(line.text)
                    // A reader may be one rotation behind, not two, however slow the machine is.
                    if texts.count == 500 || texts.count == 2500 { try await runtime.rotateLogs() }
                    if line.text == "end" { break }
                }
                return texts
            }
            let complete = texts == (1...3000).map { "line \($0)" } + ["end"]
            #expect(complete, "\(texts.count) lines")
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(host.paths.machines)/\(sandbox.id)")
            #expect(
                files.contains("log.1")
                    && Set(files).isSubset(of: ["log", "log.1", "log.ledger", "rootfs", "disk", "disk.img", "network"])
            )
        }
    }

    @Test("goes on after a rotation between two starts, and ends with the Machine")
    func restart() async throws {
        try await TestHost.with(logLimit: 100) { host in
            let sandbox = try await host.sandbox("for i in 1 2 3; do echo line $i; done; printf 'no end'")
            _ = try await host.output(of: sandbox)
            try await host.runtime.rotateLogs()
            _ = try await host.output(of: sandbox)
            let texts = try await withTimeout(.seconds(10), "all lines") { [runtime = host.runtime] in
                await runtime.logs(sandbox.id, tail: 100, follow: false).reduce(into: []) { $0.append($1.text) }
            }
            #expect(texts == ["line 1", "line 2", "line 3", "no end", "line 1", "line 2", "line 3", "no end"])
            try await host.runtime.destroy(sandbox.id)
            let none = try await withTimeout(.seconds(10), "the end") { [runtime = host.runtime] in
                await runtime.logs(sandbox.id, tail: 100, follow: true).reduce(into: 0) { count, _ in count += 1 }
            }
            #expect(none == 0)
        }
    }
}
