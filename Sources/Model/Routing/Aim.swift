/// Which Machines of an app a request is for, when somebody has said so.
package struct Aim: Equatable, Sendable {
    /// Codes or groups of regions, the best first.
    package var regions: [String]
    /// None but those.
    package var isStrict: Bool
    /// None but this one.
    package var instance: String?
    /// This one, if it takes the request now.
    package var preferred: String?
    /// Not these.
    package var avoided: Set<Machine.ID>

    package init(
        regions: [String] = [],
        isStrict: Bool = false,
        instance: String? = nil,
        preferred: String? = nil,
        avoided: Set<Machine.ID> = []
    ) {
        self.regions = regions
        self.isStrict = isStrict
        self.instance = instance
        self.preferred = preferred
        self.avoided = avoided
    }

    /// Anybody will do.
    package var isOpen: Bool { self == Aim() }

    /// Groups of Machines, by their place in the route, to be asked one after the other until one takes the request.
    ///
    /// Empty when none fits.
    package func stages(_ route: Route) -> [[Int]] {
        let all = route.machines.indices.filter { place in
            let target = route.machines[place]
            return !avoided.contains(target.machine) && (instance == nil || target.machine.text == instance)
        }
        var stages = regions.map { name in all.filter { Self.region(route.machines[$0].region, isIn: name) } }
        if !isStrict || regions.isEmpty { stages.append(all) }
        if let preferred {
            let allowed = isStrict && !regions.isEmpty ? stages.flatMap(\.self) : all
            stages.insert(allowed.filter { route.machines[$0].machine.text == preferred }, at: 0)
        }
        return stages.filter { !$0.isEmpty }
    }

    /// Whether anything can come of waiting for one of them.
    package func isHopeful(_ route: Route, excluding excluded: Set<Machine.ID>) -> Bool {
        guard !isOpen else { return Balancer.isHopeful(route, excluding: excluded) }
        var part = route
        part.machines = Set(stages(route).flatMap(\.self)).sorted().map { route.machines[$0] }
        return Balancer.isHopeful(part, excluding: excluded)
    }

    // MARK: - Private

    /// > Source: `proxy-dns`, section 10.2; Fly's list of regions.
    private static let groups: [String: Set<String>] = {
        let states: Set<String> = [
            "atl", "bos", "den", "dfw", "ewr", "iad", "lax", "mia", "ord", "phx", "sea", "sjc",
        ]
        return [
            "us": states, "usa": states, "na": states.union(["gdl", "qro", "yul", "yyz"]),
            "eu": ["ams", "arn", "cdg", "fra", "lhr", "mad", "otp", "waw"], "sa": ["bog", "eze", "gig", "gru", "scl"],
            "apac": ["bom", "hkg", "nrt", "sin", "syd"],
        ]
    }()

    private static func region(_ region: String, isIn name: String) -> Bool {
        name == "any" || name == region || (groups[name]?.contains(region) ?? false)
    }
}
