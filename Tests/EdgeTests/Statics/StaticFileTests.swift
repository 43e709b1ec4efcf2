import Edge
import Foundation
import NIOCore
import Testing

@testable import Model

/// Files that the edge answers with, from a folder as `serve` lays them out.
@Suite("Static files", .timeLimit(.minutes(1)))
struct StaticFileTests {
    private static let image = String(repeating: "ab", count: 32)

    /// An edge with files below `/static`, and an app that answers everything with `from the app`.
    private func run(
        _ files: [String: Data],
        _ adjust: @escaping @Sendable (inout Route) -> Void = { _ in },
        _ body: @escaping @Sendable (Lab, _ root: URL, TestApp) async throws -> Void
    ) async throws {
        let root = URL(filePath: "/tmp/edge-statics-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: root) }
        let folder = root.appending(path: "\(Self.image)/app/static")
        for (name, content) in files {
            let place = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try content.write(to: place)
        }
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("from the app") }) { app in
            try await Lab.with({ $0.statics = root.path }) { lab in
                var route = Route.notes(app.target())
                route.statics = [StaticShelf(prefix: "/static", folders: ["\(Self.image)/app/static"])]
                adjust(&route)
                try await lab.serve.apply(1, [route])
                try await body(lab, root, app)
            }
        }
    }

    @Test("a file is answered without the app, all else is the app's")
    func serves() async throws {
        try await run(["css/a.css": Data("body{}".utf8), "empty": Data()]) { lab, _, app in
            let file = try await fetch(lab.port, get("/static/css/a.css?v=2"))
            #expect(file.status == 200 && file.body == "body{}")
            #expect(file.value("content-type") == "text/css; charset=utf-8")
            #expect(file.value("fly-request-id") != nil && file.value("etag") != nil)
            let empty = try await fetch(lab.port, get("/static/empty"))
            #expect(empty.status == 200 && empty.body.isEmpty)
            #expect(app.seen.isEmpty)
            for path in [
                "/", "/static/none.css", "/static/css", "/static/css/", "/static/../static/css/a.css", "/css/a.css",
            ] {
                #expect(try await fetch(lab.port, get(path)).body == "from the app", "\(path)")
            }
            let posted = "POST /static/css/a.css HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 1\r\n\r\nx"
            #expect(try await fetch(lab.port, posted).body == "from the app")
        }
    }

    private static func ask(
        _ peer: Peer,
        _ lines: String = "",
        method: String = "GET"
    ) async throws -> Peer.Message {
        try await peer.send("\(method) /static/a.txt HTTP/1.1\r\nHost: notes.localhost\r\n\(lines)\r\n")
        return try await peer.message(bodiless: method == "HEAD" || lines.hasPrefix("If-None"))
    }

    @Test("a client that has it is told so, a part is a part, HEAD has no body; all on one connection")
    func connection() async throws {
        try await run(["a.txt": Data("0123456789".utf8)]) { lab, _, _ in
            try await withClient(lab.port) { peer in
                let tag = try #require(try await Self.ask(peer).value("etag"))
                #expect(try await Self.ask(peer, "If-None-Match: \(tag)\r\n").status == 304)
                let part = try await Self.ask(peer, "Range: bytes=2-4\r\n")
                #expect(part.status == 206 && part.body == "234")
                let head = try await Self.ask(peer, method: "HEAD")
                #expect(head.status == 200 && head.value("content-length") == "10")
                #expect(try await Self.ask(peer, "Range: bytes=50-\r\n").status == 416)
                #expect(try await Self.ask(peer).body == "0123456789")
            }
        }
    }

    @Test("a large file comes whole through a client that reads slowly, and its connection goes on")
    func large() async throws {
        let content = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        try await run(["big.bin": content]) { lab, _, _ in
            try await withClient(lab.port) { peer in
                try await peer.send(get("/static/big.bin") + get("/static/none"))
                let head = try await peer.until("\r\n\r\n")
                #expect(head.contains("Content-Length: 3000000"))
                var body = ByteBuffer()
                for _ in 0..<30 {
                    var piece = try await peer.bytes(100_000)
                    body.writeBuffer(&piece)
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(Data(body.readableBytesView) == content)
                #expect(try await peer.message().body == "from the app")
            }
        }
    }

    @Test("headers of the configuration count, and what gets smaller is compressed")
    func rules() async throws {
        let style = String(repeating: ".a { color: red }\n", count: 500)
        let adjust: @Sendable (inout Route) -> Void = { route in
            var options = AppConfig.HTTPOptions()
            options.compress = true
            options.securityHeaders = .strict
            route.options = options
        }
        try await run(["a.css": Data(style.utf8)], adjust) { lab, _, _ in
            let fields = "Host: notes.localhost\r\nAccept-Encoding: gzip\r\n"
            let small = try await fetch(lab.port, "GET /static/a.css HTTP/1.1\r\n\(fields)\r\n")
            #expect(small.value("content-encoding") == "gzip")
            #expect(small.value("etag")?.hasPrefix("W/\"") == true)
            #expect(small.value("x-content-type-options") == "nosniff")
            let part = try await fetch(lab.port, "GET /static/a.css HTTP/1.1\r\n\(fields)Range: bytes=0-4\r\n\r\n")
            #expect(part.status == 206 && part.body == ".a { ")
        }
    }

    @Test("links, folders and pipes are the app's, and nobody waits for them")
    func notPlain() async throws {
        try await run(["a.txt": Data("x".utf8)]) { lab, root, _ in
            let folder = root.appending(path: "\(Self.image)/app/static").path
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "/etc/passwd")
            #expect(mkfifo("\(folder)/pipe", 0o644) == 0)
            try FileManager.default.createDirectory(atPath: "\(folder)/folder", withIntermediateDirectories: false)
            for name in ["link", "pipe", "folder"] {
                #expect(try await fetch(lab.port, get("/static/\(name)")).body == "from the app", "\(name)")
            }
        }
    }

    @Test("while two releases serve, files of both are found, the newer first")
    func releases() async throws {
        let other = String(repeating: "cd", count: 32)
        let adjust: @Sendable (inout Route) -> Void = { route in
            route.statics?[0].folders = ["\(other)/app/static", "\(Self.image)/app/static"]
        }
        try await run(["a.css": Data("old".utf8), "old.css": Data("old".utf8)], adjust) { lab, root, _ in
            let folder = root.appending(path: "\(other)/app/static")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("new".utf8).write(to: folder.appending(path: "a.css"))
            #expect(try await fetch(lab.port, get("/static/a.css")).body == "new")
            #expect(try await fetch(lab.port, get("/static/old.css")).body == "old")
        }
    }

    @Test("an app in maintenance shows no files, one whose Machines sleep does")
    func traffic() async throws {
        let closed: @Sendable (inout Route) -> Void = { $0.traffic = .maintenance }
        try await run(["a.txt": Data("x".utf8)], closed) { lab, _, _ in
            let answer = try await fetch(lab.port, get("/static/a.txt"))
            #expect(answer.status == 503)
        }
        let asleep: @Sendable (inout Route) -> Void = { $0.machines[0].state = .asleep }
        try await run(["a.txt": Data("x".utf8)], asleep) { lab, _, app in
            let answer = try await fetch(lab.port, get("/static/a.txt"))
            #expect(answer.body == "x")
            #expect(app.seen.isEmpty && lab.serve.begun(app.target().machine) == 0)
        }
    }

    @Test("a client that leaves in the middle leaves nothing open")
    func leaves() async throws {
        try await run(["big.bin": Data(count: 8 << 20)]) { lab, root, _ in
            for _ in 0..<20 {
                try await withClient(lab.port) { peer in
                    try await peer.send(get("/static/big.bin"))
                    _ = try await peer.bytes(1000)
                }
            }
            try await eventually("no file is open any more") {
                let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                return !links.contains { name in
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))?
                        .hasPrefix(root.path) == true
                }
            }
        }
    }
}
