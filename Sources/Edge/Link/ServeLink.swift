import Foundation
import Logging
import Model
import NIOCore
import NIOPosix

/// The connection to `serve`, which brings routes, tells what is in force and asks for wakes; it comes back for ever.
struct ServeLink: Sendable {
    let shared: EdgeShared
    let loops: [NIOLoopBound<EdgeLoop>]
    let group: any EventLoopGroup

    /// Talks to `serve` until cancelled.
    func run() async {
        var pause = Self.shortestPause
        while !Task.isCancelled {
            do {
                let channel = try await connect()
                pause = Self.shortestPause
                shared.logger.notice("serve linked")
                try await channel.executeThenClose { inbound, outbound in
                    try await talk(inbound, Reporter(outbound))
                }
                shared.logger.notice("serve away")
            } catch is CancellationError {
                return
            } catch {
                shared.logger.debug("serve out of reach", metadata: ["error": "\(error)", "pause": "\(pause)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Puts a table into force on every event loop, and returns once all use it.
    ///
    /// Throws a ``Fault`` for a table without sense; the one before then stays.
    func install(_ table: RouteTable) async throws {
        let index = try RouteIndex(table, loads: shared.loads, before: shared.inForce)
        for loop in loops { try await loop.submit { $0.adopt(index) } }
        shared.inForce = index
        // After the loops: one that still used the old table would ask for a Machine that is awake already.
        shared.wakes.settle(index)
        shared.loads.prune(index)
        shared.troubles.prune(index)
        shared.logger.notice(
            "routes in force",
            metadata: ["routes.revision": "\(table.revision)", "apps": "\(table.apps.count)"]
        )
    }

    // MARK: - Private

    private static let shortestPause = Duration.milliseconds(50)
    private static let loadInterval = Duration.seconds(1)

    private typealias Wire = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Writes reports, one a line.
    private struct Reporter: Sendable {
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) { self.outbound = outbound }

        func send(_ report: EdgeReport) async throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var line = ByteBuffer(bytes: try encoder.encode(report))
            line.writeStaticString("\n")
            try await outbound.write(line)
        }
    }

    private func connect() async throws -> Wire {
        try await ClientBootstrap(group: group).connect(unixDomainSocketPath: shared.configuration.socketPath) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
                return try Wire(wrappingChannelSynchronously: channel)
            }
        }
    }

    /// Returns when `serve` closes; throws when the connection breaks.
    private func talk(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ reporter: Reporter) async throws {
        let signals = shared.signals.listen()
        defer { shared.signals.mute() }
        try await reporter.send(.hello(pid: ProcessInfo.processInfo.processIdentifier))
        // What was said while there was no link.
        shared.signals.send(.trouble)
        for (machine, app) in shared.wakes.open { try await reporter.send(.wake(app: app, machine: machine)) }
        // Beside the orders, and the newest alone: a disk that is slow must not hold up a route that a request waits for.
        let (copies, copy) = AsyncStream.makeStream(of: RouteTable.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for try await line in inbound { try await obey(line, reporter, copy) }
            }
            tasks.addTask {
                for await table in copies { await save(table) }
            }
            tasks.addTask {
                for await signal in signals { try await pass(signal, reporter) }
            }
            tasks.addTask { try await reportLoad(reporter) }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func obey(
        _ line: ByteBuffer,
        _ reporter: Reporter,
        _ copy: AsyncStream<RouteTable>.Continuation
    ) async throws {
        let order: EdgeOrder
        do {
            order = try JSONDecoder().decode(EdgeOrder.self, from: Data(line.readableBytesView))
        } catch {
            shared.logger.error("order unreadable", metadata: ["error": "\(error)", "bytes": "\(line.readableBytes)"])
            return
        }
        switch order {
        case .routes(let table):
            do {
                try await install(table)
            } catch let fault as Fault {
                shared.logger.error("routes refused", metadata: ["error": "\(fault.message)"])
                return
            }
            copy.yield(table)
            try await reporter.send(.applied(revision: table.revision, inFlight: shared.loads.inFlight(), news: news()))
        case .wakeFailed(let machine, let reason):
            shared.logger.warning("wake failed", metadata: ["machine.id": "\(machine)", "reason": "\(reason)"])
            shared.wakes.forget(machine)
            for loop in loops { loop.execute { $0.wakeFailed(machine) } }
        }
    }

    private func pass(_ signal: LinkSignals.Signal, _ reporter: Reporter) async throws {
        switch signal {
        case .wake(let app, let machine): try await reporter.send(.wake(app: app, machine: machine))
        case .drained:
            guard let revision = shared.inForce?.table.revision else { return }
            try await reporter.send(.applied(revision: revision, inFlight: shared.loads.inFlight(), news: news()))
        case .trouble:
            // Several signals may have gathered; the first of them takes all that there is to tell.
            let troubles = shared.troubles.take()
            guard !troubles.isEmpty else { return }
            var news = news() ?? EdgeNews()
            news.troubles = troubles
            try await reporter.send(.load(inFlight: shared.loads.inFlight(), news: news))
        }
    }

    /// What is to be told beside the load.
    private func news() -> EdgeNews? {
        let tallies = shared.troubles.tallies
        let news = EdgeNews(
            streams: shared.loads.ofKind { $0.streams },
            long: shared.loads.ofKind { $0.long },
            tallies: tallies.isEmpty ? nil : tallies
        )
        return news == EdgeNews() ? nil : news
    }

    private func reportLoad(_ reporter: Reporter) async throws {
        var last = EdgeReport.load(inFlight: [:])
        while true {
            try await Task.sleep(for: Self.loadInterval)
            let report = EdgeReport.load(inFlight: shared.loads.inFlight(), news: news())
            guard report != last else { continue }
            last = report
            try await reporter.send(report)
        }
    }

    /// A failure costs only the next start its routes, so it is told and no more.
    private func save(_ table: RouteTable) async {
        do {
            try await NIOThreadPool.singleton.runIfActive { try shared.configuration.saveRoutes(table) }
        } catch {
            shared.logger.warning("route copy not saved", metadata: ["error": "\(error)"])
        }
    }
}
