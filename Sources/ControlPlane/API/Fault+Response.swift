import Foundation
package import HTTPTypes
package import Hummingbird
import Model
import NIOCore
import Toolkit

extension Fault: HTTPResponseError {
    package var status: HTTPResponse.Status { HTTPResponse.Status(code: code.httpStatus) }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try JSONAnswer.make(ErrorBody(self))
        response.status = status
        return response
    }
}

/// Answers in JSON, in one form.
enum JSONAnswer {
    static func make(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let body = ByteBuffer(bytes: try JSON.encode(value))
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: body)
        )
    }

    /// One JSON object a line, as they come; ends when the sequence does or the client goes away.
    ///
    /// `source` fills `values` while the answer is written, and is cancelled with it.
    static func stream<Element: Encodable & Sendable>(
        _ values: AsyncStream<Element>,
        source: @escaping @Sendable () async -> Void = {}
    ) -> Response {
        let body = ResponseBody { writer in
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await source() }
                for await value in values {
                    var line = ByteBuffer(bytes: try JSON.encode(value))
                    line.writeString("\n")
                    try await writer.write(line)
                }
                group.cancelAll()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }
}

extension JSONAnswer {
    /// Between two bytes to a client that is told nothing: that it has gone is seen only when something is sent.
    private static let beat = Duration.seconds(5)

    /// Lines as they are taken from a queue, which `source` fills; many go out at once when there are many.
    ///
    /// While there are none a space goes out now and then, which is nothing before an object of JSON.
    static func stream(_ queue: LineQueue, source: @escaping @Sendable () async -> Void) -> Response {
        let body = ResponseBody { writer in
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await source() }
                group.addTask { await repeating(every: beat, after: beat) { queue.nudge() } }
                // Whoever waits to bring a line must not wait for a reader that is gone.
                defer { queue.finish() }
                while let lines = await queue.take() {
                    var buffer = ByteBuffer(string: lines.isEmpty ? " " : "")
                    for line in lines {
                        buffer.writeBytes(try JSON.encode(line))
                        buffer.writeString("\n")
                    }
                    try await writer.write(buffer)
                }
                group.cancelAll()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }
}

extension Request {
    /// The body as a value; an empty body is the value of `{}`, as clients of Fly's API send it.
    func json<Value: Decodable>(_ type: Value.Type, limit: Int = 4 << 20) async throws -> Value {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch {
            throw Fault(.tooLarge, "the request's body is larger than \(limit) bytes")
        }
        let data = buffer.readableBytes == 0 ? Data("{}".utf8) : Data(buffer.readableBytesView)
        return try JSON.decode(Value.self, from: data, what: "request body")
    }

    func query(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map(String.init)
    }

    /// All values of a name.
    func queries(_ name: String) -> [String] {
        uri.queryParameters.getAll(name)
    }
}
