import Foundation
import Model
import Store
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Calls with a key", .timeLimit(.minutes(2)))
struct KeyedCallTests {
    private let path = "/v1/apps/a/machines"
    private let body = #"{"config":{"image":"\#(APIHost.image)"}}"#

    private func key(_ text: String) -> [String: String] { ["Idempotency-Key": text] }

    @Test("the same call again makes nothing and is answered as the first one")
    func again() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let first = try await host.ask("POST", path, body, headers: key("k1"))
            let second = try await host.ask("POST", path, body, headers: key("k1"))
            #expect(first.status == 200 && second.status == 200)
            #expect(first.text == second.text)
            #expect(try await host.machines.list("a").count == 1)
            // Without a key, or with another, it is another call.
            #expect(try await host.ask("POST", path, body).status == 200)
            #expect(try await host.ask("POST", path, body, headers: key("k2")).status == 200)
            #expect(try await host.machines.list("a").count == 3)
            // Where nothing is made the key means nothing.
            #expect(try await host.ask("GET", path, headers: key("k1")).status == 200)
        }
    }

    @Test("one key for two calls is refused, in words that say what to do; one that is none, too")
    func reused() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            #expect(try await host.ask("POST", path, body, headers: key("k")).status == 200)
            let other = #"{"name":"b","config":{"image":"\#(APIHost.image)"}}"#
            let answer = try await host.ask("POST", path, other, headers: key("k"))
            #expect(answer.status == 422)
            #expect(answer.error.hasPrefix("Idempotency-Key: it was sent at 20"), "\(answer.text)")
            #expect(answer.text.contains("key_reused"), "\(answer.text)")
            #expect(try await host.ask("POST", "/v1/apps", #"{"app_name":"z"}"#, headers: key("k")).status == 422)
            for wrong in ["", "two words", String(repeating: "x", count: 256)] {
                let answer = try await host.ask("POST", path, body, headers: key(wrong))
                #expect(answer.status == 400, "\(wrong)")
                #expect(
                    answer.error == "Idempotency-Key: expected 1 to 255 printable characters without blanks",
                    "\(answer.text)"
                )
            }
            #expect(try await host.machines.list("a").count == 1)
        }
    }

    @Test("a call that was refused frees its key: mended, it may be sent again with it")
    func mended() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            #expect(try await host.ask("POST", path, #"{"name":"x"}"#, headers: key("k")).status == 400)
            #expect(try await host.ask("POST", path, body, headers: key("k")).status == 200)
        }
    }

    @Test("of twenty at once with one key one is carried out")
    func race() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<20 { group.addTask { try await host.ask("POST", path, body, headers: key("k")).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers).isSubset(of: [200, 409]) && answers.contains(200), "\(answers)")
            #expect(try await host.machines.list("a").count == 1)
            #expect(try await host.ask("POST", path, body, headers: key("k")).status == 200)
        }
    }

    @Test("a daemon that ended in the middle is no reason to make it twice: Machine, volume, app and token")
    func resumed() async throws {
        try await APIHost.with { host in
            let calls = [
                ("/v1/apps", #"{"app_name":"a","org_slug":"personal"}"#),
                (path, body), ("/v1/apps/a/volumes", #"{"name":"data","size_gb":1}"#),
                ("/v1/tokens", #"{"name":"ci","scope":"deploy","app":"a"}"#),
            ]
            let store: any StateStore = host.store
            var ids: [JSONValue?] = []
            for (index, (path, body)) in calls.enumerated() {
                let first = try await host.ask("POST", path, body, headers: key("key-\(index)"))
                #expect(first.status < 300, "\(first.text)")
                ids.append(first.json["id"])
            }
            // As it stands after a kill between the change and the note of its answer.
            for (name, call) in try await store.keyedCalls.named() {
                var call = call.value
                call.answer = nil
                try await store.keyedCalls.put(name, call)
            }
            for (index, (path, body)) in calls.enumerated() {
                let second = try await host.ask("POST", path, body, headers: key("key-\(index)"))
                #expect(second.status < 300, "\(second.text)")
                #expect(second.json["id"] == ids[index], "\(path)")
            }
            #expect(try await host.machines.list("a").count == 1)
            #expect(try await store.volumes.list().count == 1)
            #expect(try await store.tokens.list().count == 1)
        }
    }

    @Test("a key is its sender's own and outlives the daemon; neither it nor the answer can be read in the store")
    func closed() async throws {
        let store = MemoryStore()
        let records: any StateStore = store
        let seal = CallSeal("0f8e", of: "root")
        #expect(seal.name != CallSeal("0f8e", of: "token").name)
        let first = KeyedCalls(store: store)
        guard case .carryOut(let seed) = try await first.begin(seal.name, digest: "d") else {
            Issue.record("a new call is carried out")
            return
        }
        #expect(!seed.isAgain)
        await #expect(throws: Fault.self) { try await first.begin(seal.name, digest: "d") }
        let sealed = try seal.seal(Data("a secret".utf8))
        try await first.finish(seal.name, .init(status: 201, sealed: sealed))
        for entry in await store.range("/keyed-calls/").entries {
            let text = String(decoding: entry.value, as: UTF8.self)
            #expect(!text.contains("secret") && !text.contains("0f8e") && !entry.key.contains("0f8e"))
        }
        guard case .answer(let answer) = try await KeyedCalls(store: store).begin(seal.name, digest: "d") else {
            Issue.record("what was answered is answered again")
            return
        }
        #expect(try answer.status == 201 && seal.open(answer.sealed) == Data("a secret".utf8))
        #expect(throws: Fault.self) { try CallSeal("0f8f", of: "root").open(answer.sealed) }
        #expect(try await records.keyedCalls.list().count == 1)
    }

    @Test("what is a day old is over and goes, and the oldest goes where there are too many bytes")
    func bounds() async throws {
        let store = MemoryStore()
        let records: any StateStore = store
        let old = Timestamp.now().advanced(by: .seconds(-86_401))
        try await records.keyedCalls.put("old", KeyedCall(digest: "d", at: old, seed: "s"))
        var large = KeyedCall(digest: "d", at: Timestamp.now().advanced(by: .seconds(-60)), seed: "s")
        large.answer = .init(status: 200, sealed: String(repeating: "A", count: KeyedCall.maximumBytes))
        try await records.keyedCalls.put("large", large)
        let calls = KeyedCalls(store: store)
        guard case .carryOut(let seed) = try await calls.begin("old", digest: "another") else {
            Issue.record("a key that is over stands for nothing")
            return
        }
        #expect(!seed.isAgain)
        try await calls.finish("old", .init(status: 200, sealed: "AAAA"))
        #expect(try await records.keyedCalls.named().map(\.name) == ["old"])
    }
}
