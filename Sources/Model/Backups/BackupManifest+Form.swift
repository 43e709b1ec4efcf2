// The form of a backup's manifest; ``KeyedForm`` says how it may grow.

extension BackupManifest: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: Self {
        Self(id: "", at: .init(milliseconds: 0), version: "", host: .init(id: "", name: ""))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.need("at", &at)
        try form.field("version", &version)
        try form.need("host", &host)
        try form.field("revision", &revision)
        try form.field("apps", &apps)
        try form.field("volumes", &volumes)
        try form.field("images", &images)
        try form.field("absent", &absent)
        try form.field("unreadable", &unreadable)
        try form.need("files", &files)
        try form.field("recoveryKey", &recoveryKey)
    }
}

extension BackupManifest.Host: KeyedForm {
    package static var blank: Self { Self(id: "", name: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("name", &name)
    }
}

extension BackupManifest.App: KeyedForm {
    package static var blank: Self { Self(name: "", release: nil, releases: 0, machines: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("release", &release)
        try form.field("releases", &releases)
        try form.field("machines", &machines)
    }
}

extension BackupManifest.Volume: KeyedForm {
    package static var blank: Self { Self(.blank, Content(.empty)) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("app", &app)
        try form.field("name", &name)
        try form.field("sizeGB", &sizeGB)
        try form.need("content", &content)
    }
}

extension BackupManifest.Volume.Content: KeyedForm {
    package static var blank: Self { Self(.empty) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("kind", &kind)
        try form.field("digest", &digest)
        try form.field("diskBytes", &diskBytes)
        try form.field("dataBytes", &dataBytes)
        try form.field("files", &files)
        try form.field("pauseMilliseconds", &pauseMilliseconds)
    }
}

extension BackupManifest.Image: KeyedForm {
    package static var blank: Self { Self(digest: "", bytes: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("digest", &digest)
        try form.field("bytes", &bytes)
    }
}

extension BackupManifest.File: KeyedForm {
    package static var blank: Self { Self(path: "", bytes: 0, sha256: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("path", &path)
        try form.need("bytes", &bytes)
        try form.need("sha256", &sha256)
    }
}
