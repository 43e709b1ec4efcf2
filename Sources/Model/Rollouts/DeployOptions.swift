/// What one deploy's command line says beyond the configuration: which Machines, how many at a time, how it is watched.
package struct DeployOptions: Equatable, Sendable {
    /// Two Machines for a new group with services and no volume, as Fly's `--ha` does.
    package var highAvailability = true
    /// The app has never had a release; the host knows it, nobody tells it.
    package var isFirst = false
    /// Only Machines in these regions; nil is all, here and below.
    package var regions: [String]?
    package var excludedRegions: [String]?
    package var machines: [Machine.ID]?
    package var excludedMachines: [Machine.ID]?
    /// Only these process groups.
    package var groups: [String]?
    /// Makes no Machines for groups that have none.
    package var updateOnly: Bool?
    package var skipsReleaseCommand: Bool?
    /// The most Machines that `immediate` and `bluegreen` work on at a time; nil is 8.
    package var maxConcurrent: Int?
    /// Builds every step anew.
    package var noCache: Bool?
    /// Builds, and changes nothing that runs.
    package var buildOnly: Bool?
    /// A path that is asked for all the while, so that there is something to measure.
    package var probe: String?
    /// Refuses a deploy in which requests would have to wait.
    package var refusesPause: Bool?

    package init() {}

    /// How many Machines are worked on at a time where nothing is said.
    package static let usualConcurrency = 8
}

extension DeployOptions: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("regions", &regions)
        try form.field("excludedRegions", &excludedRegions)
        try form.field("machines", &machines)
        try form.field("excludedMachines", &excludedMachines)
        try form.field("groups", &groups)
        try form.field("updateOnly", &updateOnly)
        try form.field("skipsReleaseCommand", &skipsReleaseCommand)
        try form.field("maxConcurrent", &maxConcurrent)
        try form.field("noCache", &noCache)
        try form.field("buildOnly", &buildOnly)
        try form.field("probe", &probe)
        try form.field("refusesPause", &refusesPause)
    }
}

extension DeployOptions {
    /// Whether the deploy may change that Machine.
    package func includes(_ machine: Machine) -> Bool {
        (regions?.contains(machine.region) ?? true) && !(excludedRegions?.contains(machine.region) ?? false)
            && (machines?.contains(machine.id) ?? true) && !(excludedMachines?.contains(machine.id) ?? false)
            && (groups?.contains(machine.group) ?? true)
    }

    /// The Machines that the deploy works on.
    ///
    /// - Parameters:
    ///   - all: those of the app that deploys manage.
    ///   - config: the new configuration.
    /// - Returns: some of them, in their order.
    /// - Throws: ``Fault`` `invalidRequest` naming a group, a Machine or a region that is not there.
    package func choose(_ all: [Machine], _ config: AppConfig) throws(Fault) -> [Machine] {
        if let group = groups?.first(where: { !config.groups.contains($0) }) {
            throw Fault(
                .invalidRequest,
                "there is no process group \(ConfigNode.quoted(group))",
                hint: "there is: \(config.groups.joined(separator: ", "))"
            )
        }
        let named = (machines ?? []) + (excludedMachines ?? [])
        if let id = named.first(where: { id in !all.contains { $0.id == id } }) {
            throw Fault(
                .invalidRequest,
                "the app has no Machine \(id) that a deploy manages",
                hint: "those there are: roost machine list"
            )
        }
        let chosen = all.filter(includes)
        if chosen.isEmpty, !all.isEmpty, machines != nil || regions != nil {
            throw Fault(
                .invalidRequest,
                "none of the app's \(all.count) Machines is what --only-regions and --only-machines name",
                hint: "where they are: roost machine list"
            )
        }
        return chosen
    }
}
