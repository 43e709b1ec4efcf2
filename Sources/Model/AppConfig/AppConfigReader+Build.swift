extension AppConfigReader {
    mutating func readBuild() {
        guard let table = root.table("build") else { return }
        config.build.image = table.string("image", expected: "the name of an image")
        config.build.dockerfile = readDockerfile(table)
        config.build.ignorefile = table.string("ignorefile", expected: "a path relative to this file")
        let oldTarget = table.string("build_target")
        config.build.target = table.string("build-target") ?? oldTarget
        if let args = table.take("args") { config.build.args = table.stringMap(args, coerced: false) }
        readOtherBuilders(table)
        readCompression(table)
        if let compose = table.table("compose") {
            config.build.compose = AppConfig.Build.Compose(file: compose.string("file"))
            compose.close()
            table.hasNoEffect("compose")
        }
        warnOfSeveralWays(table)
        table.close()
    }

    private func warnOfSeveralWays(_ table: ConfigTable) {
        let build = config.build
        let methods = [
            build.image != nil,
            build.builder != nil || !build.buildpacks.isEmpty,
            build.dockerfile != nil || build.target != nil,
            build.builtin != nil,
        ]
        guard methods.count(where: { $0 }) > 1 else { return }
        report.warn(
            table.position,
            "build: names more than one way to get an image; the first of image, builder and dockerfile counts"
        )
    }

    private func readDockerfile(_ table: ConfigTable) -> String? {
        let expected = "a path relative to this file, or a URL"
        guard let field = table.take("dockerfile"), let path = table.string(field, expected: expected) else {
            return nil
        }
        if path.lowercased().hasPrefix("http://") || path.lowercased().hasPrefix("https://") {
            report.hasNoEffect("build.dockerfile", at: field.keyPosition, what: "a Dockerfile at a URL")
        }
        return path
    }

    private mutating func readOtherBuilders(_ table: ConfigTable) {
        if let field = table.take("builder"), let builder = table.string(field) {
            config.build.builder = builder
            if builder != "python" {
                report.warn(field.keyPosition, "build.builder: only \"python\" is handled yet")
            }
        }
        if let buildpacks = table.strings("buildpacks") {
            config.build.buildpacks = buildpacks
            table.hasNoEffect("buildpacks")
        }
        config.build.builtin = table.string("builtin")
        if config.build.builtin != nil { table.hasNoEffect("builtin") }
        if let settings = table.table("settings") {
            config.build.settings = Dictionary(
                settings.takeAll().map { ($0.name, ConfigValue($0.field.node)) },
                uniquingKeysWith: { first, _ in first }
            )
            table.hasNoEffect("settings")
        }
    }

    private mutating func readCompression(_ table: ConfigTable) {
        config.build.compression = table.choice("compression", of: AppConfig.Build.Compression.allCases)
        if config.build.compression != nil { table.hasNoEffect("compression") }
        config.build.compressionLevel = table.integer("compression_level", in: 0...9)
        if config.build.compressionLevel != nil { table.hasNoEffect("compression_level") }
    }

    mutating func readDeploy() {
        guard let table = root.table("deploy") else { return }
        readStrategy(table)
        if let field = table.take("release_command") {
            let words = words(field, in: table)
            config.deploy.releaseCommand = words.isEmpty ? nil : words
        }
        if let (_, timeout) = table.duration("release_command_timeout", bare: .nanoseconds) {
            config.deploy.releaseCommandTimeout = GoDuration(timeout)
        }
        if let (field, timeout) = table.duration("wait_timeout", bare: .nanoseconds) {
            config.deploy.waitTimeout = GoDuration(timeout)
            if timeout == .zero { report.mismatch(field, expected: "a duration above 0s") }
        }
        if let (_, stay) = table.duration("stay_up", bare: .nanoseconds) { config.deploy.stayUp = GoDuration(stay) }
        if let vm = table.table("release_command_vm") {
            let machine = readVM(vm, memory: .stringOnly)
            config.deploy.releaseCommandVM = machine.guest
            config.deploy.releaseCommandVMOptions = machine.options
            if vm.strings("processes") != nil { vm.hasNoEffect("processes") }
            vm.close()
        }
        config.deploy.seedCommand = readCommand("seed_command", in: table)
        config.deploy.maxMachines = table.integer("max_machines", in: 1...1_000)
        config.deploy.rollback = table.boolean("rollback") ?? true
        readCanary(table)
        table.close()
    }

    private mutating func readCanary(_ table: ConfigTable) {
        let places = ["canary_weight", "canary_duration"].filter { table.has($0) }
        if let field = table.take("canary_weight") {
            let percent = AppConfig.Deploy.percent(ScalarText.text(field.node))
            if percent == nil { report.mismatch(field, expected: "a share of the requests from 1% to 99%") }
            config.deploy.canaryWeight = percent
        }
        if let (field, time) = table.duration("canary_duration", bare: .nanoseconds) {
            config.deploy.canaryDuration = GoDuration(time)
            if !AppConfig.Deploy.canaryDurations.contains(time) {
                report.mismatch(field, expected: "a duration from 1s to 24h")
            }
        }
        guard let first = places.first, config.deploy.strategy != .canary else { return }
        let strategy = config.deploy.strategy.rawValue
        report.warn(
            table.position,
            "deploy.\(first) has no effect with the strategy \"\(strategy)\": it is for \"canary\""
        )
    }

    private mutating func readStrategy(_ table: ConfigTable) {
        if let field = table.take("strategy") {
            if let strategy = table.choice(field, of: AppConfig.Strategy.allCases) { config.deploy.strategy = strategy }
            let noVolumes: [AppConfig.Strategy] = [.canary, .bluegreen]
            if noVolumes.contains(config.deploy.strategy), !config.mounts.isEmpty {
                report.mismatch(
                    field,
                    expected: "\"rolling\" or \"immediate\", because the app has mounts, and a volume is never shared"
                )
            }
        }
        let expected = "a number above 0: 2 is two Machines, 0.25 a quarter of them"
        guard let (field, number) = table.number("max_unavailable", expected: expected) else { return }
        guard number > 0 else {
            report.mismatch(field, expected: expected)
            return
        }
        config.deploy.maxUnavailable = number
        if config.deploy.strategy == .immediate || config.deploy.strategy == .bluegreen {
            let strategy = config.deploy.strategy.rawValue
            report.warn(field.keyPosition, "deploy.max_unavailable has no effect with the strategy \"\(strategy)\"")
        }
    }
}
