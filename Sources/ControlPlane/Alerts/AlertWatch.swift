import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Toolkit

/// Looks at the host's numbers, and tells people when they should look at them too.
package actor AlertWatch: Service {
    /// Where its facts come from and its messages go.
    package struct Outside: Sendable {
        var page: @Sendable () async -> Exposition
        /// Apps that are being deployed.
        var busy: @Sendable () async -> Set<String>
        var send: @Sendable (AlertMessage, AlertChannel) async throws -> Void
        var ask: @Sendable (_ url: String) async throws -> Void

        package init(
            page: @escaping @Sendable () async -> Exposition,
            busy: @escaping @Sendable () async -> Set<String>,
            send: @escaping @Sendable (AlertMessage, AlertChannel) async throws -> Void,
            ask: @escaping @Sendable (String) async throws -> Void
        ) {
            (self.page, self.busy, self.send, self.ask) = (page, busy, send, ask)
        }
    }

    private let settings: AlertSettings
    private let outside: Outside
    private let host: String
    /// Where the book is kept, so that nobody is told again after a restart.
    private let file: String
    private let logger: Logger
    private var book = AlertBook()
    private var lanes: [AlertLane]
    private var history = AlertHistory()
    private static let interval = Duration.seconds(30)

    package init(_ settings: AlertSettings, _ outside: Outside, host: String, file: String, logger: Logger) {
        (self.settings, self.outside, self.host, self.file, self.logger) = (settings, outside, host, file, logger)
        lanes = settings.channels.map { AlertLane($0) }
    }

    package func run() async throws {
        load()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await repeating(every: Self.interval, after: .seconds(5)) { await self.pass(at: .now()) }
                }
                guard let url = self.settings.heartbeat else { return }
                group.addTask { await repeating(every: .seconds(60)) { await self.beat(url) } }
            }
        }
    }

    /// One look, and what follows from it.
    func pass(at now: Timestamp) async {
        let bytes = await outside.page().bytes
        var limits = ExpositionReader.Limits()
        limits.samples = 1_000_000
        guard let page = try? ExpositionReader.read(bytes, limits: limits) else {
            return logger.warning("the host's own numbers can't be read, so no alert is looked for")
        }
        let reading = AlertReading(page, at: now)
        history.add(reading)
        let facts = AlertEvaluation(reading, history, slo: settings.slo).facts
        let busy = await outside.busy()
        let before = book
        for message in book.step(facts, at: now, busy: busy) { take(message, at: now) }
        for place in lanes.indices { lanes[place].keep(book.stands) }
        await deliver(at: now)
        if book != before { save() }
    }

    // MARK: - For the API

    func view() -> AlertsView {
        AlertsView(
            host: host,
            alerts: book.alerts.sorted { ($0.since, $0.rule) < ($1.since, $1.rule) },
            silences: book.silences,
            channels: lanes.map(\.view)
        )
    }

    /// Tells a channel that nothing is wrong.
    ///
    /// - Throws: ``Fault`` for a channel that there is not, or with what went wrong.
    func test(_ name: String?) async throws -> [AlertsView.Channel] {
        let chosen = lanes.filter { name == nil || $0.channel.name == name }
        guard !chosen.isEmpty else {
            let known = lanes.map(\.channel.name).joined(separator: ", ")
            throw Fault(
                .invalidRequest,
                name.map { "there is no channel \($0)" } ?? "no channel is set up",
                hint: known.isEmpty ? "[alerts] in roost.toml names them: docs/alerts.md" : "there are \(known)"
            )
        }
        var views: [AlertsView.Channel] = []
        for lane in chosen {
            var view = AlertsView.Channel(name: lane.channel.name, kind: lane.channel.kind.word)
            do {
                try await outside.send(.trial(at: .now()), lane.channel)
                view.deliveredAt = .now()
            } catch {
                view.error = Self.words(error)
            }
            views.append(view)
        }
        return views
    }

    func add(_ silence: AlertSilence) {
        book.add(silence)
        save()
    }

    /// - Throws: ``Fault`` `invalidRequest` where there is none of that ID.
    func remove(silence id: String) throws {
        guard book.remove(silence: id) else {
            throw Fault(.invalidRequest, "there is no silence \(id)", hint: "roost alerts list shows those there are")
        }
        save()
    }

    // MARK: - Private

    private func take(_ message: AlertMessage, at now: Timestamp) {
        let title = message.title(host: host)
        if lanes.isEmpty {
            logger.warning("alert", metadata: ["alert": "\(title)"])
            book.told(message, at: now)
        }
        for place in lanes.indices { lanes[place].add(message) }
    }

    /// All that is due, each channel at its own pace: one that does not answer holds up no other.
    private func deliver(at now: Timestamp) async {
        let due = lanes.enumerated().compactMap { place, lane in lane.due(at: now).map { (place, lane.channel, $0) } }
        guard !due.isEmpty else { return }
        let outcomes = await withTaskGroup(of: (Int, AlertMessage, String?).self) { group in
            for (place, channel, message) in due {
                group.addTask { [outside] in
                    do {
                        try await outside.send(message, channel)
                        return (place, message, nil)
                    } catch {
                        return (place, message, Self.words(error))
                    }
                }
            }
            var ended: [(Int, AlertMessage, String?)] = []
            for await one in group { ended.append(one) }
            return ended
        }
        for (place, message, error) in outcomes {
            if let error {
                lanes[place].failed(error, at: now)
                let channel = lanes[place].channel.name
                logger.warning("alert not delivered", metadata: ["channel": "\(channel)", "reason": "\(error)"])
            } else {
                lanes[place].delivered(at: now)
                book.told(message, at: now)
            }
        }
        if outcomes.contains(where: { $0.2 == nil }) { await deliver(at: now) }
    }

    private func beat(_ url: String) async {
        do {
            try await outside.ask(url)
        } catch {
            logger.warning("heartbeat not delivered", metadata: ["reason": "\(Self.words(error))"])
        }
    }

    private static func words(_ error: any Error) -> String {
        String(((error as? Fault)?.message ?? "\(error)").prefix(300))
    }

    private func load() {
        guard let data = FileManager.default.contents(atPath: file) else { return }
        do {
            book = try JSON.decode(AlertBook.self, from: data, what: file)
        } catch {
            logger.warning("alerts of before are not known: people may be told again", error: error)
        }
    }

    private func save() {
        do {
            try Durable.write(try JSON.encode(book), to: file, mode: 0o600)
        } catch {
            logger.warning("alerts not kept: people may be told again after a restart", error: error)
        }
    }
}
