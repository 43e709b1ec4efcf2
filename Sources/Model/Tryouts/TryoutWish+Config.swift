extension TryoutWish {
    /// What a deploy of the throw-away starts: one Machine that the edge does not serve, its data on a volume.
    package func config(_ app: String) -> AppConfig {
        var config = AppConfig()
        config.app = app
        config.build.image = ServiceReference(kind, extras: extras).text
        config.vms = [AppConfig.VM(guest: MachineConfig.Guest(memoryMiB: kind.memoryMiB))]
        if kind.keepsData { config.mounts = [AppConfig.Mount(source: "data", destination: "/data")] }
        var check = MachineConfig.Check(type: .tcp, port: kind.port)
        check.interval = "2s"
        // A database makes its files at its first start.
        check.gracePeriod = "60s"
        config.checks = ["answers": AppConfig.Check(settings: check)]
        // Nothing is replaced by it, and whoever has it made waits.
        config.deploy.stayUp = "1s"
        config.restarts = [AppConfig.Restart(settings: MachineConfig.Restart(policy: .always))]
        // PostgreSQL waits for its clients at SIGTERM; the others take SIGINT for a person's, or not at all.
        config.killSignal = kind == .postgres ? .int : .term
        config.killTimeout = "30s"
        return config
    }
}
