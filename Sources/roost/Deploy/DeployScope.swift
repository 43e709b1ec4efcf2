import ArgumentParser
import Model

/// Flags of a deploy that say which Machines it changes and how it goes about it.
struct DeployScope: ParsableArguments {
    @Option(
        name: [.customLong("only-regions"), .customLong("regions")],
        help: "Change only Machines in these: fra,ams."
    )
    var onlyRegions: [String] = []
    @Option(help: "Leave Machines in these regions alone.") var excludeRegions: [String] = []
    @Option(help: "Change only these Machines, by their IDs.") var onlyMachines: [String] = []
    @Option(help: "Leave these Machines alone.") var excludeMachines: [String] = []
    @Option(help: "Change only these process groups.") var processGroups: [String] = []
    @Flag(help: "Make no Machines for groups that have none.") var updateOnly = false
    @Flag(help: "Leave release_command out.") var skipReleaseCommand = false
    @Option(help: "How many Machines immediate and bluegreen work on at a time (8).") var maxConcurrent: Int?
    @Flag(help: "Build every step anew.") var noCache = false
    @Flag(help: "Build the image, and change nothing that runs.") var buildOnly = false
    @Option(help: "Ask for this path all the while, so that what clients would meet is measured without any.")
    var probe: String?
    @Flag(help: "Refuse a deploy in which requests would have to wait.") var requireZeroDowntime = false
    @Option(help: "Wait so long for another deploy of the app to end: 60 (seconds), 5m.") var lockWait: WaitTimeout?
    @Flag(help: "Deploy although a migration breaks the release that still runs.") var allowBreakingMigration = false

    /// What the server is told.
    func options(highAvailability: Bool) throws -> DeployOptions {
        var options = DeployOptions()
        options.highAvailability = highAvailability
        options.regions = Self.list(onlyRegions)
        options.excludedRegions = Self.list(excludeRegions)
        options.machines = try Self.machines(onlyMachines, "--only-machines")
        options.excludedMachines = try Self.machines(excludeMachines, "--exclude-machines")
        options.groups = Self.list(processGroups)
        if let maxConcurrent {
            guard maxConcurrent > 0 else {
                throw UsageError(message: "--max-concurrent expects a number above 0", hint: "for example: 4")
            }
            options.maxConcurrent = maxConcurrent
        }
        if let probe {
            guard HTTPText.isTarget(probe) else {
                throw UsageError(message: "--probe expects a path", hint: "for example: --probe /health")
            }
            options.probe = probe
        }
        options.updateOnly = updateOnly ? true : nil
        options.skipsReleaseCommand = skipReleaseCommand ? true : nil
        options.noCache = noCache ? true : nil
        options.buildOnly = buildOnly ? true : nil
        options.refusesPause = requireZeroDowntime ? true : nil
        return options
    }

    // MARK: - Private

    /// Given more than once, or with commas; nil when not at all.
    private static func list(_ words: [String]) -> [String]? {
        let all = words.flatMap { $0.split(separator: ",").map(String.init) }
        return all.isEmpty ? nil : all
    }

    private static func machines(_ words: [String], _ flag: String) throws -> [Machine.ID]? {
        try list(words)?.map { text in
            guard let id = Machine.ID(text) else {
                throw UsageError(
                    message: "\(flag) expects IDs of Machines, found \(ConfigNode.quoted(text))",
                    hint: "those there are: roost machine list"
                )
            }
            return id
        }
    }
}
