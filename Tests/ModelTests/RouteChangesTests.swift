import Model
import Testing

@Suite("Changes of routes")
struct RouteChangesTests {
    private func route(_ app: String, _ hostname: String = "x") -> Route {
        Route(app: app, hostnames: [hostname], autostart: true, machines: [])
    }

    @Test("changes that are put together change a table as they do one after the other")
    func together() {
        let before = RouteTable(revision: 1, apps: ["a", "b", "c"].map { route($0) })
        let steps = [
            RouteChanges(base: 1, revision: 2, routes: [route("d"), route("a", "new")]),
            RouteChanges(base: 2, revision: 3, routes: [route("e")], removed: ["d", "b"]),
            RouteChanges(base: 3, revision: 5, routes: [route("b", "again"), route("e", "newer")], removed: ["c"]),
            RouteChanges(base: 5, revision: 6, routes: [route("c", "back")], removed: ["a"]),
        ]
        var apart = before
        for step in steps { apart.apply(step) }
        for cut in steps.indices {
            var first = steps[0]
            for step in steps[1...].prefix(cut) { first.add(step) }
            var table = before
            table.apply(first)
            for step in steps.dropFirst(cut + 1) { table.apply(step) }
            #expect(table == apart)
        }
        #expect(apart.apps == [route("b", "again"), route("c", "back"), route("e", "newer")])
        #expect(apart.revision == 6)
    }

    @Test("when something is missing between two, only a whole table helps", arguments: [Int64(0), 1, 3])
    func gap(base: Int64) {
        var changes = RouteChanges(base: 1, revision: 2, routes: [])
        changes.add(RouteChanges(base: base, revision: 9, routes: []))
        #expect(changes.base == 0 && changes.revision == 9)
        changes.add(RouteChanges(base: 9, revision: 10, routes: []))
        #expect(changes.base == 0 && changes.revision == 10)
    }

    @Test("a change may be told again to a table that has it")
    func again() {
        var table = RouteTable(revision: 1, apps: [route("a")])
        let changes = RouteChanges(base: 1, revision: 2, routes: [route("b")], removed: ["a"])
        table.apply(changes)
        let once = table
        table.apply(changes)
        #expect(table == once)
    }
}
