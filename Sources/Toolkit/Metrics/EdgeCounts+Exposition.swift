package import Model

extension EdgeCounts {
    /// In the form of Prometheus, with Fly's names where Fly has one.
    ///
    /// - Parameters:
    ///   - page: where it goes.
    ///   - place: labels that say which edge counted it.
    ///   - viewer: who looks; an edge's own address shows all.
    package func write(to page: inout Exposition, from place: [Exposition.Label], for viewer: MetricViewer = .all) {
        let seen = apps.filter { viewer.sees($0.key) }.sorted { $0.key < $1.key }
        let rows = seen.map { name, app in (labels: Exposition.Labels([("app", name)] + place), app: app) }
        let workers = seen.flatMap { name, app in
            app.workers.sorted { $0.key < $1.key }.map { machine, worker in
                let labels = Exposition.Labels([("app", name)] + place + [("instance", machine.text)])
                return (labels: labels, worker: worker)
            }
        }
        Self.answers(&page, Metric.edgeResponses, Metric.edgeResponseTime, rows.map { ($0.labels, $0.app.answers) })
        Self.numbers(&page, rows.map { ($0.labels, $0.app) }, Self.ofApps)
        Self.answers(&page, Metric.appResponses, Metric.appResponseTime, workers.map { ($0.labels, $0.worker.answers) })
        for row in workers where row.worker.connectTimes.total > 0 {
            page.family(Metric.appConnectTime)
            page.sample(row.labels, row.worker.connectTimes)
        }
        Self.numbers(&page, workers.map { ($0.labels, $0.worker) }, Self.ofWorkers)
        if viewer.seesHost { write(common, to: &page, Exposition.Labels(place)) }
    }

    // MARK: - Private

    private static let ofApps: [(metric: Metric, value: @Sendable (App) -> Double)] = [
        (.edgeDataIn, { Double($0.bytesIn) }), (.edgeDataOut, { Double($0.bytesOut) }),
        (.edgeConnects, { Double($0.connects) }), (.edgeDisconnects, { Double($0.disconnects) }),
        (.edgeRateLimited, { Double($0.rateLimited) }), (.edgeHeld, { Double($0.tally.held) }),
        (.edgeHeldSeconds, { Double($0.tally.heldMilliseconds) / 1000 }), (.edgeFailed, { Double($0.tally.failed) }),
        (.edgeQueue, { Double($0.waiting) }),
    ]

    private static let ofWorkers: [(metric: Metric, value: @Sendable (Worker) -> Double)] = [
        (.appConnects, { Double($0.connects) }), (.appDisconnects, { Double($0.disconnects) }),
        (.appConcurrency, { Double($0.open) }),
    ]

    private static func answers(
        _ page: inout Exposition,
        _ count: Metric,
        _ time: Metric,
        _ rows: [(labels: Exposition.Labels, answers: [Int: TimeBuckets])]
    ) {
        let all = rows.flatMap { row in
            row.answers.sorted { $0.key < $1.key }.map { (row.labels.with("status", "\($0.key)"), $0.value) }
        }
        for (labels, times) in all { page.sample(count, labels, Double(times.total)) }
        for (labels, times) in all {
            page.family(time)
            page.sample(labels, times)
        }
    }

    private static func numbers<Row>(
        _ page: inout Exposition,
        _ rows: [(labels: Exposition.Labels, row: Row)],
        _ metrics: [(metric: Metric, value: @Sendable (Row) -> Double)]
    ) {
        for (metric, value) in metrics {
            page.family(metric)
            for (labels, row) in rows { page.sample(labels, value(row)) }
        }
    }

    private func write(_ common: Common, to page: inout Exposition, _ labels: Exposition.Labels) {
        page.sample(.edgeHandshakeErrors, labels, Double(common.failedHandshakes))
        page.family(.edgeHandshakeTime)
        page.sample(labels, common.handshakeTimes)
        let numbers: [(metric: Metric, value: Double)] = [
            (.edgeConnections, Double(common.connections)), (.edgeRefused, Double(common.refused)),
            (.edgeHandshakes, Double(common.handshakes)), (.edgeRoutes, Double(common.routes)),
            (.edgeRevision, Double(common.revision)),
        ]
        for number in numbers { page.sample(number.metric, labels, number.value) }
    }
}
