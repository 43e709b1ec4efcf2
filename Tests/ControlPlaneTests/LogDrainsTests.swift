import Foundation
import Logging
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Log drains of a host", .timeLimit(.minutes(1)))
struct LogDrainsTests {
    /// Machines with logs in memory, and receivers that can be away.
    private final class World: Sendable {
        let folder = NSTemporaryDirectory() + "roost-drains-\(UUID())"
        let store = MemoryStore()
        private let state = Mutex(State())

        private struct State {
            var logs: [Machine.ID: [LogLine]] = [:]
            var got: [String: [String]] = [:]
            var away: Set<String> = []
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func write(_ id: Machine.ID, _ texts: String...) {
            state.withLock { state in
                state.logs[id, default: []] += texts.map {
                    LogLine(timestamp: "2026-11-21T03:38:35.1Z", stream: .stdout, text: $0, machine: id)
                }
            }
        }

        func got(_ drain: String) -> [String] { state.withLock { $0.got[drain] ?? [] } }

        func away(_ drains: String...) { state.withLock { $0.away = Set(drains) } }

        func machine(_ app: String = "shop") async throws -> Machine {
            let zero = Timestamp(milliseconds: 0)
            var machine = Machine(
                id: .random(),
                name: "m",
                app: app,
                region: "fra",
                host: "h",
                createdAt: zero,
                spec: .init(instance: "i", config: MachineConfig(image: "x"))
            )
            machine.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero))
            try await store.machines.put("\(app)/\(machine.id)", machine)
            return machine
        }

        /// Drains that run while `body` does.
        func running(_ names: [String], spool: Int64 = 1 << 20, _ body: (LogDrains) async throws -> Void) async throws {
            var settings = LogDrainSettings()
            settings.drains = names.map { name in
                var drain = LogDrain(name: name, kind: .http, url: "")
                if name.hasPrefix("only-") { drain.apps = [String(name.dropFirst(5))] }
                return drain
            }
            settings.spool = spool
            let drains = LogDrains(settings, outside, folder: folder, region: "fra", logger: Logger(label: "test"))
            let task = Task { try await drains.run() }
            try await body(drains)
            task.cancel()
            try await task.value
        }

        private var outside: LogDrains.Outside {
            .init(
                store: store,
                tap: { id, start in self.tap(id, start) },
                send: { entries, drain in
                    self.state.withLock { state in
                        if state.away.contains(drain.name) { return .failed("away") }
                        state.got[drain.name, default: []] += entries.map(\.text)
                        return .taken()
                    }
                }
            )
        }

        private func tap(_ id: Machine.ID, _ start: LogStart) -> LogTap {
            let first =
                switch start {
                case .end: state.withLock { $0.logs[id]?.count ?? 0 }
                case .beginning: 0
                case .after(let position): position.offset
                }
            let place = Mutex(first)
            return LogTap {
                let lines = self.state.withLock { $0.logs[id] ?? [] }
                return place.withLock { place in
                    defer { place = lines.count }
                    return LogBatch(
                        lines: Array(lines[place...]),
                        position: LogPosition(file: 1, offset: lines.count)
                    )
                }
            }
        }
    }

    private func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        for _ in 0..<400 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("never: \(what)")
    }

    @Test("each drain has its lines in their order, of Machines that come and go")
    func flows() async throws {
        let world = World()
        let old = try await world.machine()
        world.write(old.id, "from before")
        try await world.running(["all", "only-blog"]) { drains in
            try await until("the first look") { await drains.book.positions[old.id.description] != nil }
            world.write(old.id, "one", "two")
            let short = try await world.machine("blog")
            world.write(short.id, "a job's line")
            try await until("the job is seen") { world.got("only-blog") == ["a job's line"] }
            world.write(short.id, "its last words")
            try await world.store.machines.delete("blog/\(short.id)")
            try await until("all lines") { world.got("all").count == 4 }
            #expect(world.got("all").filter { !$0.contains("its") && !$0.contains("job") } == ["one", "two"])
            try await until("the job's last words") { world.got("only-blog") == ["a job's line", "its last words"] }
            try await until("forgotten") { await drains.book.positions.count == 1 }
            let view = await drains.view()
            #expect(view.drains.map(\.sent) == [4, 2] && view.drains.map(\.apps) == [[], ["blog"]])
        }
    }

    @Test("what a receiver misses it gets later, over a restart, once; what was written meanwhile too")
    func restarts() async throws {
        let world = World()
        let machine = try await world.machine()
        try await world.running(["a", "b"]) { drains in
            try await until("the first look") { await drains.book.positions[machine.id.description] != nil }
            world.away("b")
            world.write(machine.id, "one")
            try await until("a has it") { world.got("a") == ["one"] }
            try await until("b fails") { await drains.view().drains[1].error == "away" }
            #expect(await drains.view().drains[1].waiting > 0)
        }
        world.write(machine.id, "two, while nobody looked")
        world.away()
        try await world.running(["a", "b", "new"]) { drains in
            try await until("all have all") {
                world.got("a").count == 2 && world.got("b").count == 2 && world.got("new").count == 1
            }
            #expect(world.got("b") == ["one", "two, while nobody looked"])
            try await until("nothing waits") { await drains.view().drains.allSatisfy { $0.waiting == 0 } }
        }
        #expect(world.got("a") == world.got("b"))
    }

    @Test("a receiver that stays away costs no more room than there may be; what goes is counted")
    func bounded() async throws {
        let world = World()
        let machine = try await world.machine()
        world.away("gone")
        try await world.running(["gone", "here"], spool: 6 << 20) { drains in
            try await until("the first look") { await drains.book.positions[machine.id.description] != nil }
            for piece in 0..<8 {
                world.write(machine.id, "\(piece) " + String(repeating: "x", count: 2_000_000))
                try await until("here has it") {
                    let waiting = await drains.view().drains[1].waiting
                    return world.got("here").count == piece + 1 && waiting == 0
                }
            }
            let view = await drains.view()
            #expect(view.kept < 13 << 20 && view.drains[0].dropped > 0 && view.drains[1].dropped == 0)
            world.away()
            try await until("the rest comes") { world.got("gone").count + view.drains[0].dropped == 8 }
            #expect(world.got("gone").last?.hasPrefix("7 ") == true)
        }
    }

    @Test("one line to try a drain out says what the receiver says")
    func trial() async throws {
        let world = World()
        try await world.running(["a"]) { drains in
            try await drains.test("a")
            #expect(world.got("a").first?.contains("try this log drain out") == true)
            world.away("a")
            await #expect { try await drains.test("a") } throws: { ($0 as? Fault)?.message == "a: away" }
            await #expect { try await drains.test("b") } throws: { ($0 as? Fault)?.hint == "there are a" }
        }
    }

    @Test("a book that can't be read keeps nobody from running, and is left as it is")
    func damaged() async throws {
        let world = World()
        try Durable.makeFolder(world.folder)
        try Durable.write(Data("{".utf8), to: "\(world.folder)/book.json")
        try await world.running(["a"]) { drains in
            try await drains.test("a")
            #expect(await drains.view().drains.count == 1)
        }
        #expect(try String(contentsOfFile: "\(world.folder)/book.json", encoding: .utf8) == "{")
    }
}
