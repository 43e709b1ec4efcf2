import Logging
import Model
import Store
import Testing
import Toolkit

@testable import ControlPlane

/// What edges have counted, asked for over the link.
@Suite("Figures of edges", .timeLimit(.minutes(1)))
struct EdgeFiguresTests {
    private let link = EdgeLink(
        store: MemoryStore(),
        domain: "x",
        fleet: FakeFleet(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )

    private func counted(_ requests: Int) -> EdgeCounts {
        var counts = EdgeCounts()
        var app = EdgeCounts.App()
        for _ in 0..<requests { app.answered(200, after: 0.01) }
        counts.apps["a"] = app
        counts.common.routes = 1
        return counts
    }

    private func page(_ viewer: MetricViewer = .all) async -> String {
        await link.metrics(for: viewer, region: "fra", host: "a1b2").text
    }

    /// Answers each question of the link with one request more, until the edge is gone; gives how often it was asked.
    private func answering(_ number: Int, _ orders: AsyncStream<EdgeOrder>) -> Task<Int, Never> {
        Task {
            var asked = 0
            for await order in orders {
                guard case .figures = order else { continue }
                asked += 1
                await link.report(.figures(counted(asked)), from: number)
            }
            return asked
        }
    }

    @Test("an edge that can tell is asked; in the next moment, whoever asks gets the same")
    func asked() async throws {
        let (number, orders) = await link.connect()
        await link.report(.hello(pid: 1, can: EdgeReport.capabilities), from: number)
        let answers = answering(number, orders)
        let line =
            "fly_edge_http_responses_count{app=\"a\",region=\"fra\",host=\"a1b2\",proxy_id=\"blue\",status=\"200\"} 1\n"
        #expect(await page().contains(line))
        for _ in 0..<20 { #expect(await page().contains(line)) }
        #expect(!(await page(MetricViewer(seesHost: false) { $0 == "b" })).contains("fly_edge"))
        await link.disconnect(number)
        #expect(await answers.value == 1)
        #expect(!(await page().contains("fly_edge")))
    }

    @Test("an edge of an older version is not asked, and one that is silent holds nobody up for long")
    func silent() async throws {
        let (old, _) = await link.connect()
        await link.report(.hello(pid: 1, can: ["changes"]), from: old)
        let (number, _) = await link.connect()
        await link.report(.hello(pid: 2, can: EdgeReport.capabilities), from: number)
        let start = ContinuousClock.now
        #expect(!(await page().contains("fly_edge")))
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test("an edge and the one that follows it are told apart")
    func colors() async {
        let first = await link.color(of: 1)
        let second = await link.color(of: 2)
        #expect(first != second)
        #expect(await link.color(of: 3) == first)
        #expect(await link.color(of: 2) == second)
    }
}
