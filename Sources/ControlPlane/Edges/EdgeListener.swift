import Foundation
package import Logging
import Model
import NIOCore
import NIOPosix
import ServiceLifecycle
import Toolkit

/// Accepts edges on `edge.sock`: newline-delimited JSON both ways.
package struct EdgeListener: Service {
    private let link: EdgeLink
    private let socketPath: String
    private let logger: Logger
    /// Reports are small; a longer line is no report.
    private static let maximumLine = 4 << 20

    package init(link: EdgeLink, socketPath: String, logger: Logger) {
        self.link = link
        self.socketPath = socketPath
        self.logger = logger
    }

    package func run() async throws {
        unlink(socketPath)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(unixDomainSocketPath: socketPath) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        // Whoever may write here decides where users' requests go.
        chmod(socketPath, 0o600)
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections.cancelOnGracefulShutdown() {
                    group.addTask { await self.serve(connection) }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: - Private

    /// Nil for a report of a kind that only a newer edge knows.
    private func read(_ line: Data) -> EdgeReport? {
        do {
            return try JSON.decode(EdgeReport.self, from: line, what: "edge report")
        } catch {
            logger.warning("edge report unreadable", error: error)
            return nil
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        let (number, orders) = await link.connect()
        do {
            try await connection.executeThenClose { inbound, outbound in
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask {
                        for await order in orders {
                            var line = ByteBuffer(bytes: try JSON.encode(order))
                            line.writeInteger(UInt8(ascii: "\n"))
                            try await outbound.write(line)
                        }
                    }
                    var lines = LineSplitter(limit: Self.maximumLine)
                    for try await bytes in inbound {
                        for line in try lines.feed(Data(bytes.readableBytesView)) {
                            guard let report = read(line) else { continue }
                            // A wake takes as long as a start; all else is told in the order in which it came.
                            if case .wake = report {
                                group.addTask { await self.link.report(report, from: number) }
                            } else {
                                await link.report(report, from: number)
                            }
                            let troubles = report.troubles
                            if !troubles.isEmpty { group.addTask { await self.link.tell(troubles) } }
                        }
                    }
                    group.cancelAll()
                }
            }
        } catch {
            logger.warning("edge connection ended", error: error)
        }
        await link.disconnect(number)
        logger.notice("edge disconnected")
    }
}

extension EdgeReport {
    fileprivate var troubles: [EdgeTrouble] {
        if case .load(_, let news) = self { news?.troubles ?? [] } else { [] }
    }
}
