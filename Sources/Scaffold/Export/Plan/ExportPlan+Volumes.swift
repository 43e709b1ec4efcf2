import Model

extension ExportPlan {
    /// What has to outlive a process, and what may go with it.
    mutating func readVolumes() {
        // Volumes that targets have beside those of the project.
        var labels = Labels(reserved: ["tmp", "db", "acme", "letsencrypt"])
        for service in facts.services { _ = labels.unique(service.kind.label, else: "service") }
        for number in 0..<facts.writePaths.count { _ = labels.unique("scratch-\(number)", else: "scratch") }
        if let config {
            for mount in config.mounts {
                let name = labels.unique(mount.source, else: "data")
                let why = "mount \(ConfigNode.quoted(mount.source)) of fly.toml"
                let volume = Volume(name: name, path: mount.destination, sizeGB: mount.initialSizeGB, why: why)
                change { unit in
                    if config.mounts(for: unit.group) == mount { unit.volumes.append(volume) }
                }
            }
        } else {
            readDatabaseFile(&labels)
        }
        readWritePaths()
        for path in Set(units.flatMap(\.scratch)).sorted() { scratchNames[path] = labels.unique(path, else: "files") }
    }

    /// The setting that brings the SQLite file to its volume, when it would lie beside the code otherwise.
    var databaseSetting: (name: String, value: String)? {
        guard config == nil, facts.database?.engine == .sqlite else { return nil }
        return DataFolder.choose(facts).folder?.setting.map { ($0.variable, $0.value) }
    }

    // MARK: - Private

    private mutating func readDatabaseFile(_ labels: inout Labels) {
        guard facts.database?.engine == .sqlite else { return }
        let choice = DataFolder.choose(facts)
        notes += choice.notes
        guard let folder = choice.folder, Quoting.comment(folder.path) == folder.path else { return }
        let volume = Volume(
            name: labels.unique(folder.name, else: "data"),
            path: folder.path,
            sizeGB: 1,
            why: folder.what
        )
        change { $0.volumes.append(volume) }
        if let setting = databaseSetting {
            notes.append("\(setting.name) is set to \(setting.value): beside the code a volume would hide the code")
        }
    }

    private mutating func readWritePaths() {
        for text in facts.writePaths {
            guard let path = absolute(text), path != imageFolder else {
                notes.append("the app writes to \(ConfigNode.quoted(text)), where no folder can be given to it alone")
                continue
            }
            guard path != "/tmp", !path.hasPrefix("/tmp/") else { continue }
            change { unit in
                let covering = unit.volumes.map(\.path) + unit.scratch
                if !covering.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) { unit.scratch.append(path) }
            }
        }
    }

    private mutating func change(_ body: (inout Unit) -> Void) {
        if var unit = web {
            body(&unit)
            web = unit
        }
        for index in workers.indices { body(&workers[index]) }
    }
}
