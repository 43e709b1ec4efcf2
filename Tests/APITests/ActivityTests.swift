import Foundation
import Logging
import Model
import Store
import Testing

@testable import ControlPlane

@Suite("The record of changes", .timeLimit(.minutes(2)))
struct ActivityTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func call(_ path: String, status: Int = 200) -> ActivityEntry.Call {
        ActivityEntry.Call(
            actor: "root",
            token: nil,
            from: "socket",
            method: "POST",
            path: path,
            status: status,
            error: nil
        )
    }

    private func withFile(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "activity-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test("changes and refusals are recorded with who, what, from where and the result; looks are not")
    func records() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let token = try await host.makeToken(#"{"name":"ci","scope":"readonly","app":"a"}"#)
            _ = try await host.ask("GET", "/v1/apps/a", token: token)
            _ = try await host.ask("DELETE", "/v1/apps/a", token: token)
            _ = try await host.ask("POST", "/v1/apps/a/machines", "{}", headers: ["Roost-User": "ada@here"])
            let entries = try await host.ask("GET", "/v1/activity").json["entries"]?.array ?? []
            let seen = entries.map {
                "\($0["actor"]?.string ?? "") \($0["method"]?.string ?? "") \($0["status"]?.int ?? 0)"
            }
            #expect(seen == ["root (ada@here) POST 400", "ci DELETE 403", "root POST 201", "root POST 201"])
            #expect(entries[1]["token"]?.string?.count == 12 && entries[0]["from"] == .string("socket"))
            #expect(entries[0]["error"] == .string("request body: config is missing"))
            #expect(!entries.map(\.text).joined().contains(token))
            let verdict = try await host.ask("GET", "/v1/activity/verify").json
            #expect(verdict["ok"] == .bool(true) && verdict["entries"] == .int(4))
            #expect(try await host.ask("GET", "/v1/activity?app=a&limit=1").json["entries"]?.array?.count == 1)
        }
    }

    @Test("goes on after a restart, also after a line that a crash tore")
    func goesOn() async throws {
        try await withFile { path in
            let store = MemoryStore()
            await ActivityLog(path: path, store: store, logger: quiet).add(call("/1"))
            let file = try #require(FileHandle(forWritingAtPath: path))
            _ = try file.seekToEnd()
            try file.write(contentsOf: Data(#"{"actor":"ro"#.utf8))
            let log = ActivityLog(path: path, store: store, logger: quiet)
            await log.add(call("/2"))
            #expect(try await log.last(10) { _ in true }.map(\.call.path) == ["/2", "/1"])
            let verdict = try await log.verify()
            #expect(verdict.entries == 2 && verdict.problems.count == 1 && verdict.problems[0].hasPrefix("line 2: "))
        }
    }

    @Test("a line that is changed, taken out, or cut off at the end shows")
    func tampering() async throws {
        try await withFile { path in
            let store = MemoryStore()
            let log = ActivityLog(path: path, store: store, logger: quiet)
            for number in 1...5 { await log.add(call("/\(number)")) }
            #expect(try await log.verify().problems.isEmpty)
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            var lines = whole.split(separator: "\n").map(String.init)
            func problems(_ lines: [String]) async throws -> Int {
                try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
                return try await log.verify().problems.count
            }
            #expect(try await problems(Array(lines.dropLast())) > 0)
            #expect(try await problems([lines[0], lines[1], lines[3], lines[4]]) > 0)
            lines[2] = lines[2].replacing("/3", with: "/x")
            #expect(try await problems(lines) > 0)
            // One who also mends that line's own hash breaks the next one's.
            let entry = try ActivityEntry(line: whole.split(separator: "\n")[2])
            lines[2] = ActivityEntry(number: 3, at: entry.at, call: call("/x"), previous: entry.previous).line
            #expect(try await problems(lines) > 0)
        }
    }
}
