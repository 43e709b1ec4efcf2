import Model

/// What apps, or an app's Machines, do at the moment: two looks at the page of numbers, some seconds apart.
package struct TrafficSummary: Sendable {
    /// One line of the table.
    package struct Row: Equatable, Sendable {
        /// The app's name, or the Machine's ID.
        package var name: String
        /// A second.
        package var requests = 0.0
        /// Of them, those with a status from 500 up, 0 to 1; nil without requests.
        package var errors: Double?
        /// Seconds; nil without requests.
        package var median: Double?
        package var p99: Double?
        /// Cores in use.
        package var cores = 0.0
        /// What programs really need, in bytes, and what they may have.
        package var memory: Double?
        package var memoryLimit: Double?
        /// Since the daemon began.
        package var restarts = 0
        /// How many run.
        package var machines = 0
    }

    private let before: ScrapedPage
    private let after: ScrapedPage
    private let seconds: Double

    package init(before: ScrapedPage, after: ScrapedPage, seconds: Double) {
        self.before = before
        self.after = after
        self.seconds = max(seconds, 0.001)
    }

    /// A line for each app, by what its clients saw at the edge.
    package var apps: [Row] {
        rows("app", nil, .edgeResponses, .edgeResponseTime)
    }

    /// A line for each Machine of an app, by what the Machine answered.
    package func machines(of app: String) -> [Row] {
        rows("instance", app, .appResponses, .appResponseTime)
    }

    // MARK: - Private

    /// Values by the label that names lines, what was in between for counters.
    private typealias Values = [String: Double]

    private func rows(_ key: String, _ app: String?, _ count: Metric, _ time: Metric) -> [Row] {
        let requests = change(count, key, app)
        let failed = change(count, key, app) { $0["status"].map { $0.hasPrefix("5") } ?? false }
        let busy = change(.processorTime, key, app)
        let running = sum(after, .instanceUp, key, app)
        let total = sum(after, "fly_instance_memory_mem_total", key, app)
        let free = sum(after, "fly_instance_memory_mem_available", key, app)
        let restarts = app == nil ? sum(after, .restarts, key, app) : [:]
        let known = app == nil ? sum(after, .machines, key, app) : [:]
        let buckets = buckets(time, key, app)
        let names = Set(requests.keys).union(running.keys).union(known.keys).sorted()
        return names.map { name in
            var row = Row(name: name)
            let number = requests[name] ?? 0
            row.requests = number / seconds
            if number > 0 {
                row.errors = (failed[name] ?? 0) / number
                row.median = Self.quantile(0.5, buckets[name] ?? [])
                row.p99 = Self.quantile(0.99, buckets[name] ?? [])
            }
            row.cores = (busy[name] ?? 0) / 100 / seconds
            row.memoryLimit = total[name]
            row.memory = total[name].flatMap { total in free[name].map { total - $0 } }
            row.restarts = Int(restarts[name] ?? 0)
            row.machines = Int(running[name] ?? 0)
            return row
        }
    }

    private func change(
        _ metric: Metric,
        _ key: String,
        _ app: String?,
        where matches: ([String: String]) -> Bool = { _ in true }
    ) -> Values {
        // Series by series: one that began anew in between counts from zero.
        let old = series(before, metric.name, app)
        var sums: Values = [:]
        for (labels, value) in series(after, metric.name, app) where matches(labels) {
            guard let name = labels[key] else { continue }
            let first = old[labels] ?? 0
            sums[name, default: 0] += value >= first ? value - first : value
        }
        return sums
    }

    private func sum(_ page: ScrapedPage, _ metric: Metric, _ key: String, _ app: String?) -> Values {
        sum(page, metric.name, key, app)
    }

    private func sum(_ page: ScrapedPage, _ name: String, _ key: String, _ app: String?) -> Values {
        series(page, name, app).reduce(into: [:]) { sums, one in
            if let name = one.key[key] { sums[name, default: 0] += one.value }
        }
    }

    /// The requests of each bucket and all below it, by the bucket's end.
    private func buckets(_ metric: Metric, _ key: String, _ app: String?) -> [String: [(end: Double, count: Double)]] {
        let old = series(before, "\(metric.name)_bucket", app)
        var sums: [String: [Double: Double]] = [:]
        for (labels, value) in series(after, "\(metric.name)_bucket", app) {
            guard let name = labels[key], let end = labels["le"].flatMap({ Double($0) }) else { continue }
            let first = old[labels] ?? 0
            sums[name, default: [:]][end, default: 0] += value >= first ? value - first : value
        }
        return sums.mapValues { ends in ends.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    private func series(_ page: ScrapedPage, _ name: String, _ app: String?) -> [[String: String]: Double] {
        var all: [[String: String]: Double] = [:]
        for family in page.families where name.hasPrefix(family.name) {
            for sample in family.samples where sample.name == name {
                let labels = Dictionary(sample.labels.map { ($0.name, $0.value) }) { first, _ in first }
                guard app == nil || labels["app"] == app, let value = Double(sample.value) else { continue }
                all[labels] = value
            }
        }
        return all
    }

    /// As Prometheus reckons it: within a bucket times are taken to be spread evenly.
    static func quantile(_ share: Double, _ buckets: [(end: Double, count: Double)]) -> Double? {
        guard let all = buckets.last?.count, all > 0 else { return nil }
        let rank = share * all
        var (start, below) = (0.0, 0.0)
        for bucket in buckets {
            if bucket.count >= rank {
                guard bucket.end.isFinite else { return start }
                let inside = bucket.count - below
                return inside > 0 ? start + (bucket.end - start) * (rank - below) / inside : bucket.end
            }
            (start, below) = (bucket.end, bucket.count)
        }
        return start
    }
}
