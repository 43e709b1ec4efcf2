import Model

/// What the places that an app is meant for give it: processors, memory, time to stop.
struct HostingLimits: Sendable {
    /// Of one machine or container, with the line that says so.
    struct Size: Sendable {
        var cpus: Double?
        var memoryMiB: Int?
        var place: Place
    }

    /// Seconds from the signal to the kill.
    struct Stop: Sendable {
        var seconds: Int
        /// Where it is set; nil for the platform's default.
        var place: Place?
        var platform: String
    }

    private(set) var sizes: [Size] = []
    private(set) var stops: [Stop] = []
    /// What scales by more copies of one process: Kubernetes, Cloud Run, ECS.
    private(set) var replicas: [String] = []

    init(_ context: AuditContext) {
        if context.concerns([.roost, .fly]) { addFly(context) }
        if context.concerns([.compose]) { addCompose(context) }
        if context.concerns([.k8s]) { addCluster(context) }
        if context.concerns([.ecs]), let task = context.taskDefinitions.first { addTask(task.path, task.node) }
        if context.concerns([.cloudrun]), let service = context.cloudRun.first(where: { $0.kind == "Service" }) {
            replicas.append("Cloud Run")
            stops.append(Stop(seconds: 10, place: nil, platform: "Cloud Run"))
            for container in service.containers { add(container, service.path) }
        }
        if context.isTargetGiven, context.target == .heroku {
            stops.append(Stop(seconds: 30, place: nil, platform: "Heroku"))
        }
    }

    // MARK: - Private

    private mutating func addFly(_ context: AuditContext) {
        guard let config = context.config, let path = context.configPath else { return }
        let node = context.documents[path]?.first
        let stop = config.stopConfig.timeout.duration.components.seconds
        let line = node?.entries.first { $0.key == "kill_timeout" }?.keyPosition.line
        stops.append(Stop(seconds: Int(stop), place: line.map { Place(path, $0) }, platform: path))
        guard let guest = config.guest(for: config.defaultGroup) else { return }
        let cpus = guest.cpuKind == .shared ? 1 : Double(guest.cpus)
        sizes.append(Size(cpus: cpus, memoryMiB: guest.memoryMiB, place: Place(path, node?["vm"]?.position.line)))
    }

    private mutating func addCompose(_ context: AuditContext) {
        for stack in context.stacks where stack.nature != .development {
            for service in stack.services where service.isApp && !service.isOneShot {
                let grace = service.node["stop_grace_period"]
                let seconds = grace?.scalar.flatMap(Self.seconds) ?? 10
                stops.append(
                    Stop(
                        seconds: seconds,
                        place: grace.map { Place(stack.path, $0.position.line) },
                        platform: stack.path
                    )
                )
                let limits = service.node.at("deploy", "resources", "limits")
                let cpus = limits?["cpus"]?.scalar.flatMap { Double($0) }
                let memory = (limits?["memory"] ?? service.node["mem_limit"])?.scalar.flatMap(Self.mebibytes)
                if cpus != nil || memory != nil {
                    sizes.append(
                        Size(cpus: cpus, memoryMiB: memory, place: stack.place(limits?.position.line ?? service.line))
                    )
                }
            }
        }
    }

    private mutating func addCluster(_ context: AuditContext) {
        for object in context.cluster where object.isWorkload {
            guard let spec = object.podSpec, object.containers.contains(where: { !isStore($0) }) else { continue }
            replicas.append("Kubernetes")
            let grace = spec["terminationGracePeriodSeconds"]
            let pause =
                object.containers.compactMap { $0.at("lifecycle", "preStop", "sleep", "seconds")?.integer }.max() ?? 0
            stops.append(
                Stop(
                    seconds: (grace?.integer ?? 30) - pause,
                    place: grace.map { object.place($0) },
                    platform: object.path
                )
            )
            for container in object.containers where !isStore(container) { add(container, object.path) }
        }
    }

    private mutating func addTask(_ path: String, _ node: ConfigNode) {
        replicas.append("ECS")
        let stop = node["containerDefinitions"]?.items.lazy.compactMap { $0["stopTimeout"] }.first
        stops.append(
            Stop(seconds: stop?.integer ?? 30, place: stop.map { Place(path, $0.position.line) }, platform: path)
        )
        let cpus = node["cpu"]?.integer.map { Double($0) / 1024 }
        if let memory = node["memory"]?.integer {
            sizes.append(Size(cpus: cpus, memoryMiB: memory, place: Place(path, node["memory"]?.position.line)))
        }
    }

    private mutating func add(_ container: ConfigNode, _ path: String) {
        guard let limits = container.at("resources", "limits") else { return }
        let cpus = limits["cpu"]?.scalar.flatMap { text in
            text.hasSuffix("m") ? Double(text.dropLast()).map { $0 / 1000 } : Double(text)
        }
        let memory = limits["memory"]?.scalar.flatMap(Self.mebibytes)
        if cpus != nil || memory != nil {
            sizes.append(Size(cpus: cpus, memoryMiB: memory, place: Place(path, limits.position.line)))
        }
    }

    private func isStore(_ container: ConfigNode) -> Bool {
        KnownService.isMentioned(in: container["image"]?.string ?? "")
    }

    /// `512M`, `1g`, `256Mi`, `1GiB`.
    static func mebibytes(_ text: String) -> Int? {
        let lower = text.lowercased()
        guard let number = Double(lower.prefix { $0.isNumber || $0 == "." }), number < 1e9 else { return nil }
        let unit = lower.drop { $0.isNumber || $0 == "." }.first
        switch unit {
        case "g": return Int(number * 1024)
        case "m": return Int(number)
        case "k": return Int(number / 1024)
        case nil, "b": return Int(number / 1_048_576)
        default: return nil
        }
    }

    /// `30s`, `1m30s`, `90`.
    static func seconds(_ text: String) -> Int? {
        var total = 0
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            guard let number = Double(digits), number < 1e7 else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            switch unit {
            case "h": total += Int(number * 3600)
            case "m": total += Int(number * 60)
            case "s", "": total += Int(number)
            case "ms", "us": break
            default: return nil
            }
        }
        return total
    }
}

extension AuditContext {
    var limits: HostingLimits { memo.value("limits") { HostingLimits(self) } }
}
