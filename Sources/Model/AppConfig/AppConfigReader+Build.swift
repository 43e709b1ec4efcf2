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
        table.unhandled("compose", "settings")
        let methods = [
            config.build.image != nil,
            config.build.builder != nil || !config.build.buildpacks.isEmpty,
            config.build.dockerfile != nil || config.build.target != nil,
        ]
        if methods.filter({ $0 }).count > 1 {
            report.warn(
                table.position,
                "build: names more than one way to get an image; the first of image, builder and dockerfile counts"
            )
        }
        table.close()
    }

    private func readDockerfile(_ table: ConfigTable) -> String? {
        let expected = "a path relative to this file (URLs are not handled)"
        guard let field = table.take("dockerfile"), let path = table.string(field, expected: expected) else {
            return nil
        }
        guard !path.lowercased().hasPrefix("http://"), !path.lowercased().hasPrefix("https://") else {
            report.mismatch(field, expected: expected)
            return nil
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
        if let field = table.take("buildpacks"), let buildpacks = table.strings(field) {
            config.build.buildpacks = buildpacks
            report.warn(field.keyPosition, "build.buildpacks is not handled yet and has no effect")
        }
        table.unhandled("builtin")
    }

    private func readCompression(_ table: ConfigTable) {
        if table.word("compression", of: ["gzip", "zstd"]) != nil { unhandled("compression", in: table) }
        if table.integer("compression_level", in: 0...9) != nil { unhandled("compression_level", in: table) }
    }

    /// Says of a key that was checked already that nothing comes of it.
    func unhandled(_ key: String, in table: ConfigTable) {
        report.warn(table.keyPosition(key), "\(table.join(key)) is not handled yet and has no effect")
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
        if let vm = table.table("release_command_vm") {
            config.deploy.releaseCommandVM = readGuest(vm, memory: .stringOnly)
            vm.obsolete("processes")
            vm.close()
        }
        table.unhandled("seed_command")
        table.close()
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
