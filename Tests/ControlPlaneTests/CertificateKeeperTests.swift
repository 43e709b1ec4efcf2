import Certificates
import Foundation
import Logging
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

/// A keeper with a store in memory, and a clock that a test moves.
private final class Bench: Sendable {
    let store = MemoryStore()
    let book = CertificateBook()
    let folder = NSTemporaryDirectory() + "keeper-\(UUID().uuidString.prefix(8))"
    let keeper: CertificateKeeper
    let hosts: HostCertificates
    /// Requests that the authority got.
    let asked: Asked
    let clock: Clock

    final class Asked: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    final class Clock: Sendable {
        private let moment = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
        var now: Timestamp { moment.withLock { $0 } }
        func advance(_ time: Duration) { moment.withLock { $0 = $0.advanced(by: time) } }
    }

    /// Makes one whose apps get their names under `domain`.
    init(domain: String = "apps.example.com") throws {
        let asked = Asked()
        let clock = Clock()
        self.asked = asked
        self.clock = clock
        let keys = KeyFolder(folder: folder)
        // An authority that answers everything with a rate limit.
        let acme = try ACMEClient(
            settings: ACMESettings(),
            accountKey: ACMEClient.makeAccountKey(),
            transport: { _ in
                asked.add()
                return ACMEResponse(
                    status: 429,
                    headers: ["retry-after": "3600"],
                    body: Data(#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"slow down"}"#.utf8)
                )
            }
        )
        let local = try LocalAuthority(keys: keys, host: "test", at: clock.now)
        var tools = CertificateKeeper.Tools(keys: keys, local: local, acme: acme)
        tools.now = { clock.now }
        keeper = CertificateKeeper(
            store: store,
            tools: tools,
            book: book,
            domain: domain,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        hosts = HostCertificates(keeper: keeper)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func app(_ name: String) async throws -> App {
        if let app = try await store.apps.get(name)?.value { return app }
        let app = App(name: name, createdAt: clock.now, owner: "o")
        try await store.apps.put(name, app)
        return app
    }

    func record(_ hostname: String) async throws -> HostCertificate? {
        try await store.certificates.get(hostname)?.value
    }
}

@Suite("Keeper of certificates")
struct CertificateKeeperTests {
    @Test("a local name is certified at once, and edges are told; no authority is asked")
    func local() async throws {
        let bench = try Bench(domain: "localhost")
        _ = try await bench.app("notes")
        try await bench.keeper.refresh()
        let news = try #require(await bench.book.news(for: nil))
        #expect(news.parts.last?.put.map(\.hostname) == ["notes.localhost"])
        #expect(news.parts.last?.all == ["notes.localhost"] && bench.asked.value == 0)
        // Nothing new, nothing told; at two thirds of its life there is another.
        try await bench.keeper.refresh()
        #expect(await bench.book.news(for: news.known) == nil)
        bench.clock.advance(.seconds(61 * 86_400))
        try await bench.keeper.refresh()
        let next = try #require(await bench.book.news(for: news.known))
        #expect(next.parts.last?.put.count == 1 && next.parts.last?.all == nil)
        // The key that is no longer named is gone: the authority's two files and one key are left.
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder).count == 3)
    }

    @Test("what can't be read here stays with edges that have it")
    func damaged() async throws {
        let bench = try Bench(domain: "localhost")
        for name in ["notes", "blog"] { _ = try await bench.app(name) }
        try await bench.keeper.refresh()
        let known = try #require(await bench.book.news(for: nil)).known
        let key = try #require(try await bench.record("blog.localhost")?.local?.key)
        try FileManager.default.removeItem(atPath: "\(bench.folder)/\(key).pem")
        try await bench.store.put("/certs/notes.localhost", Data("torn".utf8), expected: nil)
        bench.clock.advance(.seconds(1))
        try await bench.keeper.refresh()
        let news = await bench.book.news(for: known)
        #expect(news?.parts.last?.removed == [] && news?.parts.last?.put == [])
        let fresh = try #require(await bench.book.news(for: nil)).parts.last
        #expect(fresh?.all == ["blog.localhost", "notes.localhost"])
    }

    @Test("a refusal is written down with its time, and nobody is asked before")
    func refused() async throws {
        let bench = try Bench()
        let app = try await bench.app("shop")
        _ = try await bench.hosts.add(app, "www.example.org")
        await bench.keeper.orderAll()
        let trouble = try #require(try await bench.record("www.example.org")?.trouble)
        #expect(trouble.failures == 1 && trouble.message.contains("slow down"))
        #expect(trouble.rateLimitedUntil == bench.clock.now.advanced(by: .seconds(3600)))
        let asked = bench.asked.value
        bench.clock.advance(.seconds(3000))
        await bench.keeper.orderAll()
        // A person who asks is told, and does not make it worse.
        _ = try await bench.hosts.retry(try #require(try await bench.record("www.example.org")))
        await bench.keeper.orderAll()
        #expect(bench.asked.value == asked)
        bench.clock.advance(.seconds(700))
        await bench.keeper.orderAll()
        #expect(bench.asked.value > asked)
        #expect(try await bench.record("www.example.org")?.trouble?.failures == 2)
        // The app's own name was wanted as well, and is not any more when the app is gone.
        #expect(try await bench.record("shop.apps.example.com") != nil)
        try await bench.hosts.forget("shop")
        #expect(try await bench.store.certificates.list().isEmpty)
    }

    @Test("a host name has one owner, and none takes what is under the domain")
    func claims() async throws {
        let bench = try Bench()
        let shop = try await bench.app("shop")
        let thief = try await bench.app("thief")
        let added = try await bench.hosts.add(shop, "WWW.Example.org.")
        #expect(added.hostname == "www.example.org" && added.app == "shop")
        #expect(try await bench.app("shop").addedHostnames == ["www.example.org"])
        for (app, name, code) in [
            (thief, "www.example.org", Fault.Code.nameTaken),
            (try await bench.app("shop"), "www.example.org", .nameTaken),
            (thief, "shop.apps.example.com", .invalidRequest), (thief, "apps.example.com", .invalidRequest),
            (thief, "*.example.org", .unsupported), (thief, "not a name", .invalidRequest),
            (thief, "1.2.3.4", .invalidRequest),
        ] {
            do {
                _ = try await bench.hosts.add(app, name)
                Issue.record("\(app.name) got \(name)")
            } catch let fault as Fault {
                #expect(fault.code == code, "\(name): \(fault)")
            }
        }
        #expect(try await bench.hosts.remove(try await bench.app("shop"), "www.example.org", .all) == nil)
        #expect(try await bench.app("shop").addedHostnames == [])
        _ = try await bench.hosts.add(thief, "www.example.org")
    }

    @Test("an authority's question goes to every edge before it is asked")
    func challenge() async throws {
        let book = CertificateBook()
        await #expect(throws: Fault.self) { try await book.answer("t", "t.x") }
        await book.publish([:], kept: [])
        await book.connect(1)
        await book.connect(2)
        let news = try #require(await book.news(for: nil))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await book.answer("t", "t.x") }
            group.addTask {
                for edge in [1, 2] {
                    while await book.news(for: news.known)?.parts.last?.challenges != ["t": "t.x"] {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                    let revision = try #require(await book.news(for: news.known)).known.revision
                    await book.secured(edge, revision)
                }
            }
            try await group.waitForAll()
        }
        await book.withdraw("t")
        #expect(await book.news(for: news.known)?.parts.last?.challenges == [:])
    }
}
