import Certificates
import Edge
import Foundation
import Model
import NIOCore
import NIOSSL
import Testing
import Toolkit

/// TLS ends at the edge.
@Suite("TLS", .serialized)
struct TLSTests {
    @Test("a request over TLS reaches the app, which is told so")
    func request() async throws {
        try await Lab.secure { lab, authority in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await withSecureClient(lab.securePort, authority) { peer in
                    try await peer.send(get("/x"))
                    let first = try await peer.message()
                    // The connection stays.
                    try await peer.send(get("/y"))
                    #expect(try await peer.message().status == 200)
                    return first
                }
                #expect(answer.status == 200)
                let seen = try #require(app.seen.first)
                #expect(seen.value("x-forwarded-proto") == "https" && seen.value("x-forwarded-ssl") == "on")
                #expect(seen.value("fly-forwarded-ssl") == "on" && seen.value("fly-forwarded-proto") == "https")
                #expect(seen.value("x-forwarded-port") == "\(lab.securePort)")
                #expect(seen.value("fly-client-ip") == "127.0.0.1")
                _ = try await fetch(lab.port, get("/plain"))
                #expect(app.seen.last?.value("fly-forwarded-ssl") == "off")
            }
        }
    }

    @Test("no name, a stranger's name and old versions of TLS are refused in the handshake")
    func refused() async throws {
        try await Lab.secure { lab, authority in
            for name in [nil, "stranger.localhost"] {
                await #expect(throws: (any Error).self, "\(name ?? "no name")") {
                    try await withSecureClient(lab.securePort, authority, name: name) { _ in }
                }
            }
            await #expect(throws: (any Error).self) {
                try await withSecureClient(
                    lab.securePort,
                    authority,
                    adjust: {
                        $0.minimumTLSVersion = .tlsv1
                        $0.maximumTLSVersion = .tlsv11
                    }
                ) { _ in }
            }
            // And the next is served all the same.
            try await withSecureClient(lab.securePort, authority) { _ in }
        }
    }

    @Test("names are matched in any case, with a final dot, and by the wildcard above them")
    func names() async throws {
        try await Lab.secure(["notes.localhost", "*.apps.test"]) { lab, authority in
            for name in ["NOTES.LocalHost", "one.apps.test", "two.apps.test"] {
                try await withSecureClient(lab.securePort, authority, name: name) { _ in }
            }
            for name in ["apps.test", "a.b.apps.test"] {
                await #expect(throws: (any Error).self) {
                    try await withSecureClient(lab.securePort, authority, name: name) { _ in }
                }
            }
        }
    }

    @Test("two thousand names are added, one is exchanged and one taken away, without a restart")
    func many() async throws {
        // Without a copy on disk: thousands of synced files are the disk's time, not the edge's.
        let adjust: (inout Lab.Configuration) -> Void = { $0.certificates = nil }
        try await Lab.secure(adjust: adjust) { lab, authority in
            let (chain, key) = try authority.local.issue("*.many.test", at: .now())
            let names = (0..<2000).map { "a\($0).many.test" }
            let all = names.map { EdgeCertificate(hostname: $0, id: "1", chain: chain, key: key) }
            for start in stride(from: 0, to: all.count, by: 200) {
                let revision = Int64(2 + start)
                try await lab.serve.secure(.init(revision: revision, put: Array(all[start..<start + 200])))
            }
            for name in ["a0.many.test", "a1999.many.test", "notes.localhost"] {
                try await withSecureClient(lab.securePort, authority, name: name) { _ in }
            }
            try await lab.serve.secure(.init(revision: 9000, removed: ["a5.many.test"]))
            await #expect(throws: (any Error).self) {
                try await withSecureClient(lab.securePort, authority, name: "a5.many.test") { _ in }
            }
            // One that can't be read is refused, and the one before it stays.
            let bad = EdgeCertificate(hostname: "a0.many.test", id: "2", chain: "nonsense", key: key)
            try await lab.serve.secure(.init(revision: 9001, put: [bad]))
            try await withSecureClient(lab.securePort, authority, name: "a0.many.test") { _ in }
        }
    }

    @Test("no handshake fails while certificates change")
    func exchange() async throws {
        try await Lab.secure { lab, authority in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 0..<60 {
                        let certificate = try authority.certificate("notes.localhost", id: "\(round)")
                        try await lab.serve.secure(.init(revision: Int64(10 + round), put: [certificate]))
                    }
                }
                group.addTask {
                    for _ in 0..<60 { try await withSecureClient(lab.securePort, authority) { _ in } }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("an edge starts alone with the certificates it was told; a broken file costs its own name")
    func alone() async throws {
        let authority = try TestAuthority()
        defer { authority.remove() }
        let copy = CertificateCopy(folder: "\(authority.folder)/edge")
        let names = ["notes.localhost", "blog.localhost"]
        try copy.take(.init(revision: 1, put: try names.map { try authority.certificate($0) }))
        try "torn".write(toFile: "\(authority.folder)/edge/torn.json", atomically: true, encoding: .utf8)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(authority.folder)/edge")
        #expect(mode[.posixPermissions] as? Int == 0o700)
        let adjust: (inout Lab.Configuration) -> Void = {
            $0.listenTLS = [.init(host: "127.0.0.1", port: 0)]
            $0.certificates = copy
        }
        try await Lab.with(serving: false, adjust) { lab in
            for name in names { try await withSecureClient(lab.securePort, authority, name: name) { _ in } }
        }
        // Told all there is, it forgets the rest.
        try copy.take(.init(revision: 2, all: ["notes.localhost"]))
        #expect(copy.load(unreadable: { _, _ in }).map(\.hostname) == ["notes.localhost"])
    }

    @Test("a tunnel passes both ways over TLS, and each half closes by itself")
    func tunnel() async throws {
        try await Lab.secure { lab, authority in
            let handler: TestApp.Handler = { peer, _ in
                _ = try await peer.message(bodiless: true)
                try await peer.send(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                )
                #expect(String(buffer: try await peer.bytes(4)) == "ping")
                try await peer.send("pong")
                #expect(await peer.rest() == "end")
                try await peer.send("bye")
                peer.finish()
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withSecureClient(lab.securePort, authority) { peer in
                    try await peer.send(
                        "GET /ws HTTP/1.1\r\nHost: notes.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                    )
                    #expect(try await peer.message(bodiless: true).status == 101)
                    try await peer.send("ping")
                    #expect(String(buffer: try await peer.bytes(4)) == "pong")
                    try await peer.send("end")
                    peer.finish()
                    #expect(await peer.rest() == "bye")
                }
            }
        }
    }

    @Test("a client that does not shake hands is let go")
    func silent() async throws {
        let adjust: (inout Lab.Configuration) -> Void = { $0.limits.headTime = .milliseconds(200) }
        try await Lab.secure(adjust: adjust) { lab, _ in
            try await withClient(lab.securePort) { peer in
                let start = ContinuousClock.now
                _ = await peer.rest()
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    @Test("a client that says hello byte by byte is let go as well, and its place with it")
    func slow() async throws {
        let adjust: (inout Lab.Configuration) -> Void = {
            $0.limits.headTime = .milliseconds(300)
            $0.limits.connections = 2
            $0.eventLoopThreads = 1
        }
        try await Lab.secure(adjust: adjust) { lab, authority in
            try await withClient(lab.securePort) { one in
                try await one.send(ByteBuffer(bytes: [0x16, 0x03, 0x01]))
                try await withClient(lab.securePort) { two in
                    try await two.send(ByteBuffer(bytes: [0x16]))
                    // Both places are taken, until their time is over.
                    try await withSecureClient(lab.securePort, authority) { _ in }
                }
            }
        }
    }
}
