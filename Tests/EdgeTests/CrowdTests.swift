import Edge
import Foundation
import Logging
import Model
import NIOCore
import Testing

@Suite("More connections than there is room for", .timeLimit(.minutes(1)))
struct CrowdTests {
    @Test(
        "connections are bounded by descriptors, with a reserve",
        arguments: [(256, 96), (1024, 384), (20_000, 9744), (1_048_576, 10_000), (4, 1)]
    )
    func bound(descriptors: Int, connections: Int) {
        var limits = EdgeServer.Limits()
        limits.fit(descriptors: descriptors)
        #expect(limits.connections == connections)
    }

    @Test("idle connections make room for those who wait")
    func makesRoom() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let adjust: (inout Lab.Configuration) -> Void = {
                $0.limits.connections = 4
                $0.eventLoopThreads = 1
            }
            try await Lab.with(adjust) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for _ in 0..<4 {
                        tasks.addTask {
                            try await withClient(lab.port) { peer in
                                try await peer.send(get())
                                #expect(try await peer.message().status == 200)
                                _ = await peer.rest()
                            }
                        }
                    }
                    try await eventually("all are served") { app.seen.count == 4 }
                    #expect(try await fetch(lab.port, get()).status == 200)
                    tasks.cancelAll()
                }
            }
        }
    }

    @Test("a socket that is handed on loses no connection while one edge follows another")
    func handsOn() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("x") }) { app in
            let holder = try Holder()
            let adjust: @Sendable (inout Lab.Configuration) -> Void = {
                $0.listen = [.init(host: "127.0.0.1", port: holder.port)]
                $0.initialRoutes = RouteTable(revision: 1, apps: [.notes(app.target())])
                $0.inherited = holder.copies($0.listen[0])
            }
            for _ in 0..<2 {
                try await Lab.with(serving: false, adjust) { lab in
                    let status = try await fetch(holder.port, get()).status
                    #expect(status == 200)
                    await lab.shutDown()
                }
                let before = app.seen.count
                // Nobody accepts now: it waits.
                async let early = fetch(holder.port, get())
                try await Task.sleep(for: .milliseconds(50))
                try await Lab.with(serving: false, adjust) { _ in
                    try await eventually("the one that waited is served") { app.seen.count > before }
                }
                #expect(try await early.status == 200)
            }
        }
    }

    @Test("at shut-down an unused connection may bring one more request, and is closed when none comes")
    func farewell() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("x") }) { app in
            try await Lab.with({ $0.limits.farewell = .milliseconds(500) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { late in
                    try await withClient(lab.port) { silent in
                        for peer in [late, silent] {
                            try await peer.send(get())
                            #expect(try await peer.message().status == 200)
                        }
                        await lab.shutDown()
                        // However late it hears of it: each request is answered, and one of them is told to be the last.
                        var last = "keep-alive"
                        while last != "close" {
                            try await late.send(get())
                            let answer = try await late.message()
                            #expect(answer.status == 200)
                            last = answer.value("connection") ?? last
                        }
                        #expect(await late.rest().isEmpty)
                        #expect(await silent.rest().isEmpty)
                    }
                }
            }
        }
    }

    /// Two listening sockets at one port that outlive any edge.
    private final class Holder: Sendable {
        let port: Int
        private let sockets: [Int32]

        init() throws {
            var port = in_port_t(0)
            var sockets: [Int32] = []
            for _ in 0..<2 {
                let one = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var on: Int32 = 1
                setsockopt(one, SOL_SOCKET, SO_REUSEPORT, &on, 4)
                var address = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port
                inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
                withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        #expect(bind(one, $0, size) == 0 && listen(one, 10) == 0)
                        getsockname(one, $0, &size)
                    }
                }
                port = address.sin_port
                sockets.append(one)
            }
            self.port = Int(UInt16(bigEndian: port))
            self.sockets = sockets
        }

        deinit { for one in sockets { close(one) } }

        func copies(_ address: EdgeServer.Configuration.Address) -> [EdgeServer.Configuration.InheritedSocket] {
            sockets.map { .init(descriptor: dup($0), address: address) }
        }
    }
}
