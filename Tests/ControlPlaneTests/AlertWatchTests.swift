import Foundation
import Logging
import Model
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Alerts are looked for and told", .timeLimit(.minutes(1)))
struct AlertWatchTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A host with numbers that a test chooses, and channels that fail when it says so.
    private final class World: Sendable {
        private let state = Mutex<(ends: Double, failing: Set<String>, sent: [(String, AlertMessage)])>((0, [], []))
        let folder: String

        init() throws {
            folder = NSTemporaryDirectory() + "roost-alerts-\(UUID())"
            try Durable.makeFolder(folder)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        var sent: [(channel: String, message: AlertMessage)] { state.withLock { $0.sent.map { ($0.0, $0.1) } } }

        func set(ends: Double? = nil, failing: Set<String>? = nil) {
            state.withLock {
                $0.ends = ends ?? $0.ends
                $0.failing = failing ?? $0.failing
            }
        }

        func watch(_ names: [String]) -> AlertWatch {
            var settings = AlertSettings()
            settings.channels = names.map { AlertChannel(.slack(url: "https://\($0).example.com"), name: $0) }
            let outside = AlertWatch.Outside(
                page: {
                    var page = Exposition()
                    page.sample(.outOfMemory, .init([("app", "shop"), ("host", "h")]), self.state.withLock(\.ends))
                    return page
                },
                busy: { [] },
                send: { message, channel in
                    try self.state.withLock {
                        if $0.failing.contains(channel.name) { throw Fault(.toolFailed, "no way through") }
                        $0.sent.append((channel.name, message))
                    }
                },
                ask: { _ in }
            )
            return AlertWatch(
                settings,
                outside,
                host: "h",
                file: "\(folder)/alerts.json",
                logger: AlertWatchTests.quiet
            )
        }
    }

    private static func at(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_800_000_000_000 + seconds * 1000)
    }

    @Test("what fires is told each channel once, and one that fails holds up no other and is told later")
    func channels() async throws {
        let world = try World()
        let watch = world.watch(["a", "b"])
        world.set(failing: ["b"])
        await watch.pass(at: Self.at(0))
        #expect(world.sent.isEmpty)
        world.set(ends: 1)
        await watch.pass(at: Self.at(30))
        await watch.pass(at: Self.at(40))
        #expect(world.sent.map(\.channel) == ["a"])
        let view = await watch.view()
        #expect(view.alerts.map(\.rule) == ["OutOfMemory"] && view.alerts.first?.toldAt == Self.at(30))
        #expect(view.channels.map(\.waiting) == [0, 1] && view.channels.map(\.error) == [nil, "no way through"])
        world.set(failing: [])
        await watch.pass(at: Self.at(70))
        await watch.pass(at: Self.at(100))
        #expect(world.sent.map(\.channel) == ["a", "b"])
        #expect(await watch.view().channels.map(\.error) == [nil, nil])
    }

    @Test("after a restart nobody is told again, and what nobody was told is told")
    func restart() async throws {
        let world = try World()
        let first = world.watch(["a"])
        await first.pass(at: Self.at(0))
        world.set(ends: 1)
        await first.pass(at: Self.at(30))
        #expect(world.sent.count == 1)
        let data = try Data(contentsOf: URL(filePath: "\(world.folder)/alerts.json"))
        let book = try JSON.decode(AlertBook.self, from: data, what: "book")
        #expect(book.alerts.map(\.toldAt) == [Self.at(30)])
        let mode = try FileManager.default.attributesOfItem(atPath: "\(world.folder)/alerts.json")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("a trial goes to all channels or to one, and says which failed and why")
    func trial() async throws {
        let world = try World()
        let watch = world.watch(["a", "b"])
        world.set(failing: ["b"])
        let all = try await watch.test(nil)
        #expect(all.map(\.error) == [nil, "no way through"])
        #expect(world.sent.map { $0.message.alerts.first?.rule } == ["Test"])
        #expect(try await watch.test("a").map(\.name) == ["a"])
        let fault = await #expect(throws: Fault.self) { try await watch.test("c") }
        #expect(fault?.hint == "there are a, b")
        let none = world.watch([])
        await #expect(throws: Fault.self) { try await none.test(nil) }
    }

    @Test("a lane waits longer after each failure, and keeps the newest of too many")
    func lane() {
        var lane = AlertLane(AlertChannel(.command(["/bin/true"]), name: "x"))
        func message(_ app: Int) -> AlertMessage {
            let rule = AlertRule.all(slo: 0.995).flatMap(\.rules).first { $0.name == "CrashLoop" }!
            return AlertMessage(
                alerts: [Alert(rule, AlertFact("CrashLoop", ["app": "\(app)"], 4), since: Self.at(0))],
                isResolved: false
            )
        }
        lane.add(message(0))
        lane.add(message(0))
        #expect(lane.waiting.count == 1)
        var (now, pauses) = (Self.at(0), [Int64]())
        for _ in 0..<7 {
            lane.failed("no", at: now)
            let start = now
            while lane.due(at: now) == nil { now = now.advanced(by: .seconds(1)) }
            pauses.append(now.since(start).components.seconds)
        }
        #expect(pauses == [30, 60, 120, 240, 480, 900, 900])
        for app in 1...60 { lane.add(message(app)) }
        #expect(lane.waiting.count == AlertLane.most && lane.waiting.last == message(60))
        lane.keep { $0 == message(60) }
        #expect(lane.waiting == [message(60)])
    }
}
