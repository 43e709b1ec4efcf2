import ArgumentParser
import Model

/// Flags of a deploy that go before the configuration file, and those that scripts give which change nothing here.
struct DeployFlags: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "Deploy this image instead of building: of a registry, or one of `roost releases --image`."
    )
    var image: String?
    @Option(help: "How Machines are replaced: rolling, immediate, canary, bluegreen.") var strategy: AppConfig.Strategy?
    @Option(help: "The share of requests that a canary gets: 5%. Means --strategy canary.") var canaryWeight: Share?
    @Option(help: "How long a canary with a weight is compared with the others: 60 (seconds), 5m.")
    var canaryDuration: WaitTimeout?
    @Option(help: "How many Machines a rolling deploy exchanges at a time: 2, or a share of them: 0.5.")
    var maxUnavailable: Double?
    @Flag(inversion: .prefixedNo, help: "Watch new Machines for a while beyond their checks.") var smokeChecks = true
    @Option(help: "The region of new Machines.") var primaryRegion: String?
    @Option(help: "The stage of the Dockerfile to build.") var buildTarget: String?
    @Option(help: "The file that says what is not uploaded.") var ignorefile: String?
    @Option(help: "How long a new Machine has to pass its checks: 120 (seconds), 5m.") var waitTimeout: WaitTimeout?
    @Option(name: [.short, .long], help: "NAME=VALUE over [env]; may be given more than once.") var env: [String] = []
    @Option(help: "How long the release command may take: 300 (seconds), 10m, none.") var releaseCommandTimeout: String?
    @Option(help: "An argument of the build, NAME=VALUE; may be given more than once.") var buildArg: [String] = []
    @Flag(help: "Print what the deploy would do, and change nothing.") var plan = false
    @Flag(name: [.short, .long], help: "Accepted: a deploy asks nothing that has to be answered.") var yes = false
    @Flag(help: "On an app's first deploy: open to nobody but its own network, as APP.flycast.") var flycast = false
    @Flag(name: .customLong("no-public-ips"), help: "On an app's first deploy: it answers at no address of the host's.")
    var noPublicIPs = false
    @Flag(help: .hidden) var now = false
    @Flag(help: .hidden) var remoteOnly = false
    @Flag(help: .hidden) var localOnly = false

    /// Puts them over what the file says.
    func apply(to config: inout AppConfig) throws {
        if let image {
            config.build = AppConfig.Build()
            // As the Machines name it, and as the store does.
            let digest = image.hasPrefix("\(MachineImageName.local)/") ? Image.digest(in: image) : nil
            config.build.image = digest ?? image
        }
        if let strategy { try choose(strategy, &config) }
        if let waitTimeout { config.deploy.waitTimeout = waitTimeout.duration }
        if let canaryWeight {
            config.deploy.canaryWeight = canaryWeight.percent
            if strategy == nil { try choose(.canary, &config) }
        }
        if let canaryDuration { config.deploy.canaryDuration = canaryDuration.duration }
        if let maxUnavailable {
            guard maxUnavailable > 0, maxUnavailable.isFinite else {
                throw UsageError(
                    message: "--max-unavailable expects a number above 0",
                    hint: "2 is two Machines, 0.25 a quarter of them"
                )
            }
            config.deploy.maxUnavailable = maxUnavailable
        }
        if !smokeChecks { config.deploy.stayUp = GoDuration(.zero) }
        if let primaryRegion { config.primaryRegion = primaryRegion }
        if let buildTarget { config.build.target = buildTarget }
        if let ignorefile { config.build.ignorefile = ignorefile }
        if let releaseCommandTimeout {
            // No limit at all is what Fly means by zero.
            let limit =
                ["none", "0"].contains(releaseCommandTimeout)
                ? GoDuration(.zero) : WaitTimeout(argument: releaseCommandTimeout)?.duration
            guard let limit else {
                throw UsageError(
                    message: "--release-command-timeout expects seconds, a duration or none",
                    hint: "for example: --release-command-timeout 10m"
                )
            }
            config.deploy.releaseCommandTimeout = limit
        }
        for (name, value) in try Self.pairs(env, "--env", "LOG_LEVEL=debug") { config.env[name] = value }
        for (name, value) in try Self.pairs(buildArg, "--build-arg", "VERSION=1.2") { config.build.args[name] = value }
        if remoteOnly || localOnly { Output.warn("Images are built on the server in any case.") }
    }

    // MARK: - Private

    private func choose(_ strategy: AppConfig.Strategy, _ config: inout AppConfig) throws {
        let noVolumes: [AppConfig.Strategy] = [.canary, .bluegreen]
        guard !noVolumes.contains(strategy) || config.mounts.isEmpty else {
            throw UsageError(
                message: "--strategy \(strategy.rawValue) runs Machines beside those that have the volume",
                hint: "a volume belongs to one Machine: use rolling"
            )
        }
        config.deploy.strategy = strategy
    }

    private static func pairs(_ words: [String], _ option: String, _ example: String) throws -> [(String, String)] {
        try words.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, SecretRules.isName(parts[0]) else {
                throw UsageError(message: "\(option) expects NAME=VALUE", hint: "for example: \(option) \(example)")
            }
            return (parts[0], parts[1])
        }
    }
}

extension AppConfig.Strategy: ExpressibleByArgument {}

/// A share of the requests: `5%`.
struct Share: ExpressibleByArgument {
    var percent: Int

    init?(argument: String) {
        guard let percent = AppConfig.Deploy.percent(argument) else { return nil }
        self.percent = percent
    }
}

/// A bare number is seconds, as flyctl has it; else as Go writes durations.
struct WaitTimeout: ExpressibleByArgument {
    var duration: GoDuration

    init?(argument: String) {
        // No limit is none that a deploy could wait for: flyctl takes two minutes then.
        if argument == "none" || argument == "0" {
            Output.warning("no limit is taken as 2 minutes")
            duration = "2m"
            return
        }
        if let seconds = Int(argument), seconds > 0 {
            duration = GoDuration(.seconds(seconds))
            return
        }
        guard let parsed = GoDuration.parse(argument), parsed > .zero else { return nil }
        duration = GoDuration(parsed)
    }
}
