import Foundation
import Model
import Store
import Testing
import Toolkit

@Suite("Records")
struct RecordsTests {
    @Test("keep what only a later version knows when they are changed by this one")
    func unknownKeys() async throws {
        let store: any StateStore = MemoryStore()
        let text = #"""
            {"app":"notes","version":7,"image":"sha256:x","status":"running","signature":{"by":"ada"},
            "config":{"app":"notes","later":[1],"services":[{"settings":{"internal_port":80,"pool":3}}]}}
            """#
        try await store.put("/releases/notes/00000007", Data(text.utf8), expected: 0)
        let key = Release.key("notes", 7)
        try await store.releases.update(key, missing: Fault(.io, "gone")) { $0.status = .complete }
        let entry = try #require(try await store.get("/releases/notes/00000007"))
        let written = try JSON.decode(Later.self, from: entry.value, what: "release")
        #expect(written.signature == ["by": "ada"])
        #expect(written.config.later == [1])
        #expect(written.config.services.first?.settings.pool == 3)
        #expect(written.status == "complete")
        #expect(try await store.releases.get(key)?.value.status == .complete)
    }

    @Test("lose them with the part that they belong to")
    func partGone() async throws {
        let store: any StateStore = MemoryStore()
        let text = #"{"app":"a","version":1,"image":"i","config":{"services":[{"settings":{},"x":1}]}}"#
        try await store.put("/releases/a/00000001", Data(text.utf8), expected: 0)
        try await store.releases.update(Release.key("a", 1), missing: Fault(.io, "gone")) { $0.config.services = [] }
        let entry = try #require(try await store.get("/releases/a/00000001"))
        #expect(!String(decoding: entry.value, as: UTF8.self).contains("\"x\""))
    }

    @Test("of a newer version are refused in a sentence, and left alone")
    func newer() async throws {
        let store: any StateStore = MemoryStore()
        let data = Data(#"{"name":"a","schema":99}"#.utf8)
        try await store.put("/apps/a", data, expected: 0)
        let fault = await #expect(throws: Fault.self) {
            try await store.apps.update("a", missing: Fault(.io, "gone")) { $0.destroying = true }
        }
        #expect(fault?.code == .newerVersion)
        #expect(fault?.message.contains("/apps/a") == true)
        #expect(try await store.get("/apps/a")?.value == data)
    }

    /// A release as a later version would have it.
    private struct Later: Decodable {
        var status: String
        var signature: [String: String]
        var config: Config

        struct Config: Decodable {
            var later: [Int]
            var services: [Service]
        }

        struct Service: Decodable {
            var settings: Settings
        }

        struct Settings: Decodable {
            var pool: Int
        }
    }
}
