import Edge
import Foundation
import Logging
import Model
import ServiceLifecycle
import Synchronization
import Testing

/// Asks until the answer is yes; records an issue and throws when it never is.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(10),
    _ condition: @Sendable () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - start < limit else {
            Issue.record("not within \(limit): \(what)")
            throw Peer.Ended()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// An edge under test and the `serve` that it talks to.
struct Lab: Sendable {
    typealias Configuration = EdgeServer.Configuration

    let serve: FakeServe
    let port: Int
    let ports: [Int]
    let group: ServiceGroup
    let saved: Saved
    let socketPath: String

    /// The copies of the routes that the edge wrote.
    final class Saved: Sendable {
        private let tables = Mutex<[RouteTable]>([])
        var all: [RouteTable] { tables.withLock { $0 } }
        func append(_ table: RouteTable) { tables.withLock { $0.append(table) } }
    }

    func shutDown() async { await group.triggerGracefulShutdown() }

    /// Runs an edge in a folder of its own; `serving: false` leaves `serve` away.
    static func with<Result: Sendable>(
        serving: Bool = true,
        _ adjust: (inout EdgeServer.Configuration) -> Void = { _ in },
        _ body: @escaping @Sendable (Lab) async throws -> Result
    ) async throws -> Result {
        let folder = URL(filePath: "/tmp/edge-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (bound, continuation) = AsyncStream<[Int]>.makeStream()
        let saved = Saved()
        var configuration = EdgeServer.Configuration(
            listen: [.init(host: "127.0.0.1", port: 0)],
            socketPath: folder.appending(path: "edge.sock").path,
            region: "fra"
        )
        configuration.saveRoutes = { _, whole in saved.append(whole()) }
        configuration.onBound = { continuation.yield($0) }
        adjust(&configuration)
        let socketPath = configuration.socketPath
        var logger = Logger(label: "edge.test")
        logger.logLevel = .critical
        let group = ServiceGroup(services: [EdgeServer(configuration: configuration, logger: logger)], logger: logger)
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                guard let ports = await bound.first(where: { _ in true }) else { throw CancellationError() }
                let serve = FakeServe()
                let lab = Lab(
                    serve: serve,
                    port: ports[0],
                    ports: ports,
                    group: group,
                    saved: saved,
                    socketPath: socketPath
                )
                guard serving else { return try await body(lab) }
                return try await serve.listen(at: socketPath) { try await body(lab) }
            }
            defer { tasks.cancelAll() }
            while let result = try await tasks.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}

extension Route {
    /// The app `notes` at `notes.localhost`.
    static func notes(_ machines: Target..., autostart: Bool = true) -> Route {
        Route(app: "notes", hostnames: ["notes.localhost"], autostart: autostart, machines: machines)
    }
}
