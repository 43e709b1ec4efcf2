/// Decides which idle Machines go to sleep.
package enum AutostopPlanner {
    /// A started Machine, as one pass sees it.
    package struct Candidate: Equatable, Sendable {
        package var id: Machine.ID
        package var region: String
        package var service: MachineConfig.Service
        package var primaryRegion: String?
        /// Requests under way.
        package var load: Int
        /// Since it last had a request, or was started.
        package var idle: Duration

        package init(
            id: Machine.ID,
            region: String,
            service: MachineConfig.Service,
            primaryRegion: String?,
            load: Int,
            idle: Duration
        ) {
            self.id = id
            self.region = region
            self.service = service
            self.primaryRegion = primaryRegion
            self.load = load
            self.idle = idle
        }
    }

    /// At most one Machine a region, the one that was idle longest.
    ///
    /// A region keeps one Machine more than are above their soft limit, and the primary region its
    /// `min_machines_running`. One that has a request, a WebSocket or a stream is never chosen.
    ///
    /// - Parameters:
    ///   - machines: the started ones of one app.
    ///   - patience: how long a Machine has to be idle.
    /// - Returns: the Machines that go to sleep now, in the order of their regions' names.
    ///
    /// > Source: `proxy-dns`, section 8.
    package static func plan(_ machines: [Candidate], patience: Duration) -> [Candidate] {
        Dictionary(grouping: machines, by: \.region).sorted { $0.key < $1.key }.compactMap { region, own in
            let busy = own.count { $0.load >= $0.service.concurrency.softLimit }
            let excess = own.count == 1 ? 1 : own.count - (busy + 1)
            let floor = own.map { $0.primaryRegion == region ? $0.service.minMachinesRunning : 0 }.max() ?? 0
            guard excess >= 1, own.count > floor else { return nil }
            return own.filter { $0.service.autostop != .off && $0.load == 0 && $0.idle >= patience }
                .max { ($0.idle, $1.id) < ($1.idle, $0.id) }
        }
    }
}
