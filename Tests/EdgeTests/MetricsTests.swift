import Foundation
import Model
import NIOCore
import Synchronization
import Testing
import Toolkit

@testable import Edge

/// What the edge tells those who watch it.
@Suite("Metrics and access log", .timeLimit(.minutes(1)))
struct MetricsTests {
    /// Runs `body` with the port of the metrics.
    private func run(
        _ adjust: @escaping @Sendable (inout EdgeServer.Configuration) -> Void = { _ in },
        _ body: @escaping @Sendable (Lab, Int, TestApp) async throws -> Void
    ) async throws {
        let port = Mutex(0)
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ configuration in
                configuration.metrics = .init(host: "127.0.0.1", port: 0)
                configuration.onMetricsBound = { bound in port.withLock { $0 = bound } }
                adjust(&configuration)
            }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await body(lab, port.withLock { $0 }, app)
            }
        }
    }

    @Test("answers are counted by app and status, unknown hosts by nothing that a client can make up")
    func counts() async throws {
        try await run { lab, port, app in
            for _ in 0..<3 { #expect(try await fetch(lab.port, get()).status == 200) }
            for name in ["a", "b"] {
                #expect(try await fetch(lab.port, get(host: "\(name).example.com")).status == 404)
            }
            #expect(try await fetch(lab.port, "nonsense\r\n\r\n").status == 400)
            let text = try await fetch(port, get("/metrics", host: "x")).body
            let labels = #"{app="notes",region="fra""#
            #expect(text.contains("fly_edge_http_responses_count\(labels),status=\"200\"} 3\n"))
            #expect(text.contains("fly_edge_http_response_time_seconds_count\(labels),status=\"200\"} 3\n"))
            #expect(
                text.contains("fly_edge_http_response_time_seconds_bucket\(labels),status=\"200\",le=\"+Inf\"} 3\n")
            )
            let own = #"{app="notes",region="fra",instance="\#(app.machine)""#
            #expect(text.contains("fly_app_http_responses_count\(own),status=\"200\"} 3\n"))
            // Each event loop connects for itself, and keeps the connection.
            let connects = (1...3).map { "fly_app_connect_time_seconds_count\(own)} \($0)\n" }
            #expect(connects.contains { text.contains($0) })
            #expect(text.contains("roost_edge_refused_total{region=\"fra\"} 3\n"))
            #expect(text.contains("roost_edge_routes{region=\"fra\"} 1\n"))
            #expect(!text.contains("example.com"))
            // Each line is one that Prometheus reads.
            let line = #/^(#.*|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+]+)$/#
            for one in text.split(separator: "\n") { #expect(try line.wholeMatch(in: one) != nil, "\(one)") }
            #expect(app.seen.count == 3)
        }
    }

    @Test("requests that are going on are the load of their Machine, and bytes are counted both ways")
    func load() async throws {
        try await run { lab, port, app in
            try await withClient(lab.port) { peer in
                try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 10\r\n\r\n12345")
                try await eventually("it is counted") {
                    try await fetch(port, get("/metrics", host: "x")).body
                        .contains("fly_app_concurrency{app=\"notes\",region=\"fra\",instance=\"\(app.machine)\"} 1\n")
                }
                try await peer.send("67890")
                let answer = try await peer.message()
                let text = try await fetch(port, get("/metrics", host: "x")).body
                #expect(text.contains("fly_edge_data_in{app=\"notes\",region=\"fra\"} 10\n"))
                #expect(text.contains("fly_edge_data_out{app=\"notes\",region=\"fra\"} \(answer.body.utf8.count)\n"))
                #expect(
                    text.contains("fly_app_concurrency{app=\"notes\",region=\"fra\",instance=\"\(app.machine)\"} 0\n")
                )
            }
        }
    }

    @Test("statuses that an app makes up are counted by their hundred")
    func madeUp() {
        var counts = EdgeCounts.App()
        for status in 590...599 { counts.answered(status, after: 0.001) }
        counts.answered(299, after: 100)
        counts.answered(503, after: 0.003)
        #expect(counts.answers.mapValues(\.total) == [500: 10, 200: 1, 503: 1])
        #expect(counts.answers[200]?.buckets.last == 1)
        #expect(counts.answers[503]?.buckets[2] == 1)
    }

    @Test("what is asked beside that is not found, and health is said once there are routes")
    func others() async throws {
        try await run { lab, port, _ in
            let health = try await fetch(port, get("/health", host: "x"))
            #expect(health.status == 200)
            #expect(try await fetch(port, get("/", host: "x")).status == 404)
            #expect(
                try await fetch(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").status == 405
            )
            // No client of an app gets there.
            #expect(try await fetch(lab.port, get("/metrics", host: "127.0.0.1")).status == 404)
        }
    }

    @Test("the access log has a line for each request, without queries, and opens its file anew when that is moved")
    func accessLog() async throws {
        let path = "/tmp/edge-access-\(UUID().uuidString.prefix(8)).log"
        defer { for name in [path, "\(path).1"] { try? FileManager.default.removeItem(atPath: name) } }
        let adjust: @Sendable (inout EdgeServer.Configuration) -> Void = { $0.accessLog = .init(path: path) }
        try await run(adjust) { lab, _, app in
            let request =
                "POST /a?token=secret HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 3\r\n"
                + "User-Agent: \"me\"\\\r\n\r\nabc"
            let answer = try await fetch(lab.port, request)
            _ = try await fetch(lab.port, get("/b", host: "nobody.example.com"))
            try await eventually("both are written") { Self.lines(path).count == 2 }
            let line = try #require(Self.lines(path).first)
            let entry = try JSONValue.parse(Array(line.utf8), what: "line")
            #expect(entry["request_id"]?.string == answer.value("fly-request-id"))
            #expect(entry["app"]?.string == "notes" && entry["machine"]?.string == app.machine.text)
            #expect(entry["method"]?.string == "POST" && entry["path"]?.string == "/a")
            #expect(entry["status"]?.int == 200 && entry["bytes_in"]?.int == 3)
            #expect(entry["bytes_out"]?.int == Int64(answer.body.utf8.count))
            #expect(entry["user_agent"]?.string == "\"me\"\\")
            #expect(entry["client"]?.string == "127.0.0.1" && entry["tls"]?.bool == false)
            #expect(!line.contains("secret"))
            let second = try JSONValue.parse(Array(Self.lines(path)[1].utf8), what: "line")
            #expect(second["status"]?.int == 404 && second["app"] == nil)
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).1")
            _ = try await fetch(lab.port, get("/c"))
            try await eventually("there is a new file") { Self.lines(path).count == 1 }
        }
    }

    private static func lines(_ path: String) -> [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}
