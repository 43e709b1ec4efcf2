import Model
import NIOCore
import NIOPosix
import Testing

@testable import Agent

@Suite("Answers to checks", .timeLimit(.minutes(1)))
struct ProbeReaderTests {
    /// What is made of an answer that comes in pieces of that length.
    private func read(_ text: String, isHead: Bool = false, step: Int = 7) throws(Fault) -> (done: Bool, ProbeReader) {
        var reader = ProbeReader(isHead: isHead)
        var left = Array(text.utf8)[...]
        while !left.isEmpty {
            if try reader.feed(left.prefix(step)) { return (true, reader) }
            left = left.dropFirst(step)
        }
        try reader.end()
        return (false, reader)
    }

    @Test(
        "bodies of all framings",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "200 hello", true),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n", "200 hello",
                true
            ),
            ("HTTP/1.0 500 No\r\n\r\nhello", "500 hello", false),
            ("HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", "204 ", true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 ", true),
            ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "200 ok", true),
            ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "200 ok", true),
        ]
    )
    func bodies(text: String, output: String, done: Bool) throws {
        for step in [1, 3, 1000] {
            let (ended, reader) = try read(text, step: step)
            #expect("\(reader.status ?? 0) \(reader.body)" == output)
            #expect(ended == done)
        }
    }

    @Test(
        "what is no answer says so",
        arguments: ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n"]
    )
    func none(text: String) {
        #expect(throws: Fault.self) { try self.read(text) }
    }

    @Test(
        "an answer without end costs no more than its bound",
        arguments: ["a", "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nX: ", "X: y\r\n"]
    )
    func endless(piece: String) throws {
        var reader = ProbeReader(isHead: false)
        let bytes = Array(String(repeating: piece, count: 1000 / piece.utf8.count).utf8)
        var sent = 0
        let fault = #expect(throws: Fault.self) {
            if !piece.hasPrefix("HTTP") { _ = try reader.feed(Array("HTTP/1.1 200 OK\r\n".utf8)) }
            while sent < 1 << 20 {
                _ = try reader.feed(bytes)
                sent += bytes.count
            }
        }
        #expect(fault?.message.contains("longer than 65536 bytes") == true)
        #expect(sent <= ProbeReader.maximumHead)
    }

    @Test(
        "a body without end is cut off",
        arguments: ["", "Transfer-Encoding: chunked\r\n", "Content-Length: 99999999\r\n"]
    )
    func endlessBody(field: String) throws {
        var reader = ProbeReader(isHead: false)
        _ = try reader.feed(Array("HTTP/1.1 200 OK\r\n\(field)\r\n".utf8))
        var sent = 0
        while try !reader.feed(Array("400\r\n".utf8) + [UInt8](repeating: 97, count: 1024) + [13, 10]), sent < 100 {
            sent += 1
        }
        #expect(sent < 3)
        #expect(reader.body.utf8.count == ProbeReader.maximumOutput)
    }

    @Test("a check of an app that never ends its status line fails at once")
    func prober() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = try #require(server.channel.localAddress?.port)
        await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        try? await connection.executeThenClose { _, outbound in
                            try await outbound.write(ByteBuffer(string: "HTTP/1.1 200 "))
                            while true { try await outbound.write(ByteBuffer(repeating: 97, count: 65536)) }
                        }
                    }
                }
            }
            var check = MachineConfig.Check(type: .http)
            check.timeout = "60s"
            let result = await Prober().probe(
                .init(name: "c", port: port, check: check),
                at: .init(ipv4: "127.0.0.1", ipv6: "::1")
            )
            #expect(!result.passed)
            #expect(result.output == "GET / on port \(port): the head of the answer is longer than 65536 bytes")
            tasks.cancelAll()
        }
    }
}
