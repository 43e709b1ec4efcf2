import Model

/// Reads `render.yaml`.
enum RenderImport {
    static func read(_ root: ConfigNode, app name: String) throws(Fault) -> ImportedApp {
        let services = root["services"]?.items ?? []
        let ours = services.filter { ["web", "pserv", "worker"].contains($0["type"]?.string ?? "") && !isStatic($0) }
        guard let main = ours.first(where: { $0["type"]?.string == "web" }) ?? ours.first else {
            throw Fault(.invalidConfig, "render.yaml: no service of it is an app")
        }
        var app = ImportedApp(name: main["name"]?.string ?? name, source: "render.yaml")
        readImage(main, &app)
        for service in services {
            if ours.contains(service), build(of: service) == build(of: main) {
                add(service, isMain: service == main, root, &app)
            } else {
                app.notes.append(note(service))
            }
        }
        for database in root["databases"]?.items ?? [] {
            let title = [database["name"]?.string, database["plan"]?.string].compactMap { $0 }.joined(separator: ", ")
            app.notes.append("database \(ConfigNode.printable(title)): have it elsewhere, and move the data over")
        }
        if root["previews"] != nil || root["previewsEnabled"] != nil {
            app.notes.append("preview environments have no place in a fly.toml")
        }
        return app
    }

    // MARK: - Services

    private static func isStatic(_ service: ConfigNode) -> Bool {
        (service["runtime"] ?? service["env"])?.string == "static" || service["type"]?.string == "static"
    }

    /// What two services that are one app have in common.
    private static func build(of service: ConfigNode) -> [String?] {
        [
            service["rootDir"]?.string, service["dockerfilePath"]?.string, service["dockerContext"]?.string,
            service.at("image", "url")?.string,
        ]
    }

    private static func note(_ service: ConfigNode) -> String {
        let name = ConfigNode.printable(service["name"]?.string ?? "a service")
        switch service["type"]?.string {
        case "cron", "cron_job":
            let schedule = ConfigNode.printable(service["schedule"]?.scalar ?? "")
            let command = ConfigNode.printable((service["startCommand"] ?? service["dockerCommand"])?.string ?? "")
            return "cron job \(name) (\(schedule): \(command)): run it by a scheduler in a process group of its own"
        case "redis", "keyvalue": return "\(name) is a Redis: have it elsewhere, and set its address as a secret"
        case _ where isStatic(service): return "\(name) is a static site: deploy it on its own"
        default: return "\(name) is built another way: import it as another app"
        }
    }

    private static func readImage(_ main: ConfigNode, _ app: inout ImportedApp) {
        let runtime = (main["runtime"] ?? main["env"])?.string ?? "docker"
        app.region = region(main["region"]?.string, &app)
        if let image = main.at("image", "url")?.string {
            app.image = image
        } else if runtime == "docker" {
            app.dockerfile = main["dockerfilePath"]?.string
        } else {
            let command = ConfigNode.printable(main["buildCommand"]?.string ?? "")
            app.notes.append(
                "runtime \(ConfigNode.printable(runtime)), built by (\(command)): `roost launch` writes a Dockerfile"
            )
        }
        if let folder = main["rootDir"]?.string ?? main["dockerContext"]?.string, ![".", "./", ""].contains(folder) {
            app.notes.append("built from \(ConfigNode.printable(folder)): keep the fly.toml there")
        }
    }

    private static func add(_ service: ConfigNode, isMain: Bool, _ root: ConfigNode, _ app: inout ImportedApp) {
        let name = service["name"]?.string ?? (isMain ? "web" : "worker")
        var group = ImportedApp.Group(isMain && service["type"]?.string == "web" ? "web" : name)
        // Render tells an app its port, 10000 unless it is set.
        let port = service["envVars"]?.items.first { $0["key"]?.string == "PORT" }?["value"]?.scalar.flatMap { Int($0) }
        let known = port.flatMap { (1...65_535).contains($0) ? $0 : nil } ?? 10_000
        if service["type"]?.string == "web", isMain {
            group.port = known
            app.environment.set("PORT", String(known))
            group.check = service["healthCheckPath"]?.string.flatMap { path in
                HTTPText.isTarget(path) ? ImportedApp.Check(path: path) : nil
            }
        }
        if let line = (service["startCommand"] ?? service["dockerCommand"])?.string {
            group.command = ImportedCommand.shell(line, port: known)
        }
        group.guest = guest(service["plan"]?.string)
        if let plan = service["plan"]?.string, group.guest == nil {
            app.notes.append("plan \(ConfigNode.printable(plan)) of \(name) is not known: choose a size in [[vm]]")
        }
        group.least = (service["numInstances"] ?? service.at("scaling", "minInstances"))?.scalar.flatMap { Int($0) }
        if let disk = service["disk"] { readDisk(disk, &group, &app) }
        readEnvironment(service, root, &app)
        if isMain {
            for domain in service["domains"]?.items.compactMap(\.string) ?? [] where HostName.isValid(domain) {
                app.hostnames.append(domain.lowercased())
            }
            if let line = service["preDeployCommand"]?.string {
                app.release = ImportedCommand.shell(line, port: known)
            }
            app.killSeconds = service["maxShutdownDelaySeconds"]?.scalar.flatMap { Int($0) }
        }
        readRest(service, &app)
        app.groups.append(group)
    }

    private static func readDisk(_ disk: ConfigNode, _ group: inout ImportedApp.Group, _ app: inout ImportedApp) {
        let size = disk["sizeGB"]?.scalar.flatMap { Int($0) } ?? 10
        guard let path = disk["mountPath"]?.string.flatMap(ImportedApp.mountPath) else {
            app.notes.append("the disk of \(ConfigNode.printable(group.name)) lies where no Machine can have a volume")
            return
        }
        group.mounts = [(ImportedApp.volumeName(disk["name"]?.string ?? "data"), path, size)]
    }

    private static func readEnvironment(_ service: ConfigNode, _ root: ConfigNode, _ app: inout ImportedApp) {
        for variable in service["envVars"]?.items ?? [] {
            if let group = variable["fromGroup"]?.string {
                let found = root["envVarGroups"]?.items.first { $0["name"]?.string == group }
                if found == nil {
                    app.notes.append("variables of the group \(ConfigNode.printable(group)) are not in the file")
                }
                for inner in found?["envVars"]?.items ?? [] { read(inner, &app) }
            } else {
                read(variable, &app)
            }
        }
    }

    private static func read(_ variable: ConfigNode, _ app: inout ImportedApp) {
        guard let key = variable["key"]?.string else { return }
        if let value = variable["value"]?.scalar {
            app.environment.set(key, value)
        } else {
            // Made up, asked for, or of a database: a secret each time.
            app.environment.need(key, isSecret: true)
        }
    }

    private static func readRest(_ service: ConfigNode, _ app: inout ImportedApp) {
        let known: Set<String> = [
            "type", "name", "runtime", "env", "plan", "region", "buildCommand", "startCommand", "dockerCommand",
            "image",
            "dockerfilePath", "dockerContext", "rootDir", "healthCheckPath", "numInstances", "disk", "envVars",
            "domains",
            "preDeployCommand", "maxShutdownDelaySeconds", "repo", "branch", "autoDeploy", "autoDeployTrigger",
        ]
        var names = service.entries.map(\.key).filter { !known.contains($0) && $0 != "scaling" }
        if service.at("scaling", "maxInstances") != nil { names.append("scaling up to a number") }
        guard !names.isEmpty else { return }
        let name = ConfigNode.printable(service["name"]?.string ?? "a service")
        app.notes.append("\(name): not taken over: \(ConfigNode.printable(names.joined(separator: ", ")))")
    }

    // MARK: - Names of theirs

    /// The nearest of Fly's regions.
    private static func region(_ name: String?, _ app: inout ImportedApp) -> String? {
        guard let name else { return nil }
        let regions = ["frankfurt": "fra", "oregon": "sea", "ohio": "ord", "virginia": "iad", "singapore": "sin"]
        if regions[name] == nil {
            app.notes.append("region \(ConfigNode.printable(name)) is not known: set primary_region")
        }
        return regions[name]
    }

    /// > Source: Render's pricing page, instance types.
    private static func guest(_ plan: String?) -> MachineConfig.Guest? {
        switch plan {
        case "free", "starter": ImportedApp.guest(cpus: 0.5, memoryMiB: 512)
        case "standard": ImportedApp.guest(cpus: 1, memoryMiB: 2048)
        case "pro": ImportedApp.guest(cpus: 2, memoryMiB: 4096)
        case "pro plus", "pro_plus": ImportedApp.guest(cpus: 4, memoryMiB: 8192)
        case "pro max", "pro_max": ImportedApp.guest(cpus: 4, memoryMiB: 16384)
        case "pro ultra", "pro_ultra": ImportedApp.guest(cpus: 8, memoryMiB: 32768)
        default: nil
        }
    }
}
