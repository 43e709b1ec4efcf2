package import Model
import Synchronization

/// What a daemon counts of its own work since it began.
///
/// Series are bounded: labels come from fixed words and the names of apps, and apps that are gone are forgotten.
package final class CounterBook: Sendable {
    package init() {}

    /// Counts one more.
    ///
    /// - Parameters:
    ///   - metric: a counter whose labels are an app, region, host and what `more` has.
    ///   - app: nil for what is the host's.
    ///   - more: the values of the other labels, in their order.
    ///   - amount: how many.
    package func add(_ metric: Metric, app: String?, _ more: String..., amount: Double = 1) {
        let key = Key(metric: metric, app: app, more: more)
        state.withLock { $0.counters[key, default: 0] += amount }
    }

    /// Counts a time.
    package func time(_ metric: Metric, app: String?, _ more: String..., took: Duration) {
        let key = Key(metric: metric, app: app, more: more)
        state.withLock { $0.times[key, default: TimeBuckets()].add(took.seconds) }
    }

    /// Writes what `viewer` sees.
    package func write(to page: inout Exposition, from place: [Exposition.Label], for viewer: MetricViewer) {
        let (counters, times) = state.withLock { ($0.counters, $0.times) }
        for (key, value) in counters.sorted(by: { $0.key < $1.key }) where key.isSeen(by: viewer) {
            page.sample(key.metric, key.labels(place), value)
        }
        for (key, value) in times.sorted(by: { $0.key < $1.key }) where key.isSeen(by: viewer) {
            page.family(key.metric)
            page.sample(key.labels(place), value)
        }
    }

    /// Forgets apps that are no more.
    package func prune(_ isKnown: (String) -> Bool) {
        state.withLock { state in
            state.counters = state.counters.filter { $0.key.app.map(isKnown) ?? true }
            state.times = state.times.filter { $0.key.app.map(isKnown) ?? true }
        }
    }

    // MARK: - Private

    private struct State {
        var counters: [Key: Double] = [:]
        var times: [Key: TimeBuckets] = [:]
    }

    private struct Key: Hashable, Comparable {
        var metric: Metric
        var app: String?
        var more: [String]

        func isSeen(by viewer: MetricViewer) -> Bool { app.map(viewer.sees) ?? viewer.seesHost }

        func labels(_ place: [Exposition.Label]) -> Exposition.Labels {
            let names = metric.labels.filter { !Metric.placeLabels.contains($0) }
            let rest = zip(names, more).map { (name: $0, value: $1) }
            return Exposition.Labels((app.map { [("app", $0)] } ?? []) + place + rest)
        }

        static func < (left: Key, right: Key) -> Bool {
            if left.metric != right.metric { return left.metric.name < right.metric.name }
            if left.app != right.app { return left.app ?? "" < right.app ?? "" }
            return left.more.lexicographicallyPrecedes(right.more)
        }
    }

    private let state = Mutex(State())
}
