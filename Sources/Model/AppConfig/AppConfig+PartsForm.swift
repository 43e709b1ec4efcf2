// The form of a configuration's smaller parts; ``KeyedForm`` says how it may grow.

extension AppConfig.Static: KeyedForm {
    package static var blank: Self { Self(guestPath: "", urlPrefix: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("guestPath", &guestPath)
        try form.need("urlPrefix", &urlPrefix)
        try form.field("tigrisBucket", &tigrisBucket)
        try form.field("indexDocument", &indexDocument)
    }
}

extension AppConfig.File: KeyedForm {
    package static var blank: Self { Self(guestPath: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.need("guestPath", &guestPath)
        try form.field("localPath", &localPath)
        try form.field("secretName", &secretName)
        try form.field("rawValue", &rawValue)
    }
}

extension AppConfig.Metrics: KeyedForm {
    package static var blank: Self { Self(port: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.need("port", &port)
        try form.field("path", &path)
        try form.field("https", &https)
    }
}

extension AppConfig.MachineCheck: KeyedForm {
    package static var blank: Self { Self(command: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("command", &command)
        try form.field("image", &image)
        try form.field("entrypoint", &entrypoint)
        try form.field("killSignal", &killSignal)
        try form.field("killTimeout", &killTimeout)
    }
}

extension AppConfig.Experimental: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("autoRollback", &autoRollback)
        try form.field("enableConsul", &enableConsul)
        try form.field("enableEtcd", &enableEtcd)
        try form.field("lazyLoadImages", &lazyLoadImages)
        try form.field("machineConfig", &machineConfig)
        try form.field("exportedSecrets", &exportedSecrets)
    }
}

extension AppConfig.VMOptions: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("maxMemoryMiB", &maxMemoryMiB)
        try form.field("gpus", &gpus)
        try form.field("gpuKind", &gpuKind)
        try form.field("kernelArgs", &kernelArgs)
        try form.field("hostDedicationID", &hostDedicationID)
        try form.field("persistRootFS", &persistRootFS)
    }
}
