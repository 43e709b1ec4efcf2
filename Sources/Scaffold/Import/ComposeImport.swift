import Model
import Toolkit

/// Reads a Compose file: its services become process groups, a release command, or a note.
struct ComposeImport {
    private let root: ConfigNode
    private let file: String
    private var services: [ComposeService] = []

    /// - Parameters:
    ///   - root: the file's content.
    ///   - file: its name, for messages.
    ///   - read: the text of a file beside it, for the Dockerfiles that it names.
    /// - Throws: ``Fault`` when it has no services.
    init(_ root: ConfigNode, file: String, read: (String) -> String? = { _ in nil }) throws(Fault) {
        self.root = root
        self.file = file
        // Its builds are looked for beside it.
        for service in Compose(root, path: "").services {
            let path = service.build?.dockerfile
            let dockerfile = path.flatMap { path in read(path).map { Dockerfile.parse($0, path: path) } }
            services.append(ComposeService(service, dockerfile: dockerfile))
        }
        guard !services.isEmpty else { throw Fault(.invalidConfig, "\(file): expected services, found none") }
    }

    func app(named name: String) throws(Fault) -> ImportedApp {
        var app = ImportedApp(name: root["name"]?.string.map(ComposeText.value)?.text ?? name, source: file)
        let own = services.filter { $0.role == .app }
        guard let main = main(of: own) else { throw Fault(.invalidConfig, "\(file): no service of it is the app") }
        app.environment.lostHosts = Set(services.filter { $0.role != .app }.map(\.name))
        readImage(main, &app)
        let migration = releaseService(own, main)
        for service in services where service.name != migration?.name { add(service, main, &app) }
        if let migration { readRelease(migration, &app) }
        for service in services { app.hostnames += service.hosts.filter { !app.hostnames.contains($0) } }
        readRest(&app)
        return app
    }

    // MARK: - Which is which

    /// The service that requests are for: built here, with a port, named as such.
    private func main(of services: [ComposeService]) -> ComposeService? {
        let names = ["web", "app", "api", "backend", "server"]
        func score(_ service: ComposeService) -> Int {
            (service.ports.isEmpty ? 0 : 8) + (service.node["build"] == nil ? 0 : 4)
                + (names.contains(service.name) ? 2 : 0) + (service.exposed == nil ? 0 : 1)
                + (service.startsServer ? 8 : 0) - (service.isFront ? 8 : 0)
        }
        let best = services.map(score).max()
        return services.first { score($0) == best }
    }

    /// A service that others wait for until it has ended, or one that is named as a migration and does not go on.
    private func releaseService(_ own: [ComposeService], _ main: ComposeService) -> ComposeService? {
        let awaited = Set(services.flatMap(\.completed))
        return own.first { service in
            guard service.name != main.name, service.command != nil, service.isSameImage(as: main) else { return false }
            return awaited.contains(service.name)
                || (service.name.contains("migrat") && ["no", "false"].contains(service.node["restart"]?.scalar ?? ""))
        }
    }

    // MARK: - Reading

    private func readImage(_ main: ComposeService, _ app: inout ImportedApp) {
        guard let build = main.node["build"] else {
            app.image = main.node["image"]?.string.map(ComposeText.value)?.text
            if app.image == nil { app.notes.append("the image of \(main.name) is a variable: name it in [build]") }
            return
        }
        let context = build.string ?? build["context"]?.string ?? "."
        if ![".", "./"].contains(context) {
            app.notes.append("\(main.name) is built from \(ConfigNode.printable(context)): keep the fly.toml there")
        }
        app.dockerfile = build["dockerfile"]?.string.map(ComposeText.value)?.text
        app.target = build["target"]?.string.map(ComposeText.value)?.text
        for argument in Compose.pairs(build["args"]) {
            if let value = argument.value.flatMap({ ComposeText.value($0).text }) {
                app.arguments.append((argument.name, value))
            } else {
                app.notes.append("the build argument \(ConfigNode.printable(argument.name)) has no value in the file")
            }
        }
    }

    private func add(_ service: ComposeService, _ main: ComposeService, _ app: inout ImportedApp) {
        switch service.role {
        case .proxy:
            app.notes.append("\(service.title): Fly's own proxy takes its place, with TLS and HTTP/2")
        case .backing:
            app.notes.append(
                "\(service.title): have it elsewhere or as an app of its own, and set its address as a secret"
            )
            if let folder = service.namedVolumes.first {
                app.notes.append("\(service.name) keeps data in the volume \(folder): move it over")
            }
        case .app where !service.isSameImage(as: main):
            app.notes.append("\(service.title) has an image of its own: import it as another app")
        case .app: addGroup(service, isMain: service.name == main.name, &app)
        }
    }

    private func addGroup(_ service: ComposeService, isMain: Bool, _ app: inout ImportedApp) {
        var group = ImportedApp.Group(service.name)
        if isMain {
            group.port =
                service.ports.first?.internal ?? service.exposed ?? service.commandPort ?? ImportedApp.defaultPort
        }
        group.command = service.command(port: group.port)
        let others = isMain ? Array(service.ports.dropFirst()) : service.ports
        group.ports = others.map { (external: $0.external ?? $0.internal, internal: $0.internal) }
        group.guest = service.guest
        group.least = service.replicas
        group.restart = service.restart
        if isMain {
            group.check = service.check(&app)
            app.killSignal = service.node["stop_signal"]?.string.flatMap(MachineConfig.Signal.init)
            app.killSeconds = service.node["stop_grace_period"]?.scalar.flatMap(ImportedApp.seconds)
        }
        if let replicas = service.replicas, replicas != 1, !isMain {
            app.notes.append("\(service.name) runs \(replicas) times: a first deploy makes fewer Machines of it")
        }
        group.mounts = service.mounts(&app)
        service.readEnvironment(&app)
        app.notes += service.leftOver
        app.groups.append(group)
    }

    private func readRelease(_ service: ComposeService, _ app: inout ImportedApp) {
        app.release = service.command(port: nil)
        service.readEnvironment(&app)
        if !service.namedVolumes.isEmpty {
            app.notes.append("the release command runs without volumes; \(service.name) had some")
        }
    }

    private func readRest(_ app: inout ImportedApp) {
        for entry in root["secrets"]?.entries ?? [] {
            app.notes.append(
                "secret \(ConfigNode.printable(entry.key)) was a file: here it is a variable, whose value a deploy asks for"
            )
        }
        for entry in root["configs"]?.entries ?? [] {
            app.notes.append("config \(ConfigNode.printable(entry.key)) was a file: put it into the image")
        }
        if root["include"] != nil { app.notes.append("include: the other files are not read") }
    }
}
