import FakeRuntime
import Logging
import Model
import NIOCore
import NIOPosix
import Store
import Synchronization
import Testing
import Toolkit

@testable import Agent

/// Machines' own numbers, asked for over real sockets.
@Suite("Metrics of Machines", .timeLimit(.minutes(2)))
struct MetricsScraperTests {
    /// Serves one answer to whoever connects, then closes; gives its port.
    private static func serve<Result: Sendable>(
        _ answer: @autoclosure @escaping @Sendable () -> String,
        _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = try #require(server.channel.localAddress?.port)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        try? await connection.executeThenClose { inbound, outbound in
                            for try await _ in inbound { break }
                            try await outbound.write(ByteBuffer(string: answer()))
                        }
                    }
                }
            }
            defer { tasks.cancelAll() }
            return try await body(port)
        }
    }

    private static func services(_ runtime: FakeRuntime) -> HostServices {
        var host = HostServices(
            name: "here",
            region: "fra",
            runtime: runtime,
            store: MemoryStore(),
            prober: Prober(),
            image: { _ in (Image(digest: "sha256:0", layers: [], config: .init(cmd: ["true"])), []) },
            volumeFolder: { volume, _, _ in "/volumes/\(volume.id)" },
            removeVolumeFolder: { _ in },
            freeAddress: { Machine.Address(ipv4: "127.0.0.1", ipv6: "::\($1.count + 1)") },
            readLog: { _, _, _ in LogFeed() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        host.label = "a1b2"
        return host
    }

    private static func fetch(_ port: Int, limit: Int = 1 << 20) async throws -> String {
        let address = Machine.Address(ipv4: "127.0.0.1", ipv6: "::1")
        let bytes = try await Prober().fetch(
            path: "/metrics",
            port: port,
            at: address,
            timeout: .seconds(10),
            limit: limit
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "the whole of an answer is taken, whatever its framing",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n\(String(repeating: "a", count: 4000))",
            "HTTP/1.0 200 OK\r\n\r\n\(String(repeating: "a", count: 4000))",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfa0\r\n\(String(repeating: "a", count: 4000))\r\n0\r\n\r\n",
        ]
    )
    func whole(answer: String) async throws {
        let text = try await Self.serve(answer) { try await Self.fetch($0) }
        #expect(text == String(repeating: "a", count: 4000))
    }

    @Test(
        "what is no whole answer says why",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nabc", "the answer was cut off"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "the answer was cut off"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc", "the answer is longer than 9000 bytes"),
            (
                "HTTP/1.1 200 OK\r\n\r\n\(String(repeating: "a", count: 20_000))",
                "the answer is longer than 9000 bytes"
            ),
            ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "the answer is 404"),
            ("", "the app closed the connection without an answer"),
        ]
    )
    func broken(answer: String, message: String) async throws {
        let fault = await #expect(throws: Fault.self) {
            try await Self.serve(answer) { try await Self.fetch($0, limit: 9000) }
        }
        #expect(fault?.message == message)
    }

    private static func eventually(_ seconds: Int, _ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !holds() {
            guard ContinuousClock.now < end else { throw Fault(.timedOut, "not so within \(seconds) seconds") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test("the agent's page has a Machine's numbers, what it uses, and says when they can't be read")
    func page() async throws {
        let runtime = FakeRuntime()
        let said = Mutex("")
        let agent = LocalAgent(host: Self.services(runtime))
        try await agent.adopt()
        let numbers = "HTTP/1.1 200 OK\r\n\r\n# TYPE jobs_total counter\njobs_total{app=\"x\",kind=\"a\"} 3\nfly_x 1\n"
        try await Self.serve(said.withLock { $0.isEmpty ? numbers : $0 }) { port in
            try await withThrowingTaskGroup { group in
                group.addTask { try await agent.run() }
                var config = MachineConfig(image: "roost/a@sha256:0")
                config.metrics = MachineConfig.Metrics(port: port)
                let order = MachineOrder(id: .random(), app: "a", name: "a", region: "fra", config: config, release: 1)
                let quiet = MachineOrder(id: .random(), app: "b", name: "b", region: "fra", config: config, release: 1)
                for one in [order, quiet] { _ = try await agent.create(one) }
                var usage = MachineUsage()
                usage.processor = MachineUsage.Processor()
                usage.processor?.user = 42
                runtime.state.withLock { [usage] in $0.usages[order.id] = usage }
                try await agent.start(order.id)
                let place = "{app=\"a\",region=\"fra\",host=\"a1b2\""
                let own = "\(place),instance=\"\(order.id)\""
                try await Self.eventually(20) {
                    await agent.metrics(for: .all).text.contains("roost_scrape_up\(own)} 1\n")
                }
                let text = await agent.metrics(for: .all).text
                for line in [
                    "jobs_total\(own),kind=\"a\"} 3", "roost_scrape_samples\(own)} 1", "fly_instance_up\(own)} 1",
                    "fly_instance_cpu\(own),cpu_id=\"0\",mode=\"user\"} 42",
                    "roost_machines\(place),state=\"started\"} 1", "roost_app_machines\(place),state=\"wanted\"} 1",
                    "roost_metrics_dropped_total\(place)} 1",
                ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
                // Nobody has started that one, and nobody asks it.
                #expect(!text.contains("roost_scrape_up{app=\"b\""))
                #expect(text.contains("roost_machines{app=\"b\",region=\"fra\",host=\"a1b2\",state=\"created\"} 1\n"))
                let theirs = await agent.metrics(for: MetricViewer(seesHost: false) { $0 == "b" }).text
                #expect(!theirs.contains("\"a\"") && theirs.contains("\"b\""))
                // A page that is none, and a Machine that ends badly.
                said.withLock { $0 = "HTTP/1.1 200 OK\r\n\r\n<html>\n" }
                try await Self.eventually(40) {
                    let text = await agent.metrics(for: .all).text
                    return text.contains("roost_scrape_up\(own)} 0\n") && !text.contains("jobs_total{")
                }
                runtime.end(order.id, code: 137, outOfMemory: true)
                try await Self.eventually(20) {
                    let text = await agent.metrics(for: .all).text
                    return text.contains("roost_machine_oom_total\(place)} 1\n")
                        && text.contains("roost_machine_restarts_total\(place),cause=\"memory\"} 1\n")
                }
                group.cancelAll()
            }
        }
    }

    @Test("the numbers of an app are kept up to a bound, over all its Machines, and those of another beside it")
    func bounded() async throws {
        let agent = LocalAgent(host: Self.services(FakeRuntime()))
        try await agent.adopt()
        let many = (0..<6000).map { "n{i=\"\($0)\"} 1\n" }.joined()
        try await Self.serve("HTTP/1.1 200 OK\r\n\r\n# TYPE n gauge\n\(many)") { port in
            try await withThrowingTaskGroup { group in
                group.addTask { try await agent.run() }
                var config = MachineConfig(image: "roost/a@sha256:0")
                config.metrics = MachineConfig.Metrics(port: port)
                for app in ["a", "a", "b"] {
                    let order = MachineOrder(
                        id: .random(),
                        app: app,
                        name: app,
                        region: "fra",
                        config: config,
                        release: 1
                    )
                    _ = try await agent.create(order)
                    try await agent.start(order.id)
                }
                try await Self.eventually(30) { await agent.scraper.looks.count == 3 }
                let kept = await agent.scraper.looks.values.sorted { $0.app < $1.app }.map(\.series.samples)
                #expect(Set(kept.prefix(2)) == [0, 6000] && kept.last == 6000)
                let text = await agent.metrics(for: .all).text
                #expect(text.contains("roost_metrics_dropped_total{app=\"a\",region=\"fra\",host=\"a1b2\"} 6000\n"))
                #expect(!text.contains("roost_metrics_dropped_total{app=\"b\""))
                group.cancelAll()
            }
        }
    }
}
