import Foundation
import Model
import Testing
import Toolkit

/// Numbers of real Machines, read by the programs that read them elsewhere.
@Suite("Metrics", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct MetricsTests {
    private static let metrics = "[[metrics]]\n  port = 8080\n"

    /// The page, as it is served.
    private func page(_ host: TestHost) async throws -> ScrapedPage {
        let text = try await host.done("metrics", "text")
        var limits = ExpositionReader.Limits()
        limits.samples = 1_000_000
        return try ExpositionReader.read(Array(text.utf8), limits: limits)
    }

    private func values(_ page: ScrapedPage, _ name: String, _ labels: [String: String] = [:]) -> [Double] {
        let samples = page.families.flatMap(\.samples).filter { sample in
            sample.name == name
                && labels.allSatisfy { wanted in
                    sample.labels.contains { $0.name == wanted.key && $0.value == wanted.value }
                }
        }
        return samples.compactMap { Double($0.value) }
    }

    @Test(
        "a Machine's use, its requests, its own numbers, its volume and the host, and nothing that the list does not have"
    )
    func everything() async throws {
        try await TestHost.with { host in
            let project = try TestApp("counted", extra: Self.metrics, mount: true)
            defer { project.remove() }
            try await host.done("deploy", "--no-ha", project.folder)
            for _ in 0..<20 { #expect(try await host.get("counted", "/").status == 200) }
            try await eventually(within: .seconds(30), "its own numbers are there") {
                self.values(try await self.page(host), "jobs_total", ["kind": "a", "app": "counted"]) == [3]
            }
            let page = try await page(host)
            let own = ["app": "counted", "region": "fra"]
            // What the host counts is of the host's region, what a Machine uses of the Machine's.
            let app = ["app": "counted", "region": "local"]
            #expect(values(page, "fly_instance_up", own) == [1])
            #expect(values(page, "roost_scrape_up", own) == [1])
            #expect(values(page, "fly_instance_memory_mem_total", own) == [Double(256 << 20)])
            let available = try #require(values(page, "fly_instance_memory_mem_available", own).first)
            #expect((128 << 20)..<(256 << 20) ~= Int(available), "\(available)")
            #expect(values(page, "fly_instance_cpu", own).reduce(0, +) > 0)
            #expect(try #require(values(page, "fly_instance_net_recv_bytes", own).first) > 1000)
            #expect(try #require(values(page, "fly_instance_filefd_allocated", own).first) >= 3)
            #expect(try #require(values(page, "fly_instance_filesystem_blocks", own + ["mount": "/data"]).first) > 0)
            #expect(try #require(values(page, "fly_volume_size_bytes", own).first) > 500e6)
            #expect(try #require(values(page, "fly_instance_disk_writes_completed", own).first) >= 0)
            #expect(try #require(values(page, "fly_edge_http_responses_count", app + ["status": "200"]).first) >= 20)
            #expect(try #require(values(page, "fly_app_http_responses_count", app + ["status": "200"]).first) >= 20)
            #expect(values(page, "roost_rollouts_total", app + ["result": "complete"]) == [1])
            #expect(values(page, "roost_builds_total", app + ["result": "ok"]) == [1])
            #expect(values(page, "roost_store_operation_seconds_count", ["operation": "write"]).first ?? 0 > 5)
            #expect(!values(page, "roost_edge_certificate_not_after_timestamp_seconds", app).isEmpty)
            #expect(try #require(values(page, "roost_host_filesystem_avail_bytes", ["purpose": "state"]).first) > 0)
            try hold(page)
            let table = try await host.done("metrics", "--interval", "1")
            #expect(table.contains("APP") && table.contains("counted"), "\(table)")
            #expect(try await host.done("metrics", "counted", "--interval", "1").contains("of 256 MiB"))
            let none = try await host.roost("metrics", "nobody", "--interval", "1")
            #expect(none.code == 1 && none.error.contains("nobody"), "\(none.all)")
            try await check(host)
        }
    }

    /// What is served is what docs/metrics.md says, but for what apps say of themselves.
    private func hold(_ page: ScrapedPage) throws {
        for family in page.families where family.name != "jobs_total" {
            let metric = try #require(Metric.all.first { $0.name == family.name }, "\(family.name)")
            #expect(family.kind == metric.kind && family.help == metric.help)
            for sample in family.samples {
                #expect(sample.labels.map(\.name).filter { $0 != "le" } == metric.labels, "\(sample)")
            }
        }
    }

    /// By Prometheus's own tool: Roost's names are as it wants them, of Fly's it only dislikes how they end.
    private func check(_ host: TestHost) async throws {
        let file = "\(host.root)/page"
        try await host.done("metrics", "text").write(toFile: file, atomically: true, encoding: .utf8)
        let ours = try await Shell.run(
            "/bin/bash",
            ["-c", "grep -E '^(# (HELP|TYPE) )?(roost_|jobs_)' \(file) | promtool check metrics"]
        )
        #expect(ours.code == 0, "\(ours.all)")
        let all = try await Shell.run("/bin/bash", ["-c", "promtool check metrics < \(file)"])
        #expect(all.code == 3, "\(all.all)")
        for line in all.all.split(separator: "\n") { #expect(line.hasPrefix("fly_"), "\(line)") }
    }

    @Test("a Prometheus reads it over the network with a token, and our rules; one that has no right sees nothing")
    func prometheus() async throws {
        let (port, web) = (try TestHost.freePort(), try TestHost.freePort())
        try await TestHost.with(settings: "[api]\nlisten = \"127.0.0.1:\(port)\"\n") { host in
            let app = try TestApp("watched", extra: Self.metrics)
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let token = try await host.roost("tokens", "create", "org", "--name", "prometheus").output
            try token.trimmingCharacters(in: .whitespacesAndNewlines)
                .write(toFile: "\(host.root)/token", atomically: true, encoding: .utf8)
            let config = try await host.done(
                "metrics",
                "scrape-config",
                "127.0.0.1:\(port)",
                "--token-file",
                "\(host.root)/token",
                "--ca-file",
                "\(host.state)/api-tls/ca.pem"
            )
            let rules = try await host.done("alerts", "export")
            try rules.write(toFile: "\(host.root)/rules.yml", atomically: true, encoding: .utf8)
            let whole =
                "global: {scrape_interval: 1s}\nrule_files: [rules.yml]\n"
                + config.replacing("scrape_interval: 15s", with: "scrape_interval: 1s")
            try whole.write(toFile: "\(host.root)/prometheus.yml", atomically: true, encoding: .utf8)
            let checked = try await Shell.run("/usr/bin/promtool", ["check", "config", "\(host.root)/prometheus.yml"])
            #expect(checked.code == 0, "\(checked.all)")
            let pid = try Background.start(
                "/usr/bin/prometheus",
                [
                    "--config.file=\(host.root)/prometheus.yml", "--storage.tsdb.path=\(host.root)/tsdb",
                    "--web.listen-address=127.0.0.1:\(web)",
                ],
                environment: [:],
                output: "\(host.root)/prometheus.log"
            )
            defer { kill(pid, SIGKILL) }
            try await eventually(within: .seconds(60), "it has the Machine's numbers") {
                let query = "curl -sf 'http://127.0.0.1:\(web)/api/v1/query?query=jobs_total'"
                return try await Shell.run("/bin/bash", ["-c", query]).output.contains(#""app":"watched""#)
            }
            let alerts = try await Shell.line("curl -sf http://127.0.0.1:\(web)/api/v1/rules")
            #expect(alerts.contains("NothingHealthy") && !alerts.contains(#""health":"err""#), "\(alerts)")
            let url = "https://127.0.0.1:\(port)/metrics"
            let refused = try await Shell.line("curl -sk -o /dev/null -w '%{http_code}' \(url)")
            #expect(refused == "401")
        }
    }

    @Test("a scrape wakes nobody, and a page that is none is told")
    func asleep() async throws {
        try await TestHost.with { host in
            let app = try TestApp("quiet", env: ["METRICS": "<html>\\n"], extra: Self.metrics)
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            try await eventually(within: .seconds(30), "that is seen") {
                self.values(try await self.page(host), "roost_scrape_up") == [0]
            }
            try await eventually(within: .seconds(60), "its log says why") {
                try await host.done("logs", "-a", "quiet", "--no-tail")
                    .contains("metrics: GET /metrics on port 8080 is of no use: line 1: expected a name")
            }
            let id = try await host.done("machine", "list", "-a", "quiet", "-q").split(separator: "\n").first
            try await host.done("machine", "stop", String(try #require(id)), "-a", "quiet")
            try await eventually(within: .seconds(30), "it sleeps") {
                let page = try await self.page(host)
                return self.values(page, "roost_machines", ["state": "stopped"]) == [1]
                    && self.values(page, "roost_scrape_up").isEmpty && self.values(page, "fly_instance_up").isEmpty
            }
            // A request wakes it, which is counted.
            #expect(try await host.get("quiet", "/").status == 200)
            try await eventually(within: .seconds(10), "the wake is counted") {
                let page = try await self.page(host)
                return self.values(page, "roost_wakes_total", ["result": "ok"]) == [1]
                    && self.values(page, "roost_wake_seconds_count") == [1]
            }
        }
    }
}

extension [String: String] {
    fileprivate static func + (left: Self, right: Self) -> Self { left.merging(right) { $1 } }
}
