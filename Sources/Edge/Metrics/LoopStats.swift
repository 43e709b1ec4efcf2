import Model
import NIOCore

/// What one event loop counts: nobody else writes it, so counting costs an addition.
final class LoopStats {
    /// Of one app.
    final class OfApp {
        var counts = EdgeCounts.App()

        /// A Machine of the app has answered; in place, so that it costs an addition.
        func answered(_ status: Int, of machine: Machine.ID, after time: TimeAmount) {
            counts.workers[machine, default: EdgeCounts.Worker()].answered(status, after: time.inSeconds)
        }

        /// A connection to a Machine of the app was opened.
        func connected(to machine: Machine.ID, after time: TimeAmount) {
            counts.workers[machine, default: EdgeCounts.Worker()].connectTimes.add(time.inSeconds)
        }
    }

    /// Of TLS and of what no app has.
    var common = EdgeCounts.Common()

    /// What is counted for an app; kept by connections, so that it is looked for once.
    func of(_ app: String) -> OfApp {
        if let stats = apps[app] { return stats }
        let stats = OfApp()
        apps[app] = stats
        return stats
    }

    /// All that was counted so far.
    var counts: EdgeCounts {
        var counts = EdgeCounts()
        counts.apps = apps.mapValues(\.counts)
        counts.common = common
        return counts
    }

    /// Forgets apps and Machines that are no more.
    func prune(_ index: RouteIndex) {
        apps = apps.filter { index.hasApp($0.key) }
        for app in apps.values {
            for machine in app.counts.workers.keys where index.place(of: machine) == nil {
                app.counts.workers[machine] = nil
            }
        }
    }

    // MARK: - Private

    private var apps: [String: OfApp] = [:]
}

extension TimeAmount {
    /// As Prometheus counts.
    var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
