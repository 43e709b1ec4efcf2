import FakeRuntime
import Foundation
import Logging
import Model
import Runtime
import Store
import Synchronization
import Testing

@testable import ControlPlane

@Suite("Machines that the clock starts", .timeLimit(.minutes(2)))
struct ScheduleClockTests {
    private let path = "/v1/apps/a/machines"

    private func clock(_ host: APIHost) -> ScheduleClock {
        ScheduleClock(
            store: host.store,
            machines: host.machines,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func minute(_ number: Int64) -> Timestamp { Timestamp(milliseconds: 1_800_000_000_000 + number * 60_000) }

    private func schedule(_ host: APIHost, _ id: String) async throws -> [String] {
        let events = try await host.ask("GET", "\(path)/\(id)/events").json.array ?? []
        return events.filter { $0["type"]?.string == "schedule" }.compactMap { $0["detail"]?.string }
    }

    @Test("one is started once a slot, also when two look at once")
    func starts() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(
                #","skip_launch":true"#,
                config: #","schedule":"*/5 * * * *","restart":{"policy":"no"}"#
            )
            let clock = clock(host)
            try await clock.pass(minute(0))
            try await clock.pass(minute(4))
            #expect(host.runtime.state.withLock { $0.starts.count } == 0)
            async let first: Void = clock.pass(minute(5))
            async let second: Void = clock.pass(minute(5))
            _ = try await (first, second)
            try await host.wait(id, "started")
            #expect(host.runtime.state.withLock { $0.starts.count } == 1)
            #expect(try await schedule(host, id) == ["due at 2027-01-15T08:05:00.000Z"])
            // It runs still when the next slot comes.
            try await clock.pass(minute(10))
            #expect(try await schedule(host, id).first == "missed at 2027-01-15T08:10:00.000Z: it was started")
            host.runtime.end(Machine.ID(id) ?? .random(), code: 0)
            try await host.wait(id, "stopped")
            try await clock.pass(minute(15))
            try await host.wait(id, "started")
            #expect(host.runtime.state.withLock { $0.starts.count } == 2)
        }
    }

    @Test("slots that nobody saw to are told and not made up for")
    func missed() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#, config: #","schedule":"*/5 * * * *""#)
            let clock = clock(host)
            try await clock.pass(minute(0))
            try await clock.pass(minute(33))
            #expect(host.runtime.state.withLock { $0.starts.count } == 0)
            let told = try await schedule(host, id)
            #expect(told == ["missed 6, up to 2027-01-15T08:30:00.000Z: nobody served then"])
            // Another schedule begins anew.
            let config = #"{"image":"\#(APIHost.image)","schedule":"*/2 * * * *"}"#
            let body = #"{"skip_launch":true,"config":\#(config)}"#
            #expect(try await host.ask("POST", "\(path)/\(id)", body).status == 200)
            try await clock.pass(minute(40))
            #expect(host.runtime.state.withLock { $0.starts.count } == 0)
            #expect(try await host.ask("DELETE", "\(path)/\(id)?force=true").status == 200)
            try await clock.pass(minute(41))
            #expect(try await host.store.schedules.named().isEmpty)
        }
    }

    @Test("a time zone that there is not is refused")
    func zone() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let config = #"{"image":"\#(APIHost.image)","schedule":"CRON_TZ=Mars/Olympus 0 3 * * *"}"#
            let answer = try await host.ask("POST", path, #"{"config":\#(config)}"#)
            #expect(answer.status == 400 && answer.error.hasSuffix("this host knows no time zone \"Mars/Olympus\""))
        }
    }

    @Test("one that stands by for others rests, and is started by hand")
    func standby() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let first = try await host.makeMachine()
            let second = try await host.makeMachine(config: #","standbys":["\#(first)"]"#)
            try await host.wait(second, "stopped")
            let config = #"{"image":"\#(APIHost.image)","standbys":["\#(first)"],"env":{"A":"1"}}"#
            #expect(try await host.ask("POST", "\(path)/\(second)", #"{"config":\#(config)}"#).status == 200)
            try await host.wait(second, "stopped")
            #expect(try await host.ask("POST", "\(path)/\(second)/start").status == 200)
            try await host.wait(second, "started")
        }
    }

    @Test("secrets: a version that there is not yet is refused, and none are told where none are wanted")
    func secrets() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let set = try await host.ask("POST", "/v1/apps/a/secrets", #"{"values":{"A":"1"}}"#)
            let version = set.json["version"]?.int ?? 0
            let early = #"{"min_secrets_version":\#(version + 1),"config":{"image":"\#(APIHost.image)"}}"#
            let refused = try await host.ask("POST", path, early)
            #expect(
                refused.status == 400 && refused.error.contains("are at version \(version), expected \(version + 1)")
            )
            let id = try await host.makeMachine(#","skip_secrets":true,"min_secrets_version":\#(version)"#)
            let machine = try await host.store.machines.get("a/\(id)")
            #expect(machine?.value.spec.config.skipsSecrets == true)
        }
    }
}
