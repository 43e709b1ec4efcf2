import Foundation
import Model
import NIOCore
import NIOPosix
import Synchronization

@testable import Edge

/// The `serve` end of `edge.sock`: records what the edge reports, sends orders.
final class FakeServe: Sendable {
    private struct State {
        var reports: [EdgeReport] = []
        var writer: NIOAsyncChannelOutboundWriter<ByteBuffer>?
        var connections = 0
    }

    private let state = Mutex(State())

    var reports: [EdgeReport] { state.withLock { $0.reports } }
    var connections: Int { state.withLock { $0.connections } }

    /// The machines that the edge asked for, one entry a report.
    var wakes: [Machine.ID] {
        reports.compactMap { if case .wake(_, let machine) = $0 { machine } else { nil } }
    }

    /// Requests that went wrong, as the edge told them.
    var troubles: [EdgeTrouble] {
        reports.flatMap { report -> [EdgeTrouble] in
            if case .load(_, let news) = report { news?.troubles ?? [] } else { [] }
        }
    }

    /// The loads that the edge told.
    var loads: [[Machine.ID: Int]] {
        reports.compactMap { if case .load(let inFlight, _) = $0 { inFlight } else { nil } }
    }

    /// Requests to a Machine, as the edge counted them.
    func begun(_ machine: Machine.ID) -> Int {
        reports.reduce(0) { sum, report in
            guard case .load(_, let news) = report else { return sum }
            return sum + (news?.begun?[machine] ?? 0)
        }
    }

    /// What the last `applied` of this revision said.
    func applied(_ revision: Int64) -> [Machine.ID: Int]? {
        reports.compactMap { if case .applied(revision, let inFlight, _) = $0 { inFlight } else { nil } }.last
    }

    func send(_ order: EdgeOrder) async throws {
        try await sendLine(String(decoding: JSONEncoder().encode(order), as: UTF8.self))
    }

    func sendLine(_ text: String) async throws {
        guard let writer = state.withLock({ $0.writer }) else { throw Peer.Ended() }
        try await writer.write(ByteBuffer(string: text + "\n"))
    }

    /// Sends routes and waits until the edge says that they are in force.
    func apply(_ revision: Int64, _ routes: [Route]) async throws {
        try await eventually("edge.sock is connected") { self.state.withLock { $0.writer != nil } }
        try await send(.routes(RouteTable(revision: revision, apps: routes)))
        try await eventually("revision \(revision) is applied") { self.applied(revision) != nil }
    }

    /// Listens while `body` runs.
    func listen<Result: Sendable>(
        at path: String,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
                    return try Peer.Wire(wrappingChannelSynchronously: channel)
                }
            }
        return try await server.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    for try await connection in connections { try? await self.take(connection) }
                    return nil
                }
                defer { group.cancelAll() }
                while let result = try await group.next() {
                    if let result { return result }
                }
                throw CancellationError()
            }
        }
    }

    private func take(_ connection: Peer.Wire) async throws {
        try await connection.executeThenClose { inbound, outbound in
            state.withLock {
                $0.writer = outbound
                $0.connections += 1
            }
            defer { state.withLock { $0.writer = nil } }
            for try await line in inbound {
                let report = try JSONDecoder().decode(EdgeReport.self, from: Data(line.readableBytesView))
                state.withLock { $0.reports.append(report) }
            }
        }
    }
}
