/// A release that needs no build, made of what is known already: `POST /v1/apps/{app}/releases`.
package struct ReleaseOrder: Equatable, Sendable {
    package var kind: Kind
    /// `user@host`.
    package var user: String
    /// For a rollback: the release to go back to; nil is the one before.
    package var version: Int?
    /// For a change of counts: Machines by group.
    package var counts: [String: Int]?
    /// For a change of counts: where new Machines are made, spread evenly; nil: as before.
    package var regions: [String]?
    /// The most Machines of a group in each of those.
    package var maxPerRegion: Int?
    /// For a change of sizes: by group.
    package var sizes: [String: MachineConfig.Guest]?
    /// Ends without a new release when nothing would be different.
    package var onlyIfChanged: Bool?
    /// For a Machine that is not well: which, and why.
    package var machine: Machine.ID?
    package var cause: String?

    package init(_ kind: Kind, user: String) {
        self.kind = kind
        self.user = user
    }

    /// What changes.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The same again, with the secrets that are set now.
        case restart
        /// Image, configuration, secrets, sizes and counts of an earlier release.
        case rollback
        /// More Machines of a group, or fewer; those that stay are left alone.
        case count
        /// Machines of another size.
        case size
        /// A new Machine in the place of one that is not well; no new release.
        case heal
    }
}

extension ReleaseOrder {
    /// What becomes of an order: the release to write, and how its Machines come to it.
    package struct Plan: Equatable, Sendable {
        /// Without a version of its own yet: it has that of the release it is made from.
        package var release: Release
        /// How many Machines a group shall have; one that is not named keeps what it has.
        package var counts: [String: Int]
        /// Whether Machines that stay get it as well.
        package var updates: Bool
        /// What is in service is just that: nothing needs to be done.
        package var isInService: Bool
        /// Where those go first that are too many; empty: anywhere.
        package var regions: Set<String> = []
        /// The one Machine that gets a successor; the release stays what it is.
        package var healed: Machine.ID?
        /// The release was good before, so that many Machines at a time may come to it.
        package var isProven = false

        /// How the app's Machines come to it; none where nothing needs to be done.
        ///
        /// - Parameters:
        ///   - machines: those that deploys manage.
        ///   - isTight: the host has no room for the successors of several Machines at a time.
        ///   - newID: gives the IDs of Machines that do not exist yet.
        /// - Returns: steps to be carried out one by one, in this order.
        package func steps(
            have machines: [Machine],
            isTight: Bool = false,
            newID: () -> Machine.ID
        ) -> [Rollout.Step] {
            if let healed { return RolloutPlanner.heal(healed, want: release.config, have: machines, newID: newID) }
            guard !isInService else { return [] }
            var change = RolloutPlanner.CountChange(counts: counts, updates: updates, regions: regions)
            if isProven, !isTight { change.atOnce = DeployOptions.usualConcurrency }
            return RolloutPlanner.replan(want: release.config, have: machines, change, newID: newID)
        }
    }

    /// What the order means for an app.
    ///
    /// - Parameters:
    ///   - releases: all that are kept, in any order.
    ///   - current: the version in service.
    ///   - secrets: the newest version of the app's secrets.
    ///   - machines: those that deploys manage.
    /// - Returns: what to write, and whether anything has to be done at all.
    /// - Throws: ``Fault`` `invalidState` when there is no such release, `invalidRequest` for groups and numbers that can't be.
    package func plan(
        releases: [Release],
        current: Int?,
        secrets: Int,
        machines: [Machine]
    ) throws(Fault) -> Plan {
        guard let now = releases.first(where: { $0.version == current }) else {
            throw Fault(.invalidState, "there is no release yet", hint: "deploy the app first: roost deploy FOLDER")
        }
        let present = Dictionary(grouping: machines, by: \.group).mapValues(\.count)
        var plan = Plan(release: now, counts: [:], updates: true, isInService: false)
        switch kind {
        case .restart:
            plan.release.secrets = secrets
            plan.release.reason = now.secrets == secrets ? "restart" : "secrets"
            plan.isInService =
                onlyIfChanged == true && now.secrets == secrets && machines.allSatisfy { $0.secretsVersion == secrets }
        case .rollback:
            let target = try target(releases, now)
            plan.release = target
            plan.release.secrets = target.secrets ?? secrets
            plan.release.reason = "rollback to v\(target.version)"
            plan.isProven = target.status == .complete
            plan.counts = (target.counts ?? [:]).filter { target.config.groups.contains($0.key) }
            plan.isInService =
                target.version == now.version && machines.allSatisfy { $0.spec.release == now.version }
                && plan.counts.allSatisfy { present[$0.key] == $0.value }
        case .count:
            plan.counts = try wantedCounts(now.config, machines)
            plan.updates = false
            plan.regions = Set(regions ?? [])
            plan.release.regions = try wantedRegions(now.regions, counts ?? [:])
            plan.release.reason = Self.words("scale", plan.counts.mapValues { "\($0)" })
            plan.isInService = plan.counts.allSatisfy { present[$0.key] == $0.value }
        case .heal:
            guard let machine, let present = machines.first(where: { $0.id == machine }) else {
                throw Fault(.machineNotFound, "machine not found: \(machine?.text ?? "none was named")")
            }
            plan.release = releases.first { $0.version == present.spec.release } ?? now
            plan.healed = machine
        case .size:
            let wanted = try wantedSizes(now.config)
            plan.release.sizes = (now.sizes ?? [:]).merging(wanted) { $1 }
            plan.release.reason = Self.words("scale", wanted.mapValues { "\($0.name)" })
            plan.isInService = now.sizes == plan.release.sizes
        }
        return plan
    }

    // MARK: - Private

    /// The release to go back to: the one named; else the one in service when a newer one failed; else the one before.
    private func target(_ releases: [Release], _ now: Release) throws(Fault) -> Release {
        if let version {
            guard let found = releases.first(where: { $0.version == version }) else {
                throw Fault(
                    .invalidState,
                    "there is no release v\(version)",
                    hint: "those that can be returned to: roost releases list -a \(now.app)"
                )
            }
            return found
        }
        if let newest = releases.max(by: { $0.version < $1.version }), newest.version > now.version { return now }
        let earlier = releases.filter { $0.version < now.version && $0.status == .complete }
        guard let before = earlier.max(by: { $0.version < $1.version }) else {
            throw Fault(
                .invalidState,
                "there is no release before v\(now.version) to go back to",
                hint: "those that are kept: roost releases list -a \(now.app)"
            )
        }
        return before
    }

    /// How many there shall be in all: a count with regions is one of the Machines there, those elsewhere are left alone.
    private func wantedCounts(_ config: AppConfig, _ machines: [Machine]) throws(Fault) -> [String: Int] {
        guard var counts, !counts.isEmpty else { throw Fault(.invalidRequest, "no group and no count was named") }
        if let regions, !regions.isEmpty {
            for group in counts.keys {
                counts[group, default: 0] += machines.count { $0.group == group && !regions.contains($0.region) }
            }
        }
        for (group, count) in counts {
            try Self.check(group, config)
            guard (0...Self.mostMachines).contains(count) else {
                throw Fault(.invalidRequest, "a group can have 0 to \(Self.mostMachines) Machines, not \(count)")
            }
            if let most = config.deploy.maxMachines, count > most {
                throw Fault(
                    .invalidRequest,
                    "group \(group) may have \(most) Machines: max_machines of [deploy] says so",
                    hint: "raise it in fly.toml and deploy that, if the app can run more than once"
                )
            }
        }
        return counts
    }

    /// Where Machines of each group are made from now on.
    private func wantedRegions(
        _ before: [String: [String]]?,
        _ counts: [String: Int]
    ) throws(Fault) -> [String: [String]]? {
        guard let regions, !regions.isEmpty else { return before }
        if let most = maxPerRegion, let (group, count) = counts.first(where: { $0.value > most * regions.count }) {
            throw Fault(
                .invalidRequest,
                "\(count) Machines of group \(group) don't fit into \(regions.count) regions with at most \(most) in each",
                hint: "name more regions, or raise --max-per-region"
            )
        }
        return (before ?? [:]).merging(counts.mapValues { _ in regions }) { $1 }
    }

    private func wantedSizes(_ config: AppConfig) throws(Fault) -> [String: MachineConfig.Guest] {
        guard let sizes, !sizes.isEmpty else { throw Fault(.invalidRequest, "no group and no size was named") }
        for (group, size) in sizes {
            try Self.check(group, config)
            if let objection = GuestSize.objection(to: size) { throw Fault(.invalidRequest, objection) }
        }
        return sizes
    }

    private static func check(_ group: String, _ config: AppConfig) throws(Fault) {
        guard config.groups.contains(group) else {
            throw Fault(
                .invalidRequest,
                "there is no process group \(ConfigNode.quoted(group))",
                hint: "there is: \(config.groups.joined(separator: ", "))"
            )
        }
    }

    private static func words(_ verb: String, _ values: [String: String]) -> String {
        ([verb] + values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }

    private static let mostMachines = 1000
}

extension MachineConfig.Guest {
    /// `shared, 1 CPU, 256 MB`.
    package var name: String { "\(cpuKind.rawValue), \(cpus) CPU, \(memoryMiB) MB" }
}

extension Release {
    /// Where the next Machine of a group is made: in the region that has the fewest of them.
    ///
    /// - Parameters:
    ///   - group: its process group.
    ///   - present: the regions of those that there are.
    /// - Returns: nil where nobody has named regions.
    package func region(for group: String, present: [String]) -> String? {
        let wanted = regions?[group] ?? []
        return wanted.min { left, right in present.count { $0 == left } < present.count { $0 == right } }
    }
}
