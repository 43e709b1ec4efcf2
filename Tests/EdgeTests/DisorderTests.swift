import Edge
import Model
import NIOCore
import Testing

@Suite("Disorder", .timeLimit(.minutes(2)))
struct DisorderTests {
    /// What a client does before it closes.
    private enum Client: CaseIterable {
        case polite, pipelined, leavesAtOnce, leavesAmidBody, leavesAmidAnswer, garbage, tunnel, upload
    }

    /// Answers, or fails in one of several ways, as the path asks.
    private static let app: TestApp.Handler = { peer, app in
        while true {
            let head = try await peer.until("\r\n\r\n")
            let message = Peer.Message(head: head, body: "")
            if let length = message.value("content-length").flatMap({ Int($0) }) { _ = try await peer.bytes(length) }
            if message.value("upgrade") != nil {
                try await peer.send(UpgradeTests.response)
                while let bytes = try await peer.any() { try await peer.send(bytes) }
                return
            }
            switch message.start.split(separator: " ")[1].last {
            case "1": return
            case "2": return try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            case "3": return try await peer.send("nonsense\r\n\r\n")
            case "4":
                try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            case "5": return try await peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end")
            default: try await peer.send(TestApp.ok(String(repeating: "x", count: 20_000)))
            }
        }
    }

    private static func misbehave(_ client: Client, path: String, on peer: Peer) async throws {
        switch client {
        case .polite:
            try await peer.send(get(path))
            let status = try await peer.message().status
            #expect([200, 502].contains(status))
        case .pipelined: try await peer.send(get("/0") + get("/4") + get(path) + get("/0"))
        case .leavesAtOnce: try await peer.send(get(path))
        case .leavesAmidBody:
            try await peer.send("POST \(path) HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 9\r\n\r\nhalf")
        case .leavesAmidAnswer:
            try await peer.send(get("/0"))
            _ = try await peer.bytes(100)
        case .garbage: try await peer.send("GET / HTTP/1.1\r\nHost: notes.localhost\r\nbad\r\n\r\n")
        case .tunnel:
            try await peer.send(UpgradeTests.request + "ping")
            _ = try await peer.until("ping")
        case .upload:
            let body = String(repeating: "y", count: 200_000)
            let head = "PUT \(path) HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: \(body.count)\r\n\r\n"
            try await peer.send(head + body)
            _ = try await peer.message()
        }
    }

    @Test(
        "whatever clients and apps do, every place is given back and the edge serves on",
        arguments: [1, 2, 3] as [UInt64]
    )
    func placesComeBack(seed: UInt64) async throws {
        try await TestApp.with(Self.app) { first in
            try await TestApp.with(Self.app) { second in
                let adjust: (inout Lab.Configuration) -> Void = {
                    $0.limits.linger = .milliseconds(100)
                    $0.limits.halfOpen = .milliseconds(200)
                }
                try await Lab.with(adjust) { lab in
                    try await lab.serve.apply(
                        1,
                        [.notes(first.target(soft: 2, hard: 3), second.target(soft: 2, hard: 3))]
                    )
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        for worker in 0..<12 {
                            var random = SplitMix(state: seed &* 1000 &+ UInt64(worker))
                            let plan = (0..<25).map { _ in
                                (
                                    Client.allCases.randomElement(using: &random) ?? .polite,
                                    Int.random(in: 0..<8, using: &random)
                                )
                            }
                            tasks.addTask {
                                for (client, path) in plan {
                                    try? await withClient(lab.port) { peer in
                                        try await Self.misbehave(client, path: "/\(path)", on: peer)
                                    }
                                }
                            }
                        }
                        // Meanwhile the routes change.
                        for revision in 2...20 {
                            let state: Route.State = revision % 3 == 0 ? .draining : .ready
                            let machines = [first.target(state, soft: 2, hard: 3), second.target(soft: 2, hard: 3)]
                            try await lab.serve.apply(Int64(revision), [.notes(machines[0], machines[1])])
                        }
                        try await tasks.waitForAll()
                    }
                    for _ in 0..<6 { #expect(try await fetch(lab.port, get("/0")).status == 200) }
                    try await lab.serve.apply(21, [.notes(first.target(.draining), second.target(.draining))])
                    try await eventually("nothing is in flight") { lab.serve.applied(21) == [:] }
                    try await eventually("no connection is left") {
                        first.openConnections + second.openConnections == 0
                    }
                }
            }
        }
    }
}
