import AsyncHTTPClient
import Foundation
import Model
import NIOCore
import NIOHTTP1
import NIOSSL
import Toolkit

/// The typed client of the REST API, by whichever way a host is reached.
package struct RoostClient: Sendable {
    private let http: HTTPClient
    private let place: HostPlace
    /// Sent with every request.
    package var headers: [String: String] = ["Roost-User": "\(NSUserName())@\(ProcessInfo.processInfo.hostName)"]
    /// The most that an answer may hold, streams apart.
    private static let maximumAnswer = 64 << 20
    private static let maximumLine = 16 << 20

    /// Runs `body` with a client of the daemon on this machine, and closes its connections afterwards.
    package static func with<Result>(
        socketPath: String,
        _ body: (RoostClient) async throws -> Result
    ) async throws -> Result {
        try await with(.socket(socketPath), body)
    }

    /// Runs `body` with a client of a host, and closes its connections afterwards.
    ///
    /// - Throws: ``Fault`` `invalidConfig` for an authority that is none.
    package static func with<Result>(
        _ place: HostPlace,
        _ body: (RoostClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A socket that nobody listens on is no reason to wait: the answer is the same every time.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Each console and each tunnel keeps one to itself.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        if case .network(let network) = place {
            configuration.timeout.connect = .seconds(10)
            configuration.tlsConfiguration = try trust(network.authority)
        }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var client = RoostClient(http: http, place: place)
        if case .network(let network) = place, let token = network.token {
            client.headers["Authorization"] = "Bearer \(token)"
        }
        do {
            let result = try await body(client)
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

    /// An answer that is no JSON of ours, as it stands.
    package func text(_ path: String) async throws -> String {
        String(decoding: try await send(.GET, path, nil), as: UTF8.self)
    }

    package func post<Answer: Decodable>(
        _ path: String,
        _ value: some Encodable,
        as type: Answer.Type
    ) async throws -> Answer {
        let answer = try await send(.POST, path, .bytes(ByteBuffer(bytes: try JSON.encode(value))))
        return try read(type, answer, path)
    }

    package func put<Answer: Decodable>(
        _ path: String,
        _ value: some Encodable,
        as type: Answer.Type
    ) async throws -> Answer {
        let answer = try await send(.PUT, path, .bytes(ByteBuffer(bytes: try JSON.encode(value))))
        return try read(type, answer, path)
    }

    /// As `delete`, where the answer says something.
    package func delete<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
        try read(type, try await send(.DELETE, path, nil), path)
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
                hint: "try again; if it stays away, its log says why: \(place.log)"
            )
        }
    }

    // MARK: - Private

    private func send(_ method: HTTPMethod, _ path: String, _ body: HTTPClientRequest.Body?) async throws -> Data {
        let response = try await execute(method, path, body, deadline: .now() + .minutes(10))
        return Data(try await response.body.collect(upTo: Self.maximumAnswer).readableBytesView)
    }

    func execute(
        _ method: HTTPMethod,
        _ path: String,
        _ body: HTTPClientRequest.Body?,
        deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        guard let url = place.url(path) else {
            throw Fault(
                .invalidRequest,
                "\(place) can't be the path of roostd's socket",
                hint: "ROOST_RUN names its folder; it has to be the one that roostd was started with"
            )
        }
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.body = body
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, deadline: deadline)
        } catch {
            throw place.unreachable(error)
        }
        guard response.status.code >= 300 else { return response }
        let data = Data(try await response.body.collect(upTo: Self.maximumAnswer).readableBytesView)
        if let answer = try? JSON.decode(ErrorBody.self, from: data, what: "error") { throw answer.fault }
        throw Fault(
            .io,
            "roostd refused \(method.rawValue) \(path) with status \(response.status.code) and said no more",
            hint: "its log may: \(place.log)"
        )
    }

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

    /// Believes one authority and no other, or those that this machine believes.
    private static func trust(_ authority: String?) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        guard let authority else { return configuration }
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        } catch {
            throw Fault(
                .invalidConfig,
                "the authority's certificate can't be read: \(error)",
                hint: "it is a file in PEM: api-tls/ca.pem in the state folder of the host"
            )
        }
        return configuration
    }
}
