import Foundation
import Testing

@testable import Model

/// Lines between an edge and `serve` of different versions.
@Suite("Link messages")
struct EdgeMessageTests {
    private func report(_ text: String) -> EdgeReport? {
        try? JSONDecoder().decode(EdgeReport.self, from: Data(text.utf8))
    }

    private func order(_ text: String) -> EdgeOrder? {
        try? JSONDecoder().decode(EdgeOrder.self, from: Data(text.utf8))
    }

    private static let target = #"""
        {"machine":"0123456789abcd","region":"fra","address":{"ipv4":"10.0.0.2","ipv6":"::1"},"port":8080,
         "state":"STATE","softLimit":20}
        """#

    @Test("what earlier versions wrote is read")
    func earlier() throws {
        #expect(report(#"{"hello":{"pid":7}}"#) == .hello(pid: 7))
        #expect(report(#"{"load":{"inFlight":["0123456789abcd",2]}}"#) != nil)
        #expect(report(#"{"applied":{"revision":3,"inFlight":[]}}"#) == .applied(revision: 3, inFlight: [:]))
        let route = #"{"app":"a","hostnames":["a.x"],"autostart":true,"machines":[\#(Self.target)]}"#
            .replacing("STATE", with: "ready")
        let read = try #require(order(#"{"routes":{"_0":{"revision":4,"apps":[\#(route)]}}}"#))
        guard case .routes(let table) = read else {
            Issue.record("not a table")
            return
        }
        #expect(table.apps.first?.port == nil && table.apps.first?.idleTimeout == nil)
        #expect(table.apps.first?.machines.first?.state == .ready)
    }

    @Test("keys and words that only a later version knows do no harm")
    func later() throws {
        let hello = report(#"{"hello":{"pid":7,"can":["changes","flying"],"since":1}}"#)
        #expect(hello == .hello(pid: 7, can: ["changes", "flying"]))
        let target = Self.target.replacing("STATE", with: "levitating")
        let read = try JSONDecoder().decode(Route.Target.self, from: Data(target.utf8))
        #expect(read.state == .unknown("levitating") && read.state.isDraining, "no word to send requests by")
        // A kind that is not known is no message; both ends skip such a line.
        #expect(report(#"{"sung":{"song":1}}"#) == nil)
        #expect(order(#"{"sung":{"_0":1}}"#) == nil)
    }

    @Test("lines as they are written")
    func golden() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        let hello = EdgeReport.hello(pid: 7, can: EdgeReport.capabilities)
        #expect(try text(hello) == #"{"hello":{"can":["changes","names","figures"],"pid":7}}"#)
        let changes = RouteChanges(base: 3, revision: 4, routes: [], removed: ["a"])
        #expect(
            try text(EdgeOrder.changes(changes))
                == #"{"changes":{"base":3,"removed":["a"],"revision":4,"routes":[]}}"#
        )
        #expect(order(try text(EdgeOrder.changes(changes))) == .changes(changes))
        #expect(try text(EdgeReport.lost(revision: 3)) == #"{"lost":{"revision":3}}"#)
    }
}
