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
    private let certificates: CertificateBook
    private let socketPath: String
    private let logger: Logger
    /// What a thousand apps were asked is the longest report; a longer line is none.
    private static let maximumLine = 16 << 20

    package init(link: EdgeLink, certificates: CertificateBook, socketPath: String, logger: Logger) {
        self.link = link
        self.certificates = certificates
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

    private static func line(_ order: EdgeOrder) throws(Fault) -> ByteBuffer {
        var line = ByteBuffer(bytes: try JSON.encode(order))
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }

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
        await certificates.connect(number)
        do {
            try await connection.executeThenClose { inbound, outbound in
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask {
                        for await order in orders { try await outbound.write(try Self.line(order)) }
                    }
                    group.addTask {
                        var known: CertificateBook.Known?
                        for await _ in await certificates.follow() {
                            guard let news = await certificates.news(for: known) else { continue }
                            known = news.known
                            for part in news.parts { try await outbound.write(try Self.line(.certificates(part))) }
                        }
                    }
                    var lines = LineSplitter(limit: Self.maximumLine)
                    for try await bytes in inbound {
                        for line in try lines.feed(Data(bytes.readableBytesView)) {
                            guard let report = read(line) else { continue }
                            // A wake takes as long as a start; all else is told in the order in which it came.
                            if case .wake = report {
                                group.addTask { await self.link.report(report, from: number) }
                            } else if case .secured(let revision) = report {
                                await certificates.secured(number, revision)
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
        await certificates.disconnect(number)
        await link.disconnect(number)
        logger.notice("edge disconnected")
    }
}

extension EdgeReport {
    fileprivate var troubles: [EdgeTrouble] {
        if case .load(_, let news) = self { news?.troubles ?? [] } else { [] }
    }
}
