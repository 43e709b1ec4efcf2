import Model

extension ComposeService {
    /// Services that this one waits for until they have ended.
    var completed: [String] {
        (node["depends_on"]?.entries ?? []).filter {
            $0.node["condition"]?.string == "service_completed_successfully"
        }.map(\.key)
    }

    /// The path that its health check asks for.
    func check(_ app: inout ImportedApp) -> ImportedApp.Check? {
        guard let node = node["healthcheck"], node["disable"]?.scalar != "true" else { return nil }
        let words = node["test"]?.string.map { [$0] } ?? node["test"]?.items.compactMap(\.scalar) ?? []
        guard words.first != "NONE", !words.isEmpty else { return nil }
        let text = words.joined(separator: " ").replacing("$$", with: "$")
        guard let match = text.firstMatch(of: /https?:\/\/[A-Za-z0-9.\-\[\]:${}_]+(\/[^\s'"`\\)]*)/),
            HTTPText.isTarget(String(match.output.1))
        else {
            app.notes.append(
                "health check of \(name) (\(ConfigNode.printable(text))): it asks no path over HTTP; add one"
            )
            return nil
        }
        func seconds(_ key: String) -> Int? { node[key]?.scalar.flatMap(ImportedApp.seconds) }
        return ImportedApp.Check(
            path: String(match.output.1),
            intervalSeconds: seconds("interval"),
            timeoutSeconds: seconds("timeout"),
            graceSeconds: seconds("start_period")
        )
    }

    /// Names of the volumes that it mounts.
    var namedVolumes: [String] {
        volumes.filter(\.isNamed).map(\.source)
    }

    /// Its named volumes; what else is mounted is noted.
    func mounts(_ app: inout ImportedApp) -> [(name: String, path: String, sizeGB: Int)] {
        var mounts: [(name: String, path: String, sizeGB: Int)] = []
        for volume in volumes {
            guard volume.isNamed else {
                let what = ConfigNode.printable("\(volume.source) at \(volume.target)")
                app.notes.append("\(name) mounts the folder \(what): put it into the image")
                continue
            }
            guard let path = ImportedApp.mountPath(volume.target) else {
                let what = ConfigNode.printable("\(volume.source) at \(volume.target)")
                app.notes.append("\(name) mounts \(what), where no Machine can have a volume")
                continue
            }
            mounts.append((ImportedApp.volumeName(volume.source), path, 1))
        }
        for mount in mounts.dropFirst() {
            app.notes.append(
                "\(name) mounts \(mount.name) at \(mount.path) too: a Machine has one volume, for the first one"
            )
        }
        return mounts
    }

    /// What is mounted, memory left out; a volume without a name gets one.
    private var volumes: [(source: String, target: String, isNamed: Bool)] {
        service.volumes.filter { $0.type != "tmpfs" }.map { ($0.source ?? "data", $0.target, !$0.isBind) }
    }

    func readEnvironment(_ app: inout ImportedApp) {
        for pair in Compose.pairs(node["environment"]) {
            let name = pair.name
            guard let value = pair.value else {
                app.environment.need(name)
                continue
            }
            let (text, variables) = ComposeText.value(value)
            if let text {
                app.environment.set(name, text)
            } else {
                app.environment.need(name, isSecret: variables.contains { ImportedEnvironment.isSecret($0, "") })
            }
        }
        let files = node["env_file"].map { $0.string == nil ? $0.items : [$0] }
        for file in files ?? [] {
            let path = file.string ?? file["path"]?.string ?? ""
            app.notes.append(
                "\(name) reads \(ConfigNode.printable(path)): a deploy asks for the values of what is in it"
            )
        }
    }

    /// Settings that have no place in a `fly.toml`, in one sentence.
    var leftOver: [String] {
        let known: Set<String> = [
            "image", "build", "command", "entrypoint", "ports", "expose", "environment", "env_file", "volumes",
            "healthcheck",
            "depends_on", "deploy", "scale", "restart", "stop_signal", "stop_grace_period", "cpus", "mem_limit",
            "labels",
            "container_name", "hostname", "logging", "networks", "tty", "stdin_open", "profiles", "links",
            "pull_policy",
            "init", "platform", "develop",
        ]
        var names = node.entries.map(\.key).filter { !known.contains($0) && !$0.hasPrefix("x-") }
        if let profiles = node["profiles"]?.items.compactMap(\.scalar), !profiles.isEmpty {
            names.append("profiles \(profiles.joined(separator: ", "))")
        }
        guard !names.isEmpty else { return [] }
        return ["\(ConfigNode.printable(name)): not taken over: \(ConfigNode.printable(names.joined(separator: ", ")))"]
    }
}
