import Foundation
import Model
import Testing
import Toolkit

@testable import Edge

@Suite("The copy of the routes")
struct RouteCopyTests {
    private func with(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "routes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "routes.json").path)
    }

    private func route(_ app: String, _ hostname: String = "x.localhost") -> Route {
        Route(app: app, hostnames: [hostname], autostart: true, machines: [])
    }

    private func size(_ path: String) -> Int { FileManager.default.contents(atPath: path)?.count ?? 0 }

    @Test("what was kept is what is loaded, change after change")
    func keeps() throws {
        try with { path in
            #expect(RouteCopy.load(path: path) == nil)
            var table = RouteTable(revision: 3, apps: [route("a"), route("b")])
            let copy = RouteCopy(path: path)
            try copy.keep(RouteChanges(base: 0, revision: 3, routes: [])) { table }
            #expect(RouteCopy.load(path: path) == table)
            let steps = [
                RouteChanges(base: 3, revision: 4, routes: [route("c")]),
                RouteChanges(base: 4, revision: 7, routes: [route("a", "a.example.com")], removed: ["b"]),
                RouteChanges(base: 7, revision: 8, routes: [], removed: ["a", "c"]),
            ]
            let whole = size(path)
            for step in steps {
                table.apply(step)
                try copy.keep(step) {
                    Issue.record("a change needs no whole table")
                    return table
                }
                #expect(RouteCopy.load(path: path) == table)
            }
            #expect(size(path) == whole)
        }
    }

    @Test("what a change costs does not depend on how many routes there are")
    func cost() throws {
        try with { path in
            let apps = (0..<1000).map { route("app\($0)") }
            let copy = RouteCopy(path: path)
            try copy.keep(RouteChanges(base: 0, revision: 1, routes: [])) { RouteTable(revision: 1, apps: apps) }
            let whole = size(path)
            try copy.keep(RouteChanges(base: 1, revision: 2, routes: [route("app7", "new.localhost")])) { RouteTable() }
            #expect(size(path) == whole && size("\(path).changes") < 300)
            #expect(RouteCopy.load(path: path)?.apps.first { $0.app == "app7" }?.hostnames == ["new.localhost"])
        }
    }

    @Test("many changes become a whole table, so that the file does not grow without end")
    func compacts() throws {
        try with { path in
            let copy = RouteCopy(path: path, room: 2000)
            var table = RouteTable(revision: 1, apps: [])
            try copy.keep(RouteChanges(base: 0, revision: 1, routes: [])) { table }
            for number in Int64(1)..<200 {
                let step = RouteChanges(
                    base: number,
                    revision: number + 1,
                    routes: [route("a", "a\(number).localhost")]
                )
                table.apply(step)
                try copy.keep(step) { table }
                #expect(size("\(path).changes") < 2500)
            }
            #expect(RouteCopy.load(path: path) == table)
        }
    }

    @Test("a process that begins writes a whole table first, and one after a change that it has not seen")
    func gaps() throws {
        try with { path in
            let first = RouteCopy(path: path)
            try first.keep(RouteChanges(base: 0, revision: 1, routes: [])) { RouteTable(revision: 1, apps: []) }
            let change = RouteChanges(base: 1, revision: 2, routes: [route("a")])
            try first.keep(change) { RouteTable() }
            let second = RouteCopy(path: path)
            let table = RouteTable(revision: 3, apps: [route("b")])
            try second.keep(RouteChanges(base: 2, revision: 3, routes: [route("b")], removed: ["a"])) { table }
            #expect(RouteCopy.load(path: path) == table)
            let later = RouteTable(revision: 9, apps: [route("c")])
            try second.keep(RouteChanges(base: 8, revision: 9, routes: [route("c")])) { later }
            #expect(RouteCopy.load(path: path) == later)
            // The first one ends beside the second; what it still writes is known already.
            try first.keep(RouteChanges(base: 2, revision: 3, routes: [route("b")], removed: ["a"])) { table }
            #expect(RouteCopy.load(path: path) == later)
        }
    }

    @Test("a line that a power cut has torn is as if it had not been written")
    func torn() throws {
        try with { path in
            let copy = RouteCopy(path: path)
            try copy.keep(RouteChanges(base: 0, revision: 1, routes: [])) { RouteTable(revision: 1, apps: []) }
            try copy.keep(RouteChanges(base: 1, revision: 2, routes: [route("a")])) { RouteTable() }
            let before = RouteCopy.load(path: path)
            try copy.keep(RouteChanges(base: 2, revision: 3, routes: [route("b")])) { RouteTable() }
            let lines = try #require(FileManager.default.contents(atPath: "\(path).changes"))
            for length in (lines.count / 2 + 5)..<(lines.count - 1) {
                try lines.prefix(length).write(to: URL(filePath: "\(path).changes"))
                #expect(RouteCopy.load(path: path) == before)
            }
            try Data("{".utf8).write(to: URL(filePath: path))
            #expect(RouteCopy.load(path: path) == nil)
        }
    }

    @Test("after a write that failed comes a whole table")
    func failed() throws {
        try with { path in
            let copy = RouteCopy(path: path)
            try copy.keep(RouteChanges(base: 0, revision: 1, routes: [])) { RouteTable(revision: 1, apps: []) }
            // A folder of that name takes no line.
            try FileManager.default.createDirectory(atPath: "\(path).changes", withIntermediateDirectories: false)
            #expect(throws: Fault.self) {
                try copy.keep(RouteChanges(base: 1, revision: 2, routes: [route("a")])) { RouteTable() }
            }
            try FileManager.default.removeItem(atPath: "\(path).changes")
            let table = RouteTable(revision: 3, apps: [route("a"), route("b")])
            try copy.keep(RouteChanges(base: 2, revision: 3, routes: [route("b")])) { table }
            #expect(RouteCopy.load(path: path) == table)
        }
    }
}
