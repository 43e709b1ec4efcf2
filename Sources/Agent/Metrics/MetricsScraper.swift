import Model
import Runtime
import Toolkit

/// Asks Machines for their own numbers, every 15 seconds, and keeps the last answer of each.
///
/// Each is asked on its own: one that does not answer holds nobody up, and is asked less often. A Machine that sleeps is
/// not woken for it.
actor MetricsScraper {
    /// What a Machine said last.
    struct Look: Equatable, Sendable {
        var app: String
        var isUp: Bool
        /// Seconds.
        var took: Double
        var series = ScrapedSeries()
    }

    let host: HostServices
    private(set) var looks: [Machine.ID: Look] = [:]
    private var loads: [Machine.ID: LoadAverage] = [:]
    private var underWay: Set<Machine.ID> = []
    private var due: [Machine.ID: ContinuousClock.Instant] = [:]
    private var failures: [Machine.ID: Int] = [:]

    init(host: HostServices) { self.host = host }

    private static let interval = Duration.seconds(15)
    /// How often is looked for who is due.
    private static let tick = Duration.seconds(3)
    private static let timeout = Duration.seconds(10)
    /// At one time, which bounds what answers take in memory.
    private static let atOnce = 64
    /// Bytes of an answer; ten thousand numbers need a third of it.
    static let maximumBytes = 4 << 20

    /// Works until it is cancelled.
    func run(_ machines: @Sendable () async -> [Machine]) async {
        await withDiscardingTaskGroup { group in
            var ticks = 0
            while !Task.isCancelled {
                let all = await machines()
                if ticks % 5 == 0 { await takeLoads(all) }
                ticks += 1
                for machine in takeDue(all, now: .now) { group.addTask { await self.ask(machine) } }
                try? await Task.sleep(for: Self.tick)
            }
            group.cancelAll()
        }
    }

    /// Load averages of a Machine; nil before it was looked at.
    func load(of machine: Machine.ID) -> [Double]? { loads[machine]?.values }

    // MARK: - Private

    private func takeLoads(_ machines: [Machine]) async {
        let running = machines.filter { $0.awakeSince != nil }
        let threads = await host.runtime.activeThreads(of: running)
        let now = Timestamp.now()
        loads = loads.filter { threads[$0.key] != nil }
        for (id, count) in threads { loads[id, default: LoadAverage()].add(count, at: now) }
    }

    /// Those to ask now, the longest overdue first.
    private func takeDue(_ machines: [Machine], now: ContinuousClock.Instant) -> [Machine] {
        let wanted = machines.filter { $0.spec.config.metrics != nil && $0.awakeSince != nil }
        let ids = Set(wanted.map(\.id))
        looks = looks.filter { ids.contains($0.key) }
        due = due.filter { ids.contains($0.key) }
        failures = failures.filter { ids.contains($0.key) }
        let ready = wanted.filter { !underWay.contains($0.id) && due[$0.id] ?? now <= now }
        let chosen = ready.sorted { due[$0.id] ?? now < due[$1.id] ?? now }.prefix(Self.atOnce - underWay.count)
        for machine in chosen {
            underWay.insert(machine.id)
            due[machine.id] = now + Self.interval
        }
        return Array(chosen)
    }

    private func ask(_ machine: Machine) async {
        defer { underWay.remove(machine.id) }
        guard let metrics = machine.spec.config.metrics, let address = machine.status.address else { return }
        let start = ContinuousClock.now
        do {
            let bytes = try await host.prober.fetch(
                path: metrics.path,
                port: metrics.port,
                at: address,
                timeout: Self.timeout,
                limit: Self.maximumBytes
            )
            let series = ScrapedSeries(try ExpositionReader.read(bytes), from: place(machine))
            let took = start.duration(to: .now).seconds
            note(machine, Look(app: machine.app, isUp: true, took: took, series: series))
            failures[machine.id] = nil
        } catch {
            if Task.isCancelled { return }
            let took = start.duration(to: .now).seconds
            note(machine, Look(app: machine.app, isUp: false, took: took))
            await tellFailure(machine, metrics, error)
        }
    }

    private func place(_ machine: Machine) -> [Exposition.Label] {
        [("app", machine.app), ("region", machine.region), ("host", host.label), ("instance", machine.id.text)]
    }

    /// Numbers of one app that are kept, over all its Machines here: what it says takes this daemon's memory.
    static let maximumSamples = 10_000

    private func note(_ machine: Machine, _ look: Look) {
        var look = look
        var omitted = look.series.omitted
        let others = looks.reduce(0) { sum, one in
            one.key != machine.id && one.value.app == machine.app ? sum + one.value.series.samples : sum
        }
        if others + look.series.samples > Self.maximumSamples {
            omitted += look.series.samples
            look.series = ScrapedSeries()
        }
        looks[machine.id] = look
        if omitted > 0 { host.counts.add(.dropped, app: machine.app, amount: Double(omitted)) }
    }

    /// Asked less often from now on; the app's owner is told once.
    private func tellFailure(_ machine: Machine, _ metrics: MachineConfig.Metrics, _ fault: Fault) async {
        let count = (failures[machine.id] ?? 0) + 1
        failures[machine.id] = count
        due[machine.id] = .now + Self.interval * (1 << min(count - 1, 3))
        // The first may be one that has not begun to listen.
        guard count == 2 else { return }
        let text = "metrics: GET \(metrics.path) on port \(metrics.port) is of no use: \(fault.message)"
        try? await host.writeLog(machine.id, text)
    }
}
