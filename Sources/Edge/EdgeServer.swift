package import Logging
import Model
import NIOCore
import NIOPosix
import ServiceLifecycle
import Toolkit

/// The data path of a host: takes HTTP requests from clients and passes them on to Machines.
///
/// Knows nothing but its ``Configuration`` and the route table that `serve` sends it, and goes on with the last one
/// while `serve` is away.
package struct EdgeServer: Service {
    package let configuration: Configuration
    private let logger: Logger

    package init(configuration: Configuration, logger: Logger) {
        var configuration = configuration
        if let descriptors = OpenFiles.limit() { configuration.limits.fit(descriptors: descriptors) }
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves until the process is to end; requests in flight are then given `limits.drain` to finish.
    ///
    /// Throws a ``Fault`` when the configuration makes no sense, the copy of the routes does not, or an address cannot
    /// be listened on.
    package func run() async throws {
        try configuration.validate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopThreads)
        do {
            try await run(on: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try? await group.shutdownGracefully()
    }

    // MARK: - Private

    private func run(on group: MultiThreadedEventLoopGroup) async throws {
        let shared = EdgeShared(configuration, logger: logger)
        let loops = try await Self.makeLoops(group, shared)
        let listener = Listener(shared: shared, loops: loops)
        let link = ServeLink(shared: shared, loops: loops, group: group, listener: listener)
        if let routes = configuration.initialRoutes {
            do {
                try await link.install(routes)
            } catch let fault as Fault {
                logger.error("route copy unusable", metadata: ["error": "\(fault.message)"])
            }
        }
        loadCertificates(shared)
        let ports = try await listener.start()
        let watch = try await startMetrics(shared, loops)
        logger.notice(
            "edge listening",
            metadata: [
                "ports": "\(ports)", "region": "\(configuration.region)", "domain": "\(configuration.domain)",
                "routes.revision": "\(shared.inForce?.revision ?? 0)",
            ]
        )
        configuration.onBound(ports)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await link.run() }
            if let names = configuration.names {
                tasks.addTask { await PrivateListener(shared: shared, listener: listener, book: names).run() }
            }
            if let access = shared.access { tasks.addTask { await access.run(failed: tellAccess) } }
            let graceful = (try? await gracefulShutdown()) != nil
            await listener.stop()
            if graceful { await drain(loops) }
            tasks.cancelAll()
        }
        try? await watch?.close()
        for loop in loops { try? await loop.submit { $0.close() } }
        logger.notice("edge stopped")
    }

    private func startMetrics(
        _ shared: EdgeShared,
        _ loops: [NIOLoopBound<EdgeLoop>]
    ) async throws -> (any Channel)? {
        guard let address = configuration.metrics else { return nil }
        let channel = try await MetricsListener(shared: shared, loops: loops).start(address)
        if let port = channel.localAddress?.port { configuration.onMetricsBound(port) }
        return channel
    }

    private func tellAccess(_ fault: Fault) {
        logger.error("access log not written", metadata: ["error": "\(fault.message)"])
    }

    /// What was kept of the certificates, in force until `serve` says better.
    private func loadCertificates(_ shared: EdgeShared) {
        guard let copy = configuration.certificates else { return }
        let kept = copy.load { path, fault in
            logger.error("certificate copy unreadable", metadata: ["file": "\(path)", "error": "\(fault.message)"])
        }
        for (hostname, reason) in shared.certificates.take(CertificateNews(revision: 0, put: kept)) {
            logger.error("certificate unusable", metadata: ["tls.host": "\(hostname)", "reason": "\(reason)"])
        }
    }

    private static func makeLoops(
        _ group: MultiThreadedEventLoopGroup,
        _ shared: EdgeShared
    ) async throws -> [NIOLoopBound<EdgeLoop>] {
        var loops: [NIOLoopBound<EdgeLoop>] = []
        for eventLoop in group.makeIterator() {
            let loop = try await eventLoop.submit {
                NIOLoopBound(EdgeLoop(eventLoop: eventLoop, shared: shared), eventLoop: eventLoop)
            }.get()
            loops.append(loop)
        }
        let all = loops
        for loop in loops {
            let peers = all.filter { $0.eventLoop !== loop.eventLoop }
            try await loop.submit { $0.peers = peers }
            let every = TimeAmount.nanoseconds(shared.configuration.limits.tick.nanoseconds)
            loop.eventLoop.scheduleRepeatedTask(initialDelay: every, delay: every) { _ in loop.value.tick() }
        }
        return loops
    }

    private func drain(_ loops: [NIOLoopBound<EdgeLoop>]) async {
        logger.notice("edge draining", metadata: ["drain.s": "\(configuration.limits.drain.components.seconds)"])
        let limit = TimeAmount.nanoseconds(configuration.limits.drain.nanoseconds)
        let all = loops.map { loop in
            let done = loop.eventLoop.makePromise(of: Void.self)
            loop.execute { $0.drain(done) }
            // A promise takes one result; the later of the two is ignored.
            let timer = loop.eventLoop.scheduleTask(in: limit) { loop.value.close() }
            done.futureResult.whenComplete { _ in timer.cancel() }
            return done.futureResult
        }
        for done in all { try? await done.get() }
    }
}

extension EdgeServer.Limits {
    /// How often is looked for what is overdue: often enough for the shortest time.
    var tick: Duration {
        let shortest = [
            held, upstreamIdle, headTime, clientIdle, stall, halfOpen, linger, farewell, answer, bodyIdle, yield,
        ]
        .reduce(.seconds(2), min)
        return max(.milliseconds(10), shortest / 4)
    }
}
