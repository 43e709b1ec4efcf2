/// The numbers of a host that rules look at, at one moment.
package struct AlertReading: Sendable {
    package var at: Timestamp
    /// By the metric's name.
    package var series: [String: [Series]]

    /// One number with its labels.
    package struct Series: Sendable {
        package var labels: [String: String]
        package var value: Double

        package init(_ labels: [String: String], _ value: Double) {
            (self.labels, self.value) = (labels, value)
        }
    }

    package init(at: Timestamp, series: [String: [Series]] = [:]) {
        (self.at, self.series) = (at, series)
    }

    func of(_ metric: Metric) -> [Series] { series[metric.name] ?? [] }
}

/// What is counted an app for rules that look back in time.
enum AlertCount: CaseIterable, Hashable, Sendable {
    case requests
    case failedRequests
    case outOfMemory
    case restarts
    case failedDeploys
    case failedRenewals

    var metric: Metric {
        switch self {
        case .requests, .failedRequests: .edgeResponses
        case .outOfMemory: .outOfMemory
        case .restarts: .restarts
        case .failedDeploys: .rollouts
        case .failedRenewals: .certificateFailures
        }
    }

    /// Whether a number of the metric counts.
    func takes(_ labels: [String: String]) -> Bool {
        switch self {
        case .failedRequests: labels["status"]?.hasPrefix("5") == true
        case .failedDeploys: ["failed", "rolled_back"].contains(labels["result"])
        case .requests, .outOfMemory, .restarts, .failedRenewals: true
        }
    }
}

/// What apps have counted within the last day.
///
/// It costs a few numbers an app and a look: of the last minutes all looks are kept, of the last hour one in five minutes, of
/// the day one in half an hour.
package struct AlertHistory: Sendable {
    typealias Totals = [AlertCount: [String: Double]]

    private struct Look: Sendable {
        var at: Timestamp
        var totals: Totals
    }

    private var looks: [Look] = []
    /// Sums since this history began, which only grow: counters begin anew with their daemons.
    private var totals: Totals = [:]
    /// The last value of each counter.
    private var last: [AlertCount: [[String: String]: Double]]?

    package init() {}

    /// Takes in what counters say now.
    package mutating func add(_ reading: AlertReading) {
        var now: [AlertCount: [[String: String]: Double]] = [:]
        for count in AlertCount.allCases {
            for one in reading.of(count.metric) where count.takes(one.labels) {
                now[count, default: [:]][one.labels] = one.value
                guard let before = last, let app = one.labels["app"] else { continue }
                let old = before[count]?[one.labels] ?? 0
                let grown = one.value >= old ? one.value - old : one.value
                if grown > 0 { totals[count, default: [:]][app, default: 0] += grown }
            }
        }
        last = now
        looks.append(Look(at: reading.at, totals: totals))
        thin(reading.at)
    }

    /// What was counted for each app within the last seconds; from the beginning of the history where that is later.
    func increase(_ count: AlertCount, within seconds: Int64) -> [String: Double] {
        guard let newest = looks.last else { return [:] }
        let start = Timestamp(milliseconds: newest.at.milliseconds - seconds * 1000)
        guard let base = looks.last(where: { $0.at <= start }) ?? looks.first else { return [:] }
        let before = base.totals[count] ?? [:]
        return (newest.totals[count] ?? [:]).reduce(into: [:]) { grown, entry in
            let more = entry.value - (before[entry.key] ?? 0)
            if more > 0 { grown[entry.key] = more }
        }
    }

    /// How many looks are kept.
    var count: Int { looks.count }

    // MARK: - Private

    private mutating func thin(_ now: Timestamp) {
        var kept: [Look] = []
        for look in looks {
            let age = (now.milliseconds - look.at.milliseconds) / 1000
            let step: Int64 = age <= 360 ? 0 : age <= 3900 ? 300_000 : 1_800_000
            guard age <= 90_000 else { continue }
            if step > 0, let before = kept.last, look.at.milliseconds / step == before.at.milliseconds / step {
                continue
            }
            kept.append(look)
        }
        looks = kept
    }
}
