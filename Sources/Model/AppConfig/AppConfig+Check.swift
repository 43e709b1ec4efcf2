extension AppConfig {
    /// Refuses what no `fly.toml` can bring about: a request's body need not come from our own client.
    ///
    /// - Throws: ``Fault`` `invalidConfig` naming the first value that can't be.
    package func check() throws(Fault) {
        try Self.require(deploy.maxUnavailable.isFinite && deploy.maxUnavailable > 0, "deploy.max_unavailable")
        try Self.require((1...1_000).contains(deploy.maxMachines ?? 1), "deploy.max_machines")
        try Self.require((1...99).contains(deploy.canaryWeight ?? 1), "deploy.canary_weight")
        if let time = deploy.canaryDuration?.duration {
            try Self.require(Deploy.canaryDurations.contains(time), "deploy.canary_duration")
        }
        try Self.require(Self.isLimit(deploy.waitTimeout), "deploy.wait_timeout")
        try Self.require(Self.isLimit(deploy.releaseCommandTimeout), "deploy.release_command_timeout")
        if let stayUp = deploy.stayUp { try Self.require(Self.isLimit(stayUp), "deploy.stay_up") }
        if let primaryRegion { try Self.require(Self.isRegion(primaryRegion), "primary_region") }
        if let killTimeout { try Self.require(Self.isLimit(killTimeout), "kill_timeout") }
        for guest in vms.map(\.guest) + [deploy.releaseCommandVM].compactMap({ $0 }) {
            if let objection = GuestSize.objection(to: guest) { throw Fault(.invalidConfig, "vm: \(objection)") }
        }
        for (name, value) in env {
            let isName = !name.isEmpty && !name.utf8.contains(0) && !name.utf8.contains(UInt8(ascii: "="))
            try Self.require(isName && !value.utf8.contains(0), "env")
        }
        for (name, words) in processes {
            try Self.require(!name.isEmpty && !(words + [name]).contains { $0.utf8.contains(0) }, "processes")
        }
        for mount in mounts {
            try Self.require(AppConfigReader.isVolumeName(mount.source), "mounts.source")
            try Self.require(AppConfigReader.normalised(mount.destination) == mount.destination, "mounts.destination")
            try Self.require((1...1_048_576).contains(mount.initialSizeGB), "mounts.initial_size")
        }
        for restart in restarts {
            try Self.require((0...1_000_000).contains(restart.settings.maxRetries), "restart.retries")
        }
        if checkCount > Self.maximumChecks {
            throw Fault(
                .invalidConfig,
                "the app has \(checkCount) health checks",
                hint: "at most \(Self.maximumChecks) are possible; one for each service is plenty"
            )
        }
        for service in [httpService].compactMap({ $0 }) + services { try Self.check(service) }
        if let portClash { throw Fault(portClash) }
        for check in checks.values { try Self.check(check.settings) }
        for file in files { try Self.require(file.guestPath.hasPrefix("/"), "files.guest_path") }
        for one in metrics { try Self.require((1...65_535).contains(one.port), "metrics.port") }
    }

    // MARK: - Private

    private static func check(_ service: Service) throws(Fault) {
        let settings = service.settings
        let ports = [settings.internalPort] + settings.ports.map(\.port)
        try require(ports.allSatisfy { (1...65_535).contains($0) }, "services.internal_port")
        let bounds = (service.ports ?? []).flatMap { [$0.port, $0.start, $0.end].compactMap { $0 } }
        try require(bounds.allSatisfy { (0...65_535).contains($0) }, "services.ports")
        try require(settings.minMachinesRunning >= 0, "services.min_machines_running")
        try require(settings.concurrency.softLimit >= 0, "services.concurrency.soft_limit")
        try require(settings.concurrency.hardLimit ?? 1 > 0, "services.concurrency.hard_limit")
        try require(
            service.hostnames.allSatisfy { HostName.isValid($0) && $0 == $0.lowercased() },
            "http_service.hostnames"
        )
        for one in settings.checks { try check(one) }
    }

    private static func check(_ check: MachineConfig.Check) throws(Fault) {
        try require((1...65_535).contains(check.port ?? 1), "checks.port")
        try require(isLimit(check.interval) && check.interval.duration >= .seconds(1), "checks.interval")
        try require(isLimit(check.timeout) && check.timeout.duration > .zero, "checks.timeout")
        try require(isLimit(check.gracePeriod), "checks.grace_period")
        try require(HTTPText.isToken(check.method), "checks.method")
        try require(HTTPText.isTarget(check.path), "checks.path")
        try require(
            check.headers.allSatisfy { HTTPText.isToken($0.key) && HTTPText.isFieldValue($0.value) },
            "checks.headers"
        )
    }

    /// Whether a text can be the code of a region, known or not: it becomes a variable of Machines.
    private static func isRegion(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func isLimit(_ duration: GoDuration) -> Bool {
        duration.duration >= .zero && duration.duration <= .seconds(8760 * 3600)
    }

    private static func require(_ holds: Bool, _ key: String) throws(Fault) {
        guard holds else { throw Fault(.invalidConfig, "\(key) has a value that it can't have") }
    }
}
