import Foundation
import Testing

@testable import Model

@Suite("What is counted")
struct MetricTests {
    @Test("counts that can't be are no reason to end")
    func lies() throws {
        let text = "[\(Int.max),\(Int.max),\(Int.max),-1]"
        var told = try JSONDecoder().decode(TimeBuckets.self, from: Data(text.utf8))
        let again = told
        told.add(again)
        #expect(told.total > 0 && told.buckets[2] == 0)
    }

    @Test("times fall into their buckets, and come through the link as they were")
    func times() throws {
        var times = TimeBuckets()
        for time in [0.0005, 0.001, 0.0011, 61] { times.add(time) }
        #expect(times.total == 4 && times.buckets[0] == 2 && times.buckets[1] == 1 && times.buckets.last == 1)
        let again = try JSONDecoder().decode(TimeBuckets.self, from: try JSONEncoder().encode(times))
        #expect(again.buckets == times.buckets && abs(again.seconds - times.seconds) < 1e-6)
        var few = TimeBuckets()
        few.add(0.002)
        #expect(String(decoding: try JSONEncoder().encode(few), as: UTF8.self) == "[2000000,0,1]")
        // From an edge that means ill, or has more buckets.
        let odd = try JSONDecoder().decode(
            TimeBuckets.self,
            from: Data("[-1,-5\(String(repeating: ",1", count: 99))]".utf8)
        )
        #expect(odd.buckets[0] == 0 && odd.total == TimeBuckets.bounds.count && odd.seconds == 0)
    }

    @Test("an edge's counts come through the link, and those of event loops add up")
    func counts() throws {
        let id = try #require(Machine.ID("148e21b7c65089"))
        var app = EdgeCounts.App()
        app.answered(200, after: 0.5)
        (app.bytesIn, app.connects, app.waiting) = (3, 2, 1)
        app.tally = EdgeTally(held: 4, heldMilliseconds: 50, failed: 6)
        var worker = EdgeCounts.Worker()
        worker.answered(502, after: 0.25)
        (worker.connects, worker.open) = (7, 2)
        app.workers[id] = worker
        var counts = EdgeCounts()
        counts.apps["notes"] = app
        (counts.common.connections, counts.common.revision) = (5, 9)
        let report = EdgeReport.figures(counts)
        #expect(try JSONDecoder().decode(EdgeReport.self, from: try JSONEncoder().encode(report)) == report)
        let order = try JSONDecoder().decode(EdgeOrder.self, from: Data(#"{"figures":true}"#.utf8))
        #expect(order == .figures)
        var both = counts
        both.add(counts)
        #expect(both.apps["notes"]?.answers[200]?.total == 2 && both.apps["notes"]?.bytesIn == 6)
        #expect(both.apps["notes"]?.workers[id]?.answers[502]?.seconds == 0.5)
        #expect(both.common.connections == 10)
    }

    @Test("a load average rises to what there is, faster over less time, and falls again")
    func load() {
        var load = LoadAverage()
        var now = Timestamp(milliseconds: 0)
        load.add(9, at: now)
        // Nobody knows what was before.
        #expect(load.values == [0, 0, 0])
        for _ in 0..<40 {
            now = now.advanced(by: .seconds(15))
            load.add(2, at: now)
        }
        #expect(abs(load.values[0] - 2) < 0.01)
        #expect(load.values[0] > load.values[1] && load.values[1] > load.values[2] && load.values[2] > 0.9)
        for _ in 0..<40 {
            now = now.advanced(by: .seconds(15))
            load.add(0, at: now)
        }
        #expect(load.values[0] < 0.01 && load.values[2] > load.values[0])
        // A clock that goes back says nothing.
        let before = load
        load.add(5, at: Timestamp(milliseconds: 1))
        #expect(load.values == before.values)
    }

    @Test("fly.toml says where a Machine's own numbers are, which the Machine's record keeps")
    func metrics() throws {
        var config = AppConfig()
        config.processes = ["web": ["x"], "jobs": ["y"]]
        config.metrics = [
            AppConfig.Metrics(processes: ["jobs"], port: 9100, path: "/m"), .init(processes: ["web"], port: 9091),
        ]
        let jobs = config.machineConfig(group: "jobs", image: "i", region: "fra")
        #expect(jobs.metrics == MachineConfig.Metrics(port: 9100, path: "/m"))
        #expect(config.machineConfig(group: "web", image: "i", region: "fra").metrics?.path == "/metrics")
        let again = try JSONDecoder().decode(MachineConfig.self, from: try JSONEncoder().encode(jobs))
        #expect(again.metrics == jobs.metrics)
        // Records of before have none, and those without one are written as before.
        let plain = try JSONEncoder().encode(MachineConfig(image: "i"))
        #expect(!String(decoding: plain, as: UTF8.self).contains("metrics"))
        config.metrics = [AppConfig.Metrics(processes: ["web"], port: 9091, path: nil, https: true)]
        #expect(config.machineConfig(group: "web", image: "i", region: "fra").metrics == nil)
    }

    @Test("clients of the API say it as Fly's do")
    func wire() throws {
        func read(_ text: String) throws -> MachineConfig {
            try MachineConfigWire.read(try JSONValue.parse(Array(text.utf8), what: "x"))
        }
        let config = try read(#"{"image":"i","metrics":{"port":9091,"path":"/m"}}"#)
        #expect(config.metrics == MachineConfig.Metrics(port: 9091, path: "/m"))
        #expect(try read(#"{"image":"i","metrics":{"port":9091,"path":""}}"#).metrics?.path == "/metrics")
        #expect(try read(#"{"image":"i","metrics":{"port":0}}"#).metrics == nil)
        let fault = #expect(throws: Fault.self) { try read(#"{"image":"i","metrics":{"port":1,"path":"/ x"}}"#) }
        #expect(fault?.message == "config.metrics.path: expected a path such as /metrics, found \"/ x\"")
    }
}
