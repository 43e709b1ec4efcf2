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
    let listener: Listener

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
        let gone = (shared.inForce?.keys ?? []).subtracting(table.apps.map(\.key))
        try await install(
            RouteChanges(base: 0, revision: table.revision, routes: table.apps, removed: gone.sorted())
        )
    }

    /// As above, for some routes; the others stay as they are.
    func install(_ changes: RouteChanges) async throws {
        let update = try RouteUpdate(changes, loads: shared.loads, before: shared.inForce)
        for loop in loops { try await loop.submit { $0.adopt(update) } }
        shared.adopt(update)
        // After the loops: one that still used the old routes would ask for a Machine that is awake already.
        guard let index = shared.inForce else { return }
        await listener.follow(index.openPorts)
        shared.wakes.settle(index)
        shared.loads.prune(update, index)
        if !changes.removed.isEmpty { shared.troubles.prune(index) }
        if !changes.removed.isEmpty || !update.gone.isEmpty {
            for loop in loops { loop.execute { $0.stats.prune(index) } }
        }
        shared.logger.notice(
            "routes in force",
            metadata: [
                "routes.revision": "\(changes.revision)", "routes.changed": "\(update.keys.count)",
                "routes": "\(index.count)",
            ]
        )
    }

    // MARK: - Private

    private static let shortestPause = Duration.milliseconds(50)
    private static let loadInterval = Duration.seconds(1)
    /// Between two writes of the routes to disk, of all that has changed meanwhile; a kill in between loses it.
    private static let copyInterval = Duration.milliseconds(200)

    private typealias Wire = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Writes reports, one a line.
    private struct Reporter: Sendable {
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        let told = ToldTallies()

        init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) { self.outbound = outbound }

        func send(_ report: EdgeReport) async throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var line = ByteBuffer(bytes: try encoder.encode(report))
            line.writeStaticString("\n")
            try await outbound.write(line)
        }
    }

    private var capabilities: [String] {
        EdgeReport.capabilities.filter { $0 != EdgeReport.names || shared.configuration.names != nil }
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
        try await reporter.send(
            .hello(pid: ProcessInfo.processInfo.processIdentifier, can: capabilities)
        )
        // What was said while there was no link.
        shared.signals.send(.trouble)
        for (machine, key) in shared.wakes.open {
            let app = shared.inForce?.entry(key: key)?.route.app ?? key
            try await reporter.send(.wake(app: app, machine: machine))
        }
        // Beside the orders, and the newest alone: a disk that is slow must not hold up a route that a request waits for.
        let unsaved = UnsavedRoutes()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for try await line in inbound { try await obey(line, reporter, unsaved) }
            }
            tasks.addTask {
                for await _ in unsaved.bell {
                    if let changes = unsaved.take() { await save(changes) }
                    try await Task.sleep(for: Self.copyInterval)
                }
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
        _ unsaved: UnsavedRoutes
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
            // A `serve` that has not read its records yet knows nothing of the routes, rather than that there are none.
            guard table.revision > 0 || !table.apps.isEmpty || shared.inForce == nil else {
                shared.logger.warning("empty routes ignored", metadata: ["routes.revision": "\(table.revision)"])
                return
            }
            if try await isTaken({ try await install(table) }) {
                // Whatever was changed before is in it.
                unsaved.add(RouteChanges(base: 0, revision: table.revision, routes: []))
                try await reportApplied(table.revision, reporter)
            }
        case .changes(let changes):
            let revision = shared.inForce?.revision ?? -1
            guard revision == changes.base else {
                // One that came before is already in a whole table.
                if revision < changes.revision { try await reporter.send(.lost(revision: revision)) }
                return
            }
            if try await isTaken({ try await install(changes) }) {
                unsaved.add(changes)
                try await reportApplied(changes.revision, reporter)
            } else {
                try await reporter.send(.lost(revision: revision))
            }
        case .wakeFailed(let machine, let reason):
            shared.logger.warning("wake failed", metadata: ["machine.id": "\(machine)", "reason": "\(reason)"])
            shared.wakes.failed(machine, at: .now())
            for loop in loops { loop.execute { $0.wakeFailed(machine) } }
        case .certificates(let news): try await secure(news, reporter)
        case .count: try await reporter.send(.load(inFlight: shared.loads.inFlight(), news: news(reporter)))
        case .figures: try await reporter.send(.figures(await EdgeFigures(shared: shared, loops: loops).gather()))
        case .endStreams(let machine): for loop in loops { loop.execute { $0.endStreams(of: machine) } }
        case .names(let changes):
            guard let names = shared.configuration.names, !names.take(changes) else { return }
            try await reporter.send(.namesLost(revision: names.index.revision))
        }
    }

    /// Puts certificates into force and on disk, then says so; the last of several parts has a revision.
    private func secure(_ news: CertificateNews, _ reporter: Reporter) async throws {
        // Thousands of certificates take seconds to read, and routes must not wait for them.
        let shelf = shared.certificates
        for (hostname, reason) in try await NIOThreadPool.singleton.runIfActive({ shelf.take(news) }) {
            shared.logger.error("certificate unusable", metadata: ["tls.host": "\(hostname)", "reason": "\(reason)"])
        }
        if let copy = shared.configuration.certificates {
            do {
                try await NIOThreadPool.singleton.runIfActive { try copy.take(news) }
            } catch {
                shared.logger.warning("certificate copy not saved", metadata: ["error": "\(error)"])
            }
        }
        if news.revision > 0 { try await reporter.send(.secured(revision: news.revision)) }
    }

    /// False for routes without sense; those before then stay in force.
    private func isTaken(_ install: () async throws -> Void) async throws -> Bool {
        do {
            try await install()
            return true
        } catch let fault as Fault {
            shared.logger.error("routes refused", metadata: ["error": "\(fault.message)"])
            return false
        }
    }

    private func reportApplied(_ revision: Int64, _ reporter: Reporter) async throws {
        try await reporter.send(.applied(revision: revision, inFlight: shared.loads.inFlight(), news: news(reporter)))
    }

    private func pass(_ signal: LinkSignals.Signal, _ reporter: Reporter) async throws {
        switch signal {
        case .wake(let app, let machine): try await reporter.send(.wake(app: app, machine: machine))
        case .drained:
            guard let revision = shared.inForce?.revision else { return }
            try await reportApplied(revision, reporter)
        case .trouble:
            // Several signals may have gathered; the first of them takes all that there is to tell.
            let troubles = shared.troubles.take()
            guard !troubles.isEmpty else { return }
            var news = news(reporter) ?? EdgeNews()
            news.troubles = troubles
            try await reporter.send(.load(inFlight: shared.loads.inFlight(), news: news))
        }
    }

    /// What is to be told beside the load.
    private func news(_ reporter: Reporter) -> EdgeNews? {
        var answers: [Machine.ID: AnswerTally] = [:]
        var tallies = shared.troubles.tallies
        for entry in shared.inForce.map({ Array($0.all) }) ?? [] {
            let tally = entry.answers.tally
            if tally.answered > 0 { tallies[entry.route.app, default: EdgeTally()].add(tally) }
            guard entry.comparesMachines else { continue }
            for load in entry.loads { answers[load.machine, default: AnswerTally()].add(load.answers.tally) }
        }
        var news = EdgeNews(
            streams: shared.loads.ofKind { $0.streams },
            long: shared.loads.ofKind { $0.long },
            tallies: reporter.told.news(of: tallies)
        )
        news.answers = answers.isEmpty ? nil : answers
        return news == EdgeNews() ? nil : news
    }

    private func reportLoad(_ reporter: Reporter) async throws {
        var last = EdgeReport.load(inFlight: [:])
        while true {
            try await Task.sleep(for: Self.loadInterval)
            let inFlight = shared.loads.inFlight()
            var news = news(reporter)
            let begun = shared.loads.begun()
            // Requests that came and went between two looks are what keeps a Machine awake, too.
            if !begun.isEmpty {
                news = news ?? EdgeNews()
                news?.begun = begun
            }
            let report = EdgeReport.load(inFlight: inFlight, news: news)
            guard report != last || !begun.isEmpty else { continue }
            last = report
            try await reporter.send(report)
        }
    }

    /// A failure costs only the next start its routes, so it is told and no more.
    private func save(_ changes: RouteChanges) async {
        do {
            try await NIOThreadPool.singleton.runIfActive {
                try shared.configuration.saveRoutes(changes) { shared.inForce?.table ?? RouteTable() }
            }
        } catch {
            shared.logger.warning("route copy not saved", metadata: ["error": "\(error)"])
        }
    }
}
