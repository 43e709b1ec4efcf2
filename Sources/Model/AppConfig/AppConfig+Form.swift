// The form in which a configuration is stored with a release and sent with a deploy; ``KeyedForm`` says how it may grow.

extension AppConfig: KeyedForm {
    package static var blank: AppConfig { AppConfig() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("app", &app)
        try form.field("primaryRegion", &primaryRegion)
        try form.field("build", &build)
        try form.field("env", &env)
        try form.field("deploy", &deploy)
        try form.field("processes", &processes)
        try form.field("httpService", &httpService)
        try form.field("services", &services)
        try form.field("checks", &checks)
        try form.field("vms", &vms)
        try form.field("mounts", &mounts)
        try form.field("restarts", &restarts)
        try form.field("killSignal", &killSignal)
        try form.field("killTimeout", &killTimeout)
        try form.field("swapSizeMB", &swapSizeMB)
        try form.field("overrides", &overrides)
        try form.field("consoleCommand", &consoleCommand)
        try form.field("hostDedicationID", &hostDedicationID)
        try form.field("machineConfig", &machineConfig)
        try form.field("container", &container)
        try form.field("statics", &statics)
        try form.field("files", &files)
        try form.field("metrics", &metrics)
        try form.field("machineChecks", &machineChecks)
        try form.field("experimental", &experimental)
    }
}

extension AppConfig.Build: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("image", &image)
        try form.field("dockerfile", &dockerfile)
        try form.field("ignorefile", &ignorefile)
        try form.field("target", &target)
        try form.field("args", &args)
        try form.field("builder", &builder)
        try form.field("buildpacks", &buildpacks)
        try form.field("builtin", &builtin)
        try form.field("settings", &settings)
        try form.field("compose", &compose)
        try form.field("compression", &compression)
        try form.field("compressionLevel", &compressionLevel)
    }
}

extension AppConfig.Build.Compose: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("file", &file)
    }
}

extension AppConfig.Deploy: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("strategy", &strategy)
        try form.field("releaseCommand", &releaseCommand)
        try form.field("releaseCommandTimeout", &releaseCommandTimeout)
        try form.field("releaseCommandVM", &releaseCommandVM)
        try form.field("releaseCommandVMOptions", &releaseCommandVMOptions)
        try form.field("seedCommand", &seedCommand)
        try form.field("waitTimeout", &waitTimeout)
        try form.field("stayUp", &stayUp)
        try form.field("maxUnavailable", &maxUnavailable)
        try form.field("maxMachines", &maxMachines)
        // Absent where it says the usual, so that older records are the same as new ones.
        var keeps: Bool? = rollback ? nil : false
        try form.field("rollback", &keeps)
        rollback = keeps ?? true
        try form.field("canaryWeight", &canaryWeight)
        try form.field("canaryDuration", &canaryDuration)
    }
}

extension AppConfig.Check: KeyedForm {
    package static var blank: Self { Self(settings: .blank) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.need("settings", &settings)
        try form.field("tls", &tls)
    }
}

extension AppConfig.VM: KeyedForm {
    package static var blank: Self { Self(guest: MachineConfig.Guest()) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.field("guest", &guest)
        try form.field("options", &options)
    }
}

extension AppConfig.Mount: KeyedForm {
    package static var blank: Self { Self(source: "", destination: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.need("source", &source)
        try form.need("destination", &destination)
        try form.field("initialSizeGB", &initialSizeGB)
        try form.field("snapshotRetention", &snapshotRetention)
        try form.field("scheduledSnapshots", &scheduledSnapshots)
        try form.field("autoExtend", &autoExtend)
    }
}

extension AppConfig.Mount.AutoExtend: KeyedForm {
    package static var blank: Self { Self(threshold: 0, incrementGB: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("threshold", &threshold)
        try form.need("incrementGB", &incrementGB)
        try form.field("limitGB", &limitGB)
    }
}

extension AppConfig.Restart: KeyedForm {
    package static var blank: Self { Self(settings: MachineConfig.Restart()) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.field("settings", &settings)
    }
}
