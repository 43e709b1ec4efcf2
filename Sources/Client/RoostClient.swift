import AsyncHTTPClient
import Foundation
import Model
import NIOCore
import NIOHTTP1
import Toolkit

/// The typed client of the REST API, over the daemon's unix socket.
package struct RoostClient: Sendable {
    private let http: HTTPClient
    private let socketPath: String
    /// The most that an answer may hold, streams apart.
    private static let maximumAnswer = 64 << 20
    private static let maximumLine = 16 << 20

    /// Runs `body` with a client, and closes its connections afterwards.
    package static func with<Result>(
        socketPath: String,
        _ body: (RoostClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A socket that nobody listens on is no reason to wait: the answer is the same every time.
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(RoostClient(http: http, socketPath: socketPath))
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// - Throws: the server's ``Fault``, or `unreachable` when there is no server.
    package func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
        try JSON.decode(type, from: try await send(.GET, path, nil), what: "answer to \(path)")
    }

    package func post<Answer: Decodable>(
        _ path: String,
        _ value: some Encodable,
        as type: Answer.Type
    ) async throws -> Answer {
        let answer = try await send(.POST, path, .bytes(ByteBuffer(bytes: try JSON.encode(value))))
        return try JSON.decode(type, from: answer, what: "answer to \(path)")
    }

    package func post(_ path: String) async throws {
        _ = try await send(.POST, path, nil)
    }

    package func delete(_ path: String) async throws {
        _ = try await send(.DELETE, path, nil)
    }

    /// Sends a file's content, in pieces.
    package func put(_ path: String, file: String, size: Int64) async throws {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw Durable.fault(errno, "open", file) }
        defer { try? handle.close() }
        let pieces = AsyncStream<ByteBuffer> {
            guard let piece = try? handle.read(upToCount: 256 << 10), !piece.isEmpty else { return nil }
            return ByteBuffer(bytes: piece)
        }
        _ = try await send(.PUT, path, .stream(pieces, length: .known(size)))
    }

    /// Follows a stream of JSON lines until it ends.
    package func follow<Element: Decodable & Sendable>(
        _ path: String,
        as type: Element.Type,
        _ body: (Element) async throws -> Void
    ) async throws {
        let response = try await execute(.GET, path, nil, deadline: .distantFuture)
        var lines = LineSplitter(limit: Self.maximumLine)
        do {
            for try await piece in response.body {
                for line in try lines.feed(Data(piece.readableBytesView)) {
                    try await body(try JSON.decode(type, from: line, what: "line of \(path)"))
                }
            }
        } catch let fault as Fault {
            throw fault
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A daemon that is killed shows as any of several errors of the socket.
            throw Fault(.unreachable, "the connection to roostd was lost: \(error)")
        }
    }

    // MARK: - Private

    private func send(_ method: HTTPMethod, _ path: String, _ body: HTTPClientRequest.Body?) async throws -> Data {
        let response = try await execute(method, path, body, deadline: .now() + .minutes(10))
        return Data(try await response.body.collect(upTo: Self.maximumAnswer).readableBytesView)
    }

    private func execute(
        _ method: HTTPMethod,
        _ path: String,
        _ body: HTTPClientRequest.Body?,
        deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        guard let url = URL(httpURLWithSocketPath: socketPath, uri: path) else {
            throw Fault(.invalidRequest, "\(socketPath) is not a socket's path")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        request.body = body
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, deadline: deadline)
        } catch {
            throw unreachable(error)
        }
        guard response.status.code >= 300 else { return response }
        let data = Data(try await response.body.collect(upTo: Self.maximumAnswer).readableBytesView)
        if let answer = try? JSON.decode(ErrorBody.self, from: data, what: "error") { throw answer.fault }
        throw Fault(.io, "\(method) \(path): status \(response.status.code)")
    }

    private func unreachable(_ error: any Error) -> Fault {
        if access(socketPath, F_OK) == 0, access(socketPath, W_OK) != 0, errno == EACCES {
            return Fault(.unreachable, "\(socketPath) is not yours to use", hint: "run this as root")
        }
        return Fault(
            .unreachable,
            "roostd is not running: nobody answers at \(socketPath) (\(error))",
            hint: "start it: roostd serve & roostd edge & (as root; `make run` in a checkout does both)"
        )
    }
}
