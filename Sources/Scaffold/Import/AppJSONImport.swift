import Model
import Toolkit

/// Reads Heroku's `app.json`.
enum AppJSONImport {
    static func read(_ root: ConfigNode, procfile: String?, app: String) throws(Fault) -> ImportedApp {
        var result = ImportedApp(name: root["name"]?.string ?? app, source: "app.json")
        if let procfile {
            ProcfileImport.add(procfile, to: &result)
        } else {
            var web = ImportedApp.Group("web")
            web.port = ImportedApp.defaultPort
            result.groups = [web]
            result.notes.append("commands are in the Procfile, which was not read: web runs the image's own")
        }
        readEnvironment(root["env"], &result)
        readFormation(root["formation"], &result)
        if let image = root["image"]?.string { result.image = image }
        for addon in root["addons"]?.items ?? [] {
            let plan = addon.string ?? addon["plan"]?.string ?? ""
            result.notes.append(
                "add-on \(ConfigNode.printable(plan)): have it elsewhere, and set the variables that it set"
            )
        }
        if let packs = root["buildpacks"]?.items, !packs.isEmpty {
            let names = packs.compactMap { $0["url"]?.string ?? $0.string }.joined(separator: ", ")
            result.notes.append(
                "buildpacks \(ConfigNode.printable(names)): `roost launch` writes a Dockerfile in their place"
            )
        }
        if let script = root.at("scripts", "postdeploy") {
            let line = script.string ?? script["command"]?.string ?? ""
            result.notes.append("scripts.postdeploy (\(ConfigNode.printable(line))): run it once by hand")
        }
        let known = [
            "name", "env", "formation", "image", "addons", "buildpacks", "description", "keywords", "website",
            "repository",
            "logo", "success_url", "stack", "$schema",
        ]
        for entry in root.entries where !known.contains(entry.key) && entry.key != "scripts" {
            result.notes.append("\(ConfigNode.printable(entry.key)) has no place in a fly.toml")
        }
        return result
    }

    // MARK: - Private

    private static func readEnvironment(_ node: ConfigNode?, _ app: inout ImportedApp) {
        for entry in node?.entries ?? [] {
            if entry.node["generator"]?.string == "secret" {
                app.environment.need(entry.key, isSecret: true)
            } else if let value = entry.node["value"]?.scalar ?? entry.node.scalar {
                app.environment.set(entry.key, value)
            } else if entry.node["required"] != ConfigNode?.none, entry.node["required"]?.scalar == "false" {
                app.notes.append("\(ConfigNode.printable(entry.key)) may be set, and has no value in app.json")
            } else {
                app.environment.need(entry.key)
            }
        }
    }

    private static func readFormation(_ node: ConfigNode?, _ app: inout ImportedApp) {
        for entry in node?.entries ?? [] {
            guard let index = app.groups.firstIndex(where: { $0.name == entry.key }) else {
                app.notes.append("formation has \(ConfigNode.printable(entry.key)), which the Procfile has not")
                continue
            }
            if let size = entry.node["size"]?.string {
                app.groups[index].guest = guest(size)
                if app.groups[index].guest == nil {
                    app.notes.append("dyno size \(ConfigNode.printable(size)) is not known: choose a size in [[vm]]")
                }
            }
            guard let count = entry.node["quantity"]?.scalar.flatMap({ Int($0) }) else { continue }
            app.groups[index].least = count
            if app.groups[index].port == nil, count != 1 {
                app.notes.append("\(entry.key) runs \(count) times: a first deploy makes fewer Machines of it")
            }
        }
    }

    /// > Source: Heroku's dev center, "Dyno types": memory and the share of CPUs.
    private static func guest(_ size: String) -> MachineConfig.Guest? {
        switch size.lowercased() {
        case "eco", "basic", "free", "hobby", "standard-1x": MachineConfig.Guest(memoryMiB: 512)
        case "standard-2x": MachineConfig.Guest(memoryMiB: 1024)
        case "performance-m": MachineConfig.Guest(cpuKind: .performance, cpus: 1, memoryMiB: 3072)
        case "performance-l": MachineConfig.Guest(cpuKind: .performance, cpus: 8, memoryMiB: 16384)
        case "performance-l-ram": MachineConfig.Guest(cpuKind: .performance, cpus: 4, memoryMiB: 30720)
        default: nil
        }
    }
}
