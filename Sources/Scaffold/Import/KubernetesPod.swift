import Model

/// What a workload runs.
struct KubernetesPod {
    let workload: ConfigNode
    private let manifests: KubernetesImport

    init(_ workload: ConfigNode, _ manifests: KubernetesImport) {
        self.workload = workload
        self.manifests = manifests
    }

    static func template(of workload: ConfigNode) -> ConfigNode? {
        workload["kind"]?.string == "Pod" ? workload : workload.at("spec", "template")
    }

    var spec: ConfigNode? { Self.template(of: workload)?["spec"] }

    var container: ConfigNode? { spec?["containers"]?.items.first }

    // MARK: - Command and size

    func command(_ app: inout ImportedApp) -> String? {
        let program = container?["command"]?.items.compactMap(\.scalar) ?? []
        let words = program + (container?["args"]?.items.compactMap(\.scalar) ?? [])
        guard !words.isEmpty else { return nil }
        if !program.isEmpty {
            app.notes.append(
                "\(name): on Fly the image's ENTRYPOINT, if it has one, runs first with this command as its words"
            )
        }
        if words.contains(where: { $0.contains(/(?:^|[^$])\$\([A-Za-z_]/) }) {
            app.notes.append("\(name): variables in $(…) are not put in on Fly")
        }
        return ImportedCommand.words(words.map { $0.replacing("$$(", with: "$(") }, port: nil)
    }

    private var name: String { ConfigNode.printable(workload.at("metadata", "name")?.string ?? "app") }

    var guest: MachineConfig.Guest? {
        let limits = container?.at("resources", "limits")
        let requests = container?.at("resources", "requests")
        return ImportedApp.guest(
            cpus: (limits?["cpu"] ?? requests?["cpu"])?.scalar.flatMap(ImportedApp.cpus),
            memoryMiB: (limits?["memory"] ?? requests?["memory"])?.scalar.flatMap(ImportedApp.mebibytes)
        )
    }

    // MARK: - Network

    /// Ports that a Service leads to, else those of the container; the one for HTTP first.
    func ports(_ service: ConfigNode?) -> [(external: Int, internal: Int)] {
        var ports: [(external: Int, internal: Int)] = []
        for item in service?.at("spec", "ports")?.items ?? [] where item["protocol"]?.string != "UDP" {
            guard let external = number(item["port"]) else { continue }
            if let target = number(item["targetPort"]) ?? number(named: item["targetPort"]?.string)
                ?? number(item["port"])
            {
                ports.append((external, target))
            }
        }
        if service == nil {
            for item in container?["ports"]?.items ?? [] where item["protocol"]?.string != "UDP" {
                if let port = number(item["containerPort"]) { ports.append((port, port)) }
            }
        }
        return ports
    }

    private func number(_ node: ConfigNode?) -> Int? {
        node?.scalar.flatMap { Int($0) }.flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    private func number(named name: String?) -> Int? {
        guard let name else { return nil }
        return number(container?["ports"]?.items.first { $0["name"]?.string == name }?["containerPort"])
    }

    /// The readiness probe, as it decides about traffic, else the liveness probe.
    func check(_ app: inout ImportedApp) -> ImportedApp.Check? {
        guard let probe = container?["readinessProbe"] ?? container?["livenessProbe"] else { return nil }
        guard let path = probe.at("httpGet", "path")?.string else {
            app.notes.append("\(name): its probe asks no path over HTTP; add a check")
            return nil
        }
        guard HTTPText.isTarget(path) else {
            app.notes.append("\(name): the path \(ConfigNode.quoted(path)) can't stand in a request")
            return nil
        }
        func seconds(_ key: String) -> Int? { probe[key]?.scalar.flatMap { Int($0) } }
        let startup = container?["startupProbe"]
        let tries = startup?["failureThreshold"]?.scalar.flatMap { Int($0) } ?? 0
        let period = startup?["periodSeconds"]?.scalar.flatMap { Int($0) } ?? 10
        return ImportedApp.Check(
            path: path,
            intervalSeconds: seconds("periodSeconds"),
            timeoutSeconds: seconds("timeoutSeconds"),
            graceSeconds: startup == nil
                ? seconds("initialDelaySeconds") : min(max(tries, 1), 60) * min(max(period, 1), 60)
        )
    }

    // MARK: - Volumes

    func mounts(_ app: inout ImportedApp) -> [(name: String, path: String, sizeGB: Int)] {
        var mounts: [(name: String, path: String, sizeGB: Int)] = []
        for item in container?["volumeMounts"]?.items ?? [] {
            guard let volume = item["name"]?.string, let target = item["mountPath"]?.string else { continue }
            let source = spec?["volumes"]?.items.first { $0["name"]?.string == volume }
            let claim = workload.at("spec", "volumeClaimTemplates")?.items.first {
                $0.at("metadata", "name")?.string == volume
            }
            let named = source?.at("persistentVolumeClaim", "claimName")?.string
            guard claim != nil || named != nil else {
                let kind = source?.entries.map(\.key).first { $0 != "name" } ?? "volume"
                if kind != "emptyDir" {
                    app.notes.append(
                        "\(name): \(ConfigNode.printable("\(kind) at \(target)")) has no place on a Machine"
                    )
                }
                continue
            }
            let wanted = (claim ?? manifests.object("PersistentVolumeClaim", named: named))?
                .at("spec", "resources", "requests", "storage")?.scalar.flatMap(ImportedApp.mebibytes)
            guard let path = ImportedApp.mountPath(target) else {
                app.notes.append("\(name): \(ConfigNode.quoted(target)) is no place for a volume")
                continue
            }
            mounts.append((ImportedApp.volumeName(volume), path, max(1, ((wanted ?? 1024) + 1023) / 1024)))
        }
        for mount in mounts.dropFirst() {
            app.notes.append(
                "\(name) mounts \(mount.name) at \(mount.path) too: a Machine has one volume, for the first one"
            )
        }
        return mounts
    }

    // MARK: - Environment

    func readEnvironment(_ container: ConfigNode, _ app: inout ImportedApp) {
        for source in container["envFrom"]?.items ?? [] {
            let prefix = source["prefix"]?.string ?? ""
            if let reference = source.at("configMapRef", "name")?.string {
                guard let map = manifests.object("ConfigMap", named: reference) else {
                    app.notes.append(
                        "ConfigMap \(ConfigNode.printable(reference)) is not in the file: set its values in [env]"
                    )
                    continue
                }
                for entry in map["data"]?.entries ?? [] {
                    app.environment.set(prefix + entry.key, entry.node.scalar ?? "")
                }
            } else if let reference = source.at("secretRef", "name")?.string {
                guard manifests.object("Secret", named: reference) == nil else { continue }
                app.notes.append(
                    "Secret \(ConfigNode.printable(reference)): its keys are variables that a deploy asks for"
                )
            }
        }
        for item in container["env"]?.items ?? [] {
            guard let name = item["name"]?.string else { continue }
            if let value = item["value"]?.scalar {
                app.environment.set(name, value)
            } else if let reference = item.at("valueFrom", "configMapKeyRef") {
                let map = manifests.object("ConfigMap", named: reference["name"]?.string)
                let value = reference["key"]?.string.flatMap { map?["data"]?[$0]?.scalar }
                if let value { app.environment.set(name, value) } else { app.environment.need(name) }
            } else if item.at("valueFrom", "secretKeyRef") != nil {
                app.environment.need(name, isSecret: true)
            } else if item["valueFrom"] != nil {
                app.notes.append("variable \(ConfigNode.printable(name)) is a value of the cluster, and is left out")
            } else {
                app.environment.set(name, "")
            }
        }
    }

    // MARK: - The rest

    private static let knownOfPod: Set<String> = [
        "containers", "initContainers", "volumes", "terminationGracePeriodSeconds", "restartPolicy",
        "automountServiceAccountToken", "dnsPolicy", "schedulerName", "enableServiceLinks",
    ]
    private static let knownOfContainer: Set<String> = [
        "name", "image", "imagePullPolicy", "command", "args", "ports", "env", "envFrom", "resources", "volumeMounts",
        "readinessProbe", "livenessProbe", "startupProbe",
    ]

    /// What has no place in a `fly.toml`, in one sentence.
    var leftOver: [String] {
        var names = (spec?["containers"]?.items.dropFirst() ?? []).map { "container \($0["name"]?.string ?? "")" }
        names += (spec?.entries ?? []).map(\.key).filter { !Self.knownOfPod.contains($0) }
        names += (container?.entries ?? []).map(\.key).filter {
            !Self.knownOfContainer.contains($0) && !names.contains($0)
        }
        if let strategy = workload.at("spec", "strategy", "type")?.string, strategy != "RollingUpdate" {
            names.append("strategy \(strategy)")
        }
        return names.isEmpty ? [] : ["\(name): not taken over: \(ConfigNode.printable(names.joined(separator: ", ")))"]
    }
}
