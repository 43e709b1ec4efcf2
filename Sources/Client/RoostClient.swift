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
        try read(type, try await send(.GET, path, nil), path)
    }

    package func post<Answer: Decodable>(
        _ path: String,
        _ value: some Encodable,
        as type: Answer.Type
    ) async throws -> Answer {
        let answer = try await send(.POST, path, .bytes(ByteBuffer(bytes: try JSON.encode(value))))
        return try read(type, answer, path)
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
                    try await body(try read(type, line, path))
                }
            }
        } catch let fault as Fault {
            throw fault
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A daemon that is killed shows as any of several errors of the socket.
            throw Fault(
                .unreachable,
                "the connection to roostd was lost: \(error)",
                hint: "try again; if it stays away, its log says why: \(folder)/serve.log"
            )
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
            throw Fault(
                .invalidRequest,
                "\(socketPath) can't be the path of roostd's socket",
                hint: "ROOST_RUN names its folder; it has to be the one that roostd was started with"
            )
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
        throw Fault(
            .io,
            "roostd refused \(method.rawValue) \(path) with status \(response.status.code) and said no more",
            hint: "its log may: \(folder)/serve.log"
        )
    }

    /// Where the daemon that is meant keeps its socket and, under `make run`, its log.
    private var folder: String { (socketPath as NSString).deletingLastPathComponent }

    /// Reads an answer; one that can't be read comes from another version than ours.
    private func read<Answer: Decodable>(_ type: Answer.Type, _ data: Data, _ path: String) throws -> Answer {
        do {
            return try JSON.decode(type, from: data, what: "roostd's answer to \(path)")
        } catch {
            var fault = error
            fault.hint = "are they of one version? Compare roost --version and roostd --version"
            throw fault
        }
    }

    private func unreachable(_ error: any Error) -> Fault {
        // A folder that may not be entered hides whether there is a socket.
        if access(socketPath, W_OK) != 0, errno == EACCES {
            let hint = "run this as root, as roostd runs: its socket is nobody else's"
            return Fault(.unreachable, "\(socketPath) may be used by root only", hint: hint)
        }
        let isThere = access(socketPath, F_OK) == 0
        let cause = isThere ? "nobody answers at \(socketPath) (\(error))" : "there is no \(socketPath)"
        return Fault(
            .unreachable,
            "roostd is not running: \(cause)",
            hint: """
                start it, as root: `make run` in Roost's checkout, or roostd serve & roostd edge &
                It runs elsewhere? Then ROOST_RUN has to name the same folder here as there.
                """
        )
    }
}
