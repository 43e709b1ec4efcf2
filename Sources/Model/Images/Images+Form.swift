// The form of what is said about images and sources; ``KeyedForm`` says how it may grow.

extension SourceManifest: KeyedForm {
    package static var blank: Self { Self(files: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("files", &files)
        try form.field("folders", &folders)
    }
}

extension SourceManifest.Entry: KeyedForm {
    package static var blank: Self { Self(path: "", mode: 0o644, size: 0, sha256: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("path", &path)
        try form.field("kind", &kind)
        try form.need("mode", &mode)
        try form.field("size", &size)
        try form.field("sha256", &sha256)
        try form.field("target", &target)
    }
}

extension Image: KeyedForm {
    package static var blank: Self { Self(digest: "", layers: [], config: Config()) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("digest", &digest)
        try form.need("layers", &layers)
        try form.need("config", &config)
    }
}

extension Image.Config: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("user", &user)
        try form.field("workingDirectory", &workingDirectory)
        try form.field("env", &env)
        try form.field("entrypoint", &entrypoint)
        try form.field("cmd", &cmd)
    }
}

extension BaseImagesRequest: KeyedForm {
    package static var blank: Self { Self(names: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("names", &names)
    }
}

extension BaseImageView: KeyedForm {
    package static var blank: Self { Self(name: "", way: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.need("way", &way)
        try form.field("detail", &detail)
    }
}
