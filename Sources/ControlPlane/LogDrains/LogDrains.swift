import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
package import Toolkit

/// Brings what apps write to where their owners read it: reads each Machine's log once, keeps the lines, and sends them to each
/// receiver at its own pace.
///
/// No app waits for it. A receiver that is gone gets what it has missed, as long as there is room to keep it.
package actor LogDrains: Service {
    /// Where its lines come from and go to.
    package struct Outside: Sendable {
        var store: any StateStore
        var tap: @Sendable (Machine.ID, LogStart) async throws -> LogTap
        var send: @Sendable ([LogEntry], LogDrain) async -> LogDrainOutcome

        package init(
            store: any StateStore,
            tap: @escaping @Sendable (Machine.ID, LogStart) async throws -> LogTap,
            send: @escaping @Sendable ([LogEntry], LogDrain) async -> LogDrainOutcome
        ) {
            (self.store, self.tap, self.send) = (store, tap, send)
        }
    }

    let settings: LogDrainSettings
    let outside: Outside
    let region: String
    let logger: Logger
    private let folder: String
    private var spool: LogSpool?
    private(set) var book = LogDrainBook(id: "")
    private var lanes: [String: LogDrainLane] = [:]
    private var isSaved = true
    private var savedAt = ContinuousClock.now
    var machines: [Machine.ID: Machine] = [:]
    var taps: [Machine.ID: Tap] = [:]
    /// Machines that have changed since their log was read to its end.
    var changed: Set<Machine.ID> = []
    private(set) var passes = 0
    /// Whether nobody has kept places before.
    var isFirst = false
    /// Machines whose lines were there before the drains were.
    var old: Set<Machine.ID> = []
    /// What became of lines.
    package nonisolated let counts = CounterBook()
    /// Lines that found no room on the disk.
    private var pending: [LogEntry] = []
    /// Places that are reached once what is pending is kept.
    private var unsaved: [Machine.ID: LogPosition] = [:]

    private static let pause = Duration.milliseconds(500)
    /// Between two tries to begin.
    private static let patience = Duration.seconds(30)
    /// The platform may add a line to the log of a Machine that does not run: looked at every so many passes.
    private static let rarely = 40

    /// Lines and places are kept in `folder`; lines of the host's own are of its `region`.
    package init(_ settings: LogDrainSettings, _ outside: Outside, folder: String, region: String, logger: Logger) {
        (self.settings, self.outside, self.folder, self.region) = (settings, outside, folder, region)
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            guard await self.begin() else { return }
            await withDiscardingTaskGroup { group in
                group.addTask { await repeating(every: .seconds(1)) { await self.followRecords() } }
                group.addTask { await repeating(every: Self.pause) { await self.collect() } }
                for drain in self.settings.drains {
                    group.addTask {
                        await repeating(every: Self.pause) {
                            while !Task.isCancelled, await self.send(to: drain) {}
                        }
                    }
                }
            }
        }
        save()
    }

    // MARK: - For the API

    func view() -> LogDrainsView {
        var view = LogDrainsView()
        (view.kept, view.limit) = (spool?.count ?? 0, settings.spool)
        view.drains = settings.drains.map { drain in
            var one = LogDrainsView.Drain(name: drain.name, kind: drain.kind.rawValue)
            one.apps = (drain.apps ?? []).sorted()
            guard let lane = lanes[drain.name] else { return one }
            one.waiting = max(0, (spool?.end ?? 0) - lane.cursor)
            (one.sent, one.refused, one.dropped) = (lane.sent, lane.refused, lane.dropped)
            (one.deliveredAt, one.error) = (lane.deliveredAt, lane.error)
            return one
        }
        return view
    }

    /// Sends a line that means nothing.
    ///
    /// - Throws: ``Fault`` for a drain that there is not, or with what the receiver says.
    func test(_ name: String) async throws {
        guard let drain = settings.drains.first(where: { $0.name == name }) else {
            let known = settings.drains.map(\.name).joined(separator: ", ")
            throw Fault(
                .invalidRequest,
                "there is no log drain \(ConfigNode.quoted(name))",
                hint: known.isEmpty ? "[log_drains] in roost.toml names them: docs/log-drains.md" : "there are \(known)"
            )
        }
        let now = Timestamp.now()
        let app = drain.apps?.sorted().first ?? "roost"
        var entry = LogEntry(platform: "roost: a line to try this log drain out", app: app, region: region, at: now)
        entry.id = "\(book.id)-test-\(ULID.make())"
        switch await outside.send([entry], drain) {
        case .taken(refused: 0): return
        case .taken: throw Fault(.toolFailed, "\(name): the receiver does not want the line")
        case .refused(let reason), .failed(let reason): throw Fault(.toolFailed, "\(name): \(reason)")
        }
    }

    // MARK: - Lines in

    /// Whether this pass is one in which logs of Machines that don't run are looked at too.
    func nextPass() -> Bool {
        passes += 1
        return passes % Self.rarely == 0
    }

    /// Keeps lines, after those that found no room before; false where there is still none.
    func keep(_ entries: [LogEntry], of machine: Machine.ID, upTo position: LogPosition?) -> Bool {
        pending += entries
        // What is pending is safe only on the disk, so its place is not told before.
        if let position, position != book.positions[machine.description] {
            unsaved[machine] = position
        }
        guard !pending.isEmpty else {
            commit()
            return true
        }
        do {
            try spool?.append(pending)
            pending = []
            commit()
            try shrink()
            return true
        } catch {
            logger.warning("lines for log drains wait for room", error: error)
            return false
        }
    }

    /// Whether lines wait for room: then no more are read.
    var isFull: Bool { !pending.isEmpty }

    private func commit() {
        guard !unsaved.isEmpty else { return }
        for (machine, position) in unsaved { book.positions[machine.description] = position }
        unsaved = [:]
        isSaved = false
    }

    /// Forgets a Machine that is gone.
    func forget(_ machine: Machine.ID) {
        guard book.positions.removeValue(forKey: machine.description) != nil else { return }
        isSaved = false
    }

    private func shrink() throws {
        try spool?.shrink { lines, start in
            for drain in settings.drains {
                guard let cursor = lanes[drain.name]?.cursor, cursor < start else { continue }
                let lost = lines.filter { $0.next > cursor && drain.wants($0.entry) }.count
                lanes[drain.name]?.lost(lost, upTo: start)
                guard lost > 0 else { continue }
                count(drain, "dropped", lost)
                logger.warning("log drain: lines given up", metadata: ["drain": "\(drain.name)", "lines": "\(lost)"])
            }
            isSaved = false
        }
    }

    // MARK: - Lines out

    /// One request; true when there may be more to send at once.
    private func send(to drain: LogDrain) async -> Bool {
        guard let lane = lanes[drain.name], lane.isDue(at: .now()), let spool else { return false }
        do {
            let lines = try spool.read(from: lane.cursor)
            guard let last = lines.last else { return false }
            var wanted: [(entry: LogEntry, next: Int64)] = []
            for (entry, next) in lines {
                guard var entry, drain.wants(entry) else { continue }
                entry.id = "\(book.id)-\(next)"
                wanted.append((entry, next))
                if wanted.count == LogDrain.mostLines { break }
            }
            guard !wanted.isEmpty else {
                lanes[drain.name]?.skip(to: last.next)
                isSaved = false
                return true
            }
            // Those behind the last one that are for others need not be looked at again.
            let end = wanted.count < LogDrain.mostLines ? last.next : wanted[wanted.count - 1].next
            let delivery = await LogDelivery.of(wanted.map(\.entry)) { [outside] in await outside.send($0, drain) }
            let place = delivery.done == wanted.count ? end : delivery.done > 0 ? wanted[delivery.done - 1].next : nil
            return take(delivery, drain, upTo: place)
        } catch {
            lanes[drain.name]?.failed("\((error as? Fault)?.message ?? "\(error)")", at: .now())
            logger.error("lines for log drains can't be read", error: error, metadata: ["drain": "\(drain.name)"])
            return false
        }
    }

    private func take(_ delivery: LogDelivery, _ drain: LogDrain, upTo place: Int64?) -> Bool {
        let wasFailing = lanes[drain.name]?.isFailing ?? false
        if let place {
            lanes[drain.name]?.delivered(delivery.taken, refused: delivery.refused, upTo: place, at: .now())
            count(drain, "sent", delivery.taken)
            count(drain, "refused", delivery.refused)
            isSaved = false
        }
        if let failure = delivery.failure {
            lanes[drain.name]?.failed(failure, at: .now())
            if !wasFailing {
                logger.warning("log drain fails", metadata: ["drain": "\(drain.name)", "reason": "\(failure)"])
            }
        } else if wasFailing {
            logger.notice("log drain goes on", metadata: ["drain": "\(drain.name)"])
        }
        return delivery.failure == nil
    }

    private func count(_ drain: LogDrain, _ outcome: String, _ lines: Int) {
        guard lines > 0 else { return }
        counts.add(.drainLines, app: nil, drain.name, outcome, amount: Double(lines))
    }

    // MARK: - Kept places

    private var bookFile: String { "\(folder)/book.json" }

    /// Takes up what was kept, again and again where that can't be done now; false at the end.
    ///
    /// A disk without room, or a file that can't be read, must not keep the rest of the daemon from running.
    private func begin() async -> Bool {
        guard !settings.drains.isEmpty else {
            await Self.forever()
            return false
        }
        while !Task.isCancelled {
            do {
                try load()
                return true
            } catch {
                logger.error("log drains wait: what was kept for them can't be taken up", error: error)
            }
            do {
                try await Task.sleep(for: Self.patience)
            } catch {
                return false
            }
        }
        return false
    }

    private func load() throws {
        let spool = try LogSpool(folder: folder, limit: settings.spool)
        if let data = FileManager.default.contents(atPath: bookFile) {
            book = try JSON.decode(LogDrainBook.self, from: data, what: bookFile)
        } else {
            book = LogDrainBook(id: ULID.make())
            (isFirst, isSaved) = (true, false)
        }
        // A drain that is new begins with what comes from now on.
        for drain in settings.drains {
            lanes[drain.name] = LogDrainLane(cursor: min(book.cursors[drain.name] ?? spool.end, spool.end))
        }
        self.spool = spool
        save()
    }

    /// Writes down how far everything has come, once a second at most.
    func saveNow() {
        guard !isSaved, .now - savedAt > .seconds(1) else { return }
        save()
    }

    private func save() {
        guard !isSaved else { return }
        do {
            try spool?.sync()
            book.cursors = lanes.mapValues(\.cursor)
            try Durable.write(try JSON.encode(book), to: bookFile, mode: 0o600)
            (isSaved, savedAt) = (true, .now)
            try spool?.remove(before: lanes.values.map(\.cursor).min() ?? 0)
        } catch {
            logger.warning("places of log drains not kept: lines may be sent twice after a restart", error: error)
        }
    }

    private static func forever() async {
        await repeating(every: .seconds(3600)) {}
    }
}
