// The form in which it is sent: absent keys are the defaults, unknown ones are passed over.

extension PythonBuild: Codable {
    private enum Key: String, CodingKey {
        case python, packages, installs, folder, environment, command, writable, notes
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        python = try values.decodeIfPresent(Wish.self, forKey: .python)
        packages = try values.decodeIfPresent(Packages.self, forKey: .packages) ?? Packages()
        installs = try values.decodeIfPresent([Install].self, forKey: .installs) ?? []
        folder = try values.decodeIfPresent(String.self, forKey: .folder) ?? ""
        environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? [:]
        command = try values.decodeIfPresent([String].self, forKey: .command) ?? []
        writable = try values.decodeIfPresent([String].self, forKey: .writable) ?? []
        notes = try values.decodeIfPresent([String].self, forKey: .notes) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encodeIfPresent(python, forKey: .python)
        try values.encode(packages, forKey: .packages)
        try values.encode(installs, forKey: .installs)
        try values.encode(folder, forKey: .folder)
        try values.encode(environment, forKey: .environment)
        try values.encode(command, forKey: .command)
        try values.encode(writable, forKey: .writable)
        try values.encode(notes, forKey: .notes)
    }
}

extension PythonBuild.Wish: Codable {
    private enum Key: String, CodingKey { case version, reason }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        version = try values.decode(String.self, forKey: .version)
        reason = try values.decodeIfPresent(String.self, forKey: .reason) ?? ""
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(version, forKey: .version)
        try values.encode(reason, forKey: .reason)
    }
}

extension PythonBuild.Packages: Codable {
    private enum Key: String, CodingKey { case build, run }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        build = try values.decodeIfPresent([String].self, forKey: .build) ?? []
        run = try values.decodeIfPresent([String].self, forKey: .run) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(build, forKey: .build)
        try values.encode(run, forKey: .run)
    }
}

extension PythonBuild.Install: Codable {
    private enum Key: String, CodingKey { case arguments, folder, files, decisive, list, placeholders, optional }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        arguments = try values.decode([String].self, forKey: .arguments)
        folder = try values.decodeIfPresent(String.self, forKey: .folder) ?? ""
        files = try values.decodeIfPresent([String].self, forKey: .files)
        decisive = try values.decodeIfPresent([String].self, forKey: .decisive)
        list = try values.decodeIfPresent(String.self, forKey: .list)
        placeholders = try values.decodeIfPresent([String].self, forKey: .placeholders) ?? []
        isOptional = try values.decodeIfPresent(Bool.self, forKey: .optional) ?? false
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(arguments, forKey: .arguments)
        try values.encode(folder, forKey: .folder)
        try values.encodeIfPresent(files, forKey: .files)
        try values.encodeIfPresent(decisive, forKey: .decisive)
        try values.encodeIfPresent(list, forKey: .list)
        try values.encode(placeholders, forKey: .placeholders)
        try values.encode(isOptional, forKey: .optional)
    }
}
