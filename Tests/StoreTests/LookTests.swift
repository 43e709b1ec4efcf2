import Foundation
import Model
import Store
import Synchronization
import Testing
import Toolkit

@Suite("Looks at all records of a kind")
struct LookTests {
    /// Counts how often one is taken apart.
    private struct Note: Codable, Sendable, Equatable {
        var text: String
        @TaskLocal static var decoded: Tally?

        init(_ text: String) { self.text = text }

        init(from decoder: any Decoder) throws {
            text = try decoder.singleValueContainer().decode(String.self)
            Self.decoded?.add()
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    private final class Tally: Sendable {
        private let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
        func take() -> Int {
            count.withLock { count in
                defer { count = 0 }
                return count
            }
        }
    }

    @Test("only what was written since the look before is taken apart again")
    func again() async throws {
        let store: any StateStore = MemoryStore()
        let notes = Records<Note>(store, "/notes/")
        let tally = Tally()
        try await Note.$decoded.withValue(tally) {
            for name in ["a", "b", "c"] { try await notes.put(name, Note(name)) }
            var look = try await notes.look(after: .init())
            #expect(look.values.map(\.text) == ["a", "b", "c"] && tally.take() == 3)
            look = try await notes.look(after: look)
            #expect(look.values.map(\.text) == ["a", "b", "c"] && tally.take() == 0)
            try await notes.put("b", Note("new"))
            try await notes.delete("c")
            try await notes.put("d", Note("d"))
            look = try await notes.look(after: look)
            #expect(look.values.map(\.text) == ["a", "new", "d"] && tally.take() == 2)
        }
    }

    @Test("what can't be read is left out, until it can")
    func damaged() async throws {
        let store: any StateStore = MemoryStore()
        let notes = Records<Note>(store, "/notes/")
        try await notes.put("a", Note("a"))
        try await store.put("/notes/b", Data("{".utf8), expected: nil)
        var look = try await notes.look(after: .init())
        #expect(look.values.map(\.text) == ["a"])
        look = try await notes.look(after: look)
        #expect(look.values.map(\.text) == ["a"])
        try await notes.put("b", Note("b"))
        look = try await notes.look(after: look)
        #expect(look.values.map(\.text) == ["a", "b"])
    }
}
