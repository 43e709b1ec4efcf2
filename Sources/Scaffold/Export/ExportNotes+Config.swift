import Model
import Toolkit

extension ExportNotes {
    /// What `fly.toml` says, section by section.
    func configFacts(_ config: AppConfig) -> [ExportFact] {
        imageFacts(config) + environmentFacts(config) + deployFacts(config) + serviceFacts(config)
            + machineFacts(config) + restFacts(config) + platformFacts(config)
    }

    // MARK: - Image and environment

    private func imageFacts(_ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        let build = config.build
        if let image = build.image {
            var fact = ExportFact("image \(ConfigNode.printable(image))", "no image is used there", [.compose, .k8s])
            fact.shown.formUnion([.ecs, .cloudrun])
            if let other = plan.options.image, other != image {
                fact.shown = []
                for target in Self.containers { fact.advice[target] = "\(ConfigNode.printable(other)) is used instead" }
            }
            facts.append(fact)
        }
        if build.dockerfile != nil || build.target != nil || !build.args.isEmpty {
            var fact = ExportFact("image built by \(ConfigNode.printable(plan.buildCommand))", "no image is used there")
            if plan.isBuilt { fact.shown = [.compose, .githubActions] }
            for target in [ExportTarget.k8s, .ecs, .cloudrun] { fact.advice[target] = "build and push it first" }
            facts.append(fact)
        }
        if let builder = build.builder {
            let packs = build.buildpacks.isEmpty ? "" : " with \(build.buildpacks.joined(separator: ", "))"
            let what = "builder \(ConfigNode.printable(builder + packs))"
            facts.append(ExportFact(what, "make the image with `pack build`, or let `roost launch` write a Dockerfile"))
        } else if !build.buildpacks.isEmpty {
            let what = "buildpacks \(ConfigNode.printable(build.buildpacks.joined(separator: ", ")))"
            facts.append(ExportFact(what, "make the image with `pack build`"))
        }
        if let file = build.ignorefile {
            facts.append(
                ExportFact("ignorefile \(ConfigNode.printable(file))", "other builders read .dockerignore alone")
            )
        }
        return facts
    }

    private func environmentFacts(_ config: AppConfig) -> [ExportFact] {
        plan.env.map { ExportFact("variable \($0.name)", "set it there", Self.containers.union([.heroku, .systemd])) }
    }

    // MARK: - Deploys

    private func deployFacts(_ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        let deploy = config.deploy
        if deploy.strategy != .rolling {
            var fact = ExportFact(
                "deploy strategy \(deploy.strategy.rawValue)",
                "new versions come as the target has it"
            )
            fact.advice[.k8s] = "Deployments roll; for others there are tools such as Argo Rollouts"
            facts.append(fact)
        }
        if deploy.maxUnavailable != AppConfig.Deploy().maxUnavailable {
            var fact = ExportFact("max_unavailable \(deploy.maxUnavailable)", "new versions come as the target has it")
            fact.advice[.k8s] = "none is unavailable: a new Pod is added before an old one goes"
            facts.append(fact)
        }
        if deploy.waitTimeout != AppConfig.Deploy().waitTimeout {
            var fact = ExportFact("wait_timeout \(deploy.waitTimeout.text)", "the target waits for as long as it likes")
            fact.shown = [.k8s]
            facts.append(fact)
        }
        guard plan.release != nil else { return facts }
        if deploy.releaseCommandTimeout != AppConfig.Deploy().releaseCommandTimeout {
            let what = "release_command_timeout \(deploy.releaseCommandTimeout.text)"
            var fact = ExportFact(what, "the release command has no limit there", [.cloudrun, .systemd])
            if isJob { fact.shown.insert(.k8s) }
            fact.advice[.heroku] = "Heroku ends a release command after an hour"
            facts.append(fact)
        }
        if let guest = deploy.releaseCommandVM {
            let what = "release_command_vm \(guest.words)"
            facts.append(ExportFact(what, "it gets the size of the web process", [.k8s, .ecs, .cloudrun, .systemd]))
        }
        return facts
    }

    // MARK: - Services

    private func serviceFacts(_ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        if let service = plan.webService { facts += webFacts(service, config) }
        for unit in plan.units {
            for port in unit.ports {
                let handlers = port.handlers.isEmpty ? "" : " with \(port.handlers.joined(separator: " and "))"
                let what = "port \(port.external) of \(unit.name)\(handlers), to \(port.internal)"
                var fact = ExportFact(what, "has to be let through there", [])
                fact.advice[.compose] = "published as plain TCP"
                fact.advice[.k8s] = "a Service of type LoadBalancer, plain TCP"
                fact.advice[.ecs] = "in the task; give it a listener of a network load balancer"
                fact.advice[.cloudrun] = "a service has one port"
                fact.advice[.heroku] = "a dyno has one port, for HTTP"
                fact.advice[.systemd] = "open it in the host's firewall"
                facts.append(fact)
            }
        }
        for (name, check) in config.checks.sorted(by: { $0.key < $1.key }) {
            let path = check.settings.type == .http ? " \(check.settings.method) \(check.settings.path)" : ""
            let port = check.settings.port.map { " on port \($0)" } ?? ""
            let what = "check \(ConfigNode.printable(name)) (\(check.settings.type.rawValue)\(path)\(port))"
            facts.append(ExportFact(what, "Fly's deploys wait for it; add it to the monitoring"))
        }
        return facts
    }

    private func webFacts(_ service: AppConfig.Service, _ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        let settings = service.settings
        for host in service.hostnames {
            var fact = ExportFact("host name \(host)", "point it there", [.nginx, .traefik, .compose, .k8s])
            fact.advice[.cloudrun] = "a domain mapping or a load balancer"
            fact.advice[.heroku] = "heroku domains:add \(host)"
            fact.advice[.ecs] = "a rule of the load balancer's listener"
            facts.append(fact)
        }
        let isIdle = settings.autostop != .off
        let start = settings.autostart ? "" : ", never started by a request"
        var scaling = ExportFact(
            "auto_stop_machines \(settings.autostop.rawValue)\(start)",
            "what runs goes on running when idle"
        )
        scaling.advice[.cloudrun] = "instances without requests are ended; there is no suspend"
        scaling.advice[.heroku] = "only eco dynos sleep"
        if isIdle || !settings.autostart { facts.append(scaling) }
        if settings.minMachinesRunning > 0 {
            let what = "min_machines_running \(settings.minMachinesRunning)"
            var fact = ExportFact(
                what,
                "set the number there",
                plan.singleReasons.isEmpty ? [.compose, .k8s, .heroku] : []
            )
            fact.advice[.cloudrun] = "minScale, in its one region"
            fact.advice[.ecs] = "desiredCount of the service"
            fact.advice[.systemd] = "one of it on this host"
            facts.append(fact)
        }
        let concurrency = settings.concurrency
        if concurrency != MachineConfig.Concurrency() {
            let hard = concurrency.hardLimit.map { " and hard_limit \($0)" } ?? ""
            let what = "soft_limit \(concurrency.softLimit)\(hard) \(concurrency.type.rawValue)"
            var fact = ExportFact(what, "requests are spread without such limits")
            fact.advice[.cloudrun] = "containerConcurrency is the hard limit; there is no soft one"
            facts.append(fact)
        }
        if plan.config?.httpService != nil, !settings.forceHTTPS {
            var fact = ExportFact("force_https off", "the proxy before the app decides")
            for target in [ExportTarget.nginx, .traefik, .compose] {
                fact.advice[target] = "plain HTTP is sent on to HTTPS all the same"
            }
            facts.append(fact)
        }
        return facts + checkFacts(settings)
    }

    private func checkFacts(_ settings: MachineConfig.Service) -> [ExportFact] {
        var facts: [ExportFact] = []
        let used = settings.checks.first { $0.type == .http } ?? settings.checks.first
        if let used, used.type == .http, !["GET", "HEAD"].contains(used.method.uppercased()) {
            facts.append(ExportFact("check with method \(used.method)", "checks are GET there"))
        }
        for header in plan.probe.headers {
            var fact = ExportFact(
                "check header \(ConfigNode.printable("\(header.name): \(header.value)"))",
                "checks have none there"
            )
            fact.shown = [.k8s, .cloudrun, .traefik]
            if plan.isPython { fact.shown.formUnion([.compose, .ecs]) }
            facts.append(fact)
        }
        for check in settings.checks where check != used {
            let path = check.type == .http ? " \(check.method) \(check.path)" : ""
            facts.append(ExportFact("a further check (\(check.type.rawValue)\(path))", "one has to do"))
        }
        return facts
    }

    // MARK: - Machines

    private func machineFacts(_ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        for unit in plan.units where config.guest(for: unit.group) != nil {
            var fact = ExportFact("size of \(unit.name): \(unit.guest.words)", "choose a machine for it")
            fact.shown = [.compose, .k8s, .ecs, .systemd]
            if unit.name == plan.web?.name { fact.shown.insert(.cloudrun) }
            fact.advice[.heroku] = "the dyno size next to it"
            if unit.guest.cpuKind == .performance {
                fact.advice[.compose] = "limits, but no CPU of its own"
                fact.advice[.systemd] = "limits, but no CPU of its own"
                fact.shown.subtract([.compose, .systemd])
            }
            facts.append(fact)
        }
        for mount in config.mounts where !config.groups.contains(where: { config.mounts(for: $0) == mount }) {
            let what = "mount \(ConfigNode.quoted(mount.source)) at \(mount.destination)"
            facts.append(ExportFact(what, "without effect on Fly, where a Machine has one volume, and so here"))
        }
        for restart in config.restarts {
            let groups = restart.processes.isEmpty ? "" : " for \(restart.processes.joined(separator: ", "))"
            let settings = restart.settings
            let what =
                "restart \(settings.policy.rawValue), \(settings.maxRetries) tries\(ConfigNode.printable(groups))"
            var fact = ExportFact(what, "the platform restarts what ends", [.systemd])
            if settings.policy != .always { fact.shown.insert(.compose) }
            fact.advice[.compose] = "unless-stopped, without a number of tries"
            fact.advice[.k8s] = "Pods are always restarted, later and later"
            facts.append(fact)
        }
        if let signal = config.killSignal {
            var fact = ExportFact("kill_signal \(signal.rawValue)", "the signal is SIGTERM", [.systemd])
            if signal == .term { fact.shown = Set(ExportTarget.allCases) } else { fact.shown.insert(.compose) }
            facts.append(fact)
        }
        if let timeout = config.killTimeout {
            var fact = ExportFact("kill_timeout \(timeout.text)", "stops take what the target allows")
            fact.shown = [.compose, .k8s, .systemd]
            if timeout.seconds <= 120 { fact.shown.insert(.ecs) }
            fact.advice[.ecs] = "Fargate allows 120 s"
            fact.advice[.cloudrun] = "10 s, always"
            fact.advice[.heroku] = "30 s, always"
            facts.append(fact)
        }
        if let swap = config.swapSizeMB, swap > 0 {
            facts.append(ExportFact("swap_size_mb \(swap)", "there is no swap", [.compose, .systemd]))
        }
        return facts + overrideFacts(config.overrides)
    }

    private func overrideFacts(_ overrides: MachineConfig.Init) -> [ExportFact] {
        [("exec", overrides.exec), ("entrypoint", overrides.entrypoint), ("cmd", overrides.cmd)].compactMap {
            name,
            words in
            guard let words, !words.isEmpty else { return nil }
            let what = "\(name) \(ConfigNode.printable(words.joined(separator: " ")))"
            return ExportFact(what, "part of the command", Self.containers.union([.heroku, .systemd]))
        }
    }

    // MARK: - The platform

    private func platformFacts(_ config: AppConfig) -> [ExportFact] {
        var facts: [ExportFact] = []
        if let region = config.primaryRegion {
            facts.append(
                ExportFact(
                    "primary_region \(ConfigNode.printable(region))",
                    "choose where it runs; PRIMARY_REGION is not set"
                )
            )
        }
        facts.append(
            ExportFact(
                "what Fly's platform does for apps",
                "no fly-replay, no .internal names, no Fly-Client-IP header, no FLY_ variables"
            )
        )
        facts.append(
            ExportFact("secrets set with `fly secrets`", "fly.toml does not name them: carry them over by hand")
        )
        return facts
    }

    private var isJob: Bool { KubernetesExport(plan: plan).usesJob }
}

extension MachineConfig.Guest {
    /// `2 shared CPUs, 1024 MiB`.
    var words: String { "\(cpus) \(cpuKind.rawValue) CPU\(cpus == 1 ? "" : "s"), \(memoryMiB) MiB" }
}
