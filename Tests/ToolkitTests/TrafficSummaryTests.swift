import Model
import Testing
import Toolkit

@Suite("What apps do now")
struct TrafficSummaryTests {
    private func page(_ requests: Int, _ failed: Int, _ slow: Int, centiseconds: Int) throws -> ScrapedPage {
        try ExpositionReader.read(
            Array(
                """
                # TYPE fly_edge_http_responses_count counter
                fly_edge_http_responses_count{app="a",status="200"} \(requests)
                fly_edge_http_responses_count{app="a",status="502"} \(failed)
                # TYPE fly_edge_http_response_time_seconds histogram
                fly_edge_http_response_time_seconds_bucket{app="a",status="200",le="0.1"} \(requests + failed - slow)
                fly_edge_http_response_time_seconds_bucket{app="a",status="200",le="1"} \(requests + failed)
                fly_edge_http_response_time_seconds_bucket{app="a",status="200",le="+Inf"} \(requests + failed)
                fly_edge_http_response_time_seconds_sum{app="a",status="200"} 1
                fly_edge_http_response_time_seconds_count{app="a",status="200"} \(requests + failed)
                # TYPE fly_app_http_responses_count counter
                fly_app_http_responses_count{app="a",instance="m1",status="200"} \(requests)
                # TYPE fly_instance_up gauge
                fly_instance_up{app="a",instance="m1"} 1
                fly_instance_up{app="a",instance="m2"} 1
                # TYPE fly_instance_cpu counter
                fly_instance_cpu{app="a",instance="m1",cpu_id="0",mode="user"} \(centiseconds)
                fly_instance_cpu{app="a",instance="m2",cpu_id="0",mode="user"} \(centiseconds)
                # TYPE fly_instance_memory_mem_total gauge
                fly_instance_memory_mem_total{app="a",instance="m1"} 1000
                fly_instance_memory_mem_total{app="a",instance="m2"} 1000
                # TYPE fly_instance_memory_mem_available gauge
                fly_instance_memory_mem_available{app="a",instance="m1"} 900
                fly_instance_memory_mem_available{app="a",instance="m2"} 400
                # TYPE roost_machines gauge
                roost_machines{app="asleep",state="stopped"} 1
                # TYPE roost_machine_restarts_total counter
                roost_machine_restarts_total{app="a",cause="error"} 2

                """.utf8
            )
        )
    }

    @Test("apps by what their clients saw, with those that sleep")
    func apps() throws {
        let summary = TrafficSummary(
            before: try page(100, 0, 0, centiseconds: 100),
            after: try page(190, 10, 50, centiseconds: 350),
            seconds: 5
        )
        let rows = summary.apps
        #expect(rows.map(\.name) == ["a", "asleep"])
        let row = try #require(rows.first)
        #expect(row.requests == 20 && row.errors == 0.1 && row.machines == 2 && row.restarts == 2)
        #expect(abs(row.cores - 1) < 1e-9)
        #expect(row.memory == 700 && row.memoryLimit == 2000)
        // Half of them were done in 0.1 s, the other half somewhere up to 1 s.
        #expect(row.median == 0.1)
        let slow = try #require(row.p99)
        #expect(slow > 0.98 && slow < 0.983)
        #expect(rows[1].errors == nil && rows[1].median == nil && rows[1].machines == 0)
    }

    @Test("Machines of an app by what they answered; a counter that began anew counts from zero")
    func machines() throws {
        let summary = TrafficSummary(
            before: try page(100, 0, 0, centiseconds: 900),
            after: try page(10, 0, 0, centiseconds: 50),
            seconds: 5
        )
        let rows = summary.machines(of: "a")
        #expect(rows.map(\.name) == ["m1", "m2"])
        #expect(rows[0].requests == 2 && rows[1].requests == 0 && rows[0].cores == 0.1 && rows[1].memory == 600)
        #expect(summary.machines(of: "b").isEmpty)
    }
}
