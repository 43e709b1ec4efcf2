/// That a rule of ``AlertRule`` holds at the moment, and for what.
package struct AlertFact: Equatable, Sendable {
    /// The rule's name.
    package var rule: String
    /// What it holds for: an app, a Machine, a volume, the host.
    package var labels: [String: String]
    package var value: Double

    package init(_ rule: String, _ labels: [String: String], _ value: Double) {
        (self.rule, self.labels, self.value) = (rule, labels, value)
    }
}

/// Says which rules hold, as the expressions of the rules say it to Prometheus.
package struct AlertEvaluation: Sendable {
    private let reading: AlertReading
    private let history: AlertHistory
    /// The share of requests that are to go well.
    private let slo: Double

    /// Rules that are looked at here; the others want a Prometheus.
    package static let rules: Set<String> = [
        "ErrorBudgetBurn", "OutOfMemory", "CrashLoop", "NothingHealthy", "MemoryNearLimit", "VolumeFillsUp",
        "DeployFailed",
        "DiskFillsUp", "CertificateExpires", "RenewalFails", "BackupOld",
    ]

    /// - Parameters:
    ///   - reading: the numbers now.
    ///   - history: what was counted until now, this reading included.
    ///   - slo: the share of requests that are to go well, 0 to 1.
    package init(_ reading: AlertReading, _ history: AlertHistory, slo: Double) {
        (self.reading, self.history, self.slo) = (reading, history, slo)
    }

    /// All that holds; in no order.
    package var facts: [AlertFact] {
        errors + counted + nothingHealthy + memory + volumes + disks + certificates + backups
    }

    // MARK: - Private

    private static let minute: Int64 = 60
    private static let hour: Int64 = 3600

    private var errors: [AlertFact] {
        let enough = history.increase(.requests, within: Self.hour).filter { $0.value > 100 }
        let (long, short) = (share(within: Self.hour), share(within: 5 * Self.minute))
        let (longer, shorter) = (share(within: 6 * Self.hour), share(within: 30 * Self.minute))
        let budget = 1 - slo
        return enough.keys.compactMap { app in
            func burns(_ shares: [String: Double], _ factor: Double) -> Bool { (shares[app] ?? 0) > factor * budget }
            let fast = burns(long, 14.4) && burns(short, 14.4)
            guard fast || burns(longer, 6) && burns(shorter, 6) else { return nil }
            return AlertFact("ErrorBudgetBurn", ["app": app], (fast ? long : longer)[app] ?? 0)
        }
    }

    private func share(within seconds: Int64) -> [String: Double] {
        let all = history.increase(.requests, within: seconds)
        let failed = history.increase(.failedRequests, within: seconds)
        return failed.reduce(into: [:]) { shares, entry in
            if let total = all[entry.key], total > 0 { shares[entry.key] = entry.value / total }
        }
    }

    private var counted: [AlertFact] {
        let rules: [(rule: String, count: AlertCount, seconds: Int64, more: Double)] = [
            ("OutOfMemory", .outOfMemory, 15 * Self.minute, 0), ("CrashLoop", .restarts, 15 * Self.minute, 3),
            ("DeployFailed", .failedDeploys, 15 * Self.minute, 0), ("RenewalFails", .failedRenewals, 24 * Self.hour, 2),
        ]
        return rules.flatMap { rule in
            history.increase(rule.count, within: rule.seconds).filter { $0.value > rule.more }
                .map { AlertFact(rule.rule, ["app": $0.key], $0.value) }
        }
    }

    private var nothingHealthy: [AlertFact] {
        var sums: [String: (wanted: Double, healthy: Double)] = [:]
        for one in reading.of(.appMachines) {
            guard let app = one.labels["app"] else { continue }
            if one.labels["state"] == "wanted" { sums[app, default: (0, 0)].wanted += one.value }
            if one.labels["state"] == "healthy" { sums[app, default: (0, 0)].healthy += one.value }
        }
        return sums.filter { $0.value.wanted > 0 && $0.value.healthy == 0 }
            .map { AlertFact("NothingHealthy", ["app": $0.key], $0.value.wanted) }
    }

    private var memory: [AlertFact] {
        let totals = reading.series["fly_instance_memory_mem_total"] ?? []
        let free = (reading.series["fly_instance_memory_mem_available"] ?? []).reduce(into: [String: Double]()) {
            if let machine = $1.labels["instance"] { $0[machine] = $1.value }
        }
        return totals.compactMap { total in
            guard let machine = total.labels["instance"], let left = free[machine], total.value > 0 else { return nil }
            let used = 1 - left / total.value
            guard used > 0.92 else { return nil }
            return AlertFact("MemoryNearLimit", ["app": total.labels["app"] ?? "", "instance": machine], used)
        }
    }

    private var volumes: [AlertFact] {
        reading.of(.volumeUsed).filter { $0.value > 90 }.map {
            AlertFact("VolumeFillsUp", ["app": $0.labels["app"] ?? "", "id": $0.labels["id"] ?? ""], $0.value)
        }
    }

    /// As the exported rule; the folder of sockets is in memory, and no disk.
    private var disks: [AlertFact] {
        func share(_ free: Metric, _ all: Metric) -> Double? {
            func value(_ metric: Metric) -> Double? {
                reading.of(metric).first { $0.labels["purpose"] == "state" }?.value
            }
            guard let left = value(free), let total = value(all), total > 0 else { return nil }
            return left / total
        }
        let bytes = share(.hostBytesFree, .hostBytes).map { $0 < 0.1 ? $0 : 1 } ?? 1
        let files = share(.hostFilesFree, .hostFiles).map { $0 < 0.05 ? $0 : 1 } ?? 1
        guard min(bytes, files) < 1 else { return [] }
        let host = reading.of(.hostBytes).first?.labels["host"] ?? ""
        return [AlertFact("DiskFillsUp", ["host": host], min(bytes, files))]
    }

    private var backups: [AlertFact] {
        guard let good = reading.of(.backupGood).first, let pace = reading.of(.backupPace).first?.value, pace > 0 else {
            return []
        }
        let age = Double(reading.at.milliseconds) / 1000 - good.value
        guard age > pace + 2 * Double(Self.hour) else { return [] }
        return [AlertFact("BackupOld", ["host": good.labels["host"] ?? ""], age)]
    }

    private var certificates: [AlertFact] {
        reading.of(.certificateEnd).compactMap { one in
            let left = one.value - Double(reading.at.milliseconds) / 1000
            guard left < 14 * 86_400 else { return nil }
            return AlertFact(
                "CertificateExpires",
                ["app": one.labels["app"] ?? "", "name": one.labels["name"] ?? ""],
                left
            )
        }
    }
}
