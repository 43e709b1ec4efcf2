import Model

/// Reads manifests of Kubernetes: each workload becomes a process group.
struct KubernetesImport {
    let objects: [ConfigNode]
    private let file: String

    init(_ documents: [ConfigNode], file: String) throws(Fault) {
        self.file = file
        // `kubectl get -o yaml` puts all of them into one list.
        objects = documents.flatMap { $0["kind"]?.string == "List" ? $0["items"]?.items ?? [] : [$0] }
        guard objects.contains(where: { $0["kind"] != nil }) else {
            throw Fault(.invalidConfig, "\(file): expected objects with a kind, found none")
        }
    }

    func app(named name: String) throws(Fault) -> ImportedApp {
        let workloads = objects.filter {
            ["Deployment", "StatefulSet", "ReplicaSet", "Pod"].contains($0["kind"]?.string ?? "")
        }
        guard let main = workloads.first(where: { service(for: $0) != nil }) ?? workloads.first else {
            throw Fault(.invalidConfig, "\(file): no Deployment, StatefulSet or Pod in it")
        }
        var app = ImportedApp(name: main.at("metadata", "name")?.string ?? name, source: file)
        let image = KubernetesPod(main, self).container?["image"]?.string
        app.image = image
        for workload in workloads {
            let pod = KubernetesPod(workload, self)
            guard workload == main || pod.container?["image"]?.string == image else {
                app.notes.append("\(Self.title(workload)) runs another image: import it as another app")
                continue
            }
            add(pod, isMain: workload == main, &app)
        }
        for object in objects where !workloads.contains(object) { read(object, &app) }
        return app
    }

    // MARK: - What belongs together

    /// The Service that selects a workload's Pods.
    func service(for workload: ConfigNode) -> ConfigNode? {
        let labels = KubernetesPod.template(of: workload)?.at("metadata", "labels")?.entries ?? []
        return objects.first { object in
            guard object["kind"]?.string == "Service", let selector = object.at("spec", "selector")?.entries,
                !selector.isEmpty
            else { return false }
            return selector.allSatisfy { pair in
                labels.contains { $0.key == pair.key && $0.node.scalar == pair.node.scalar }
            }
        }
    }

    func object(_ kind: String, named name: String?) -> ConfigNode? {
        objects.first { $0["kind"]?.string == kind && $0.at("metadata", "name")?.string == name }
    }

    static func title(_ object: ConfigNode) -> String {
        let name = object.at("metadata", "name")?.string ?? ""
        return ConfigNode.printable("\(object["kind"]?.string ?? "object") \(name)")
    }

    // MARK: - Reading

    private func add(_ pod: KubernetesPod, isMain: Bool, _ app: inout ImportedApp) {
        guard let container = pod.container else {
            app.notes.append("\(Self.title(pod.workload)) has no container")
            return
        }
        let service = service(for: pod.workload)
        var group = ImportedApp.Group(pod.workload.at("metadata", "name")?.string ?? "app")
        let ports = pod.ports(service)
        if isMain {
            group.port = ports.first?.internal
            group.check = pod.check(&app)
            app.killSeconds = pod.spec?["terminationGracePeriodSeconds"]?.scalar.flatMap { Int($0) }
            readRelease(pod, &app)
        }
        let others = isMain ? Array(ports.dropFirst()) : ports
        if service?.at("spec", "type")?.string == "LoadBalancer" {
            group.ports = others
        } else if let first = others.first {
            app.notes.append(
                "port \(first.internal) of \(group.name) is for the inside of the cluster alone, and is left out"
            )
        }
        group.command = pod.command(&app)
        group.guest = pod.guest
        group.least = pod.workload.at("spec", "replicas")?.scalar.flatMap { Int($0) }
        if let count = group.least, count != 1, group.port == nil {
            app.notes.append(
                "\(group.name) has \(count) replicas: a first deploy makes fewer Machines of it"
            )
        }
        group.mounts = pod.mounts(&app)
        pod.readEnvironment(container, &app)
        app.notes += pod.leftOver
        app.groups.append(group)
    }

    /// An init container of the same image does before each start what a release command does once.
    private func readRelease(_ pod: KubernetesPod, _ app: inout ImportedApp) {
        for container in pod.spec?["initContainers"]?.items ?? [] {
            let words = (container["command"]?.items ?? []) + (container["args"]?.items ?? [])
            let name = ConfigNode.printable(container["name"]?.string ?? "")
            if container["image"]?.string == pod.container?["image"]?.string, !words.isEmpty, app.release == nil {
                app.release = ImportedCommand.words(words.compactMap(\.scalar), port: nil)
                pod.readEnvironment(container, &app)
            } else {
                app.notes.append("init container \(name): do what it does in the image or in the release command")
            }
        }
    }

    private func read(_ object: ConfigNode, _ app: inout ImportedApp) {
        switch object["kind"]?.string {
        case "Service", "ConfigMap", "PersistentVolumeClaim", nil: break
        case "Secret":
            let names = (object["data"]?.entries ?? []) + (object["stringData"]?.entries ?? [])
            for name in names.map(\.key) { app.environment.need(name, isSecret: true) }
        case "Ingress":
            for rule in object.at("spec", "rules")?.items ?? [] {
                guard let host = rule["host"]?.string, HostName.isValid(host) else { continue }
                if !app.hostnames.contains(host.lowercased()) { app.hostnames.append(host.lowercased()) }
            }
        case "HorizontalPodAutoscaler":
            let least = object.at("spec", "minReplicas")?.scalar.flatMap { Int($0) } ?? 1
            let target = object.at("spec", "scaleTargetRef", "name")?.string
            if let index = app.groups.firstIndex(where: { $0.name == target }) { app.groups[index].least = least }
            let most = object.at("spec", "maxReplicas")?.scalar ?? "?"
            app.notes.append(
                "\(Self.title(object)): up to \(ConfigNode.printable(most)); Machines are started and stopped, never made"
            )
        case "Job" where isMigration(object):
            let container = object.at("spec", "template", "spec", "containers")?.items.first
            let words = (container?["command"]?.items ?? []) + (container?["args"]?.items ?? [])
            app.release = ImportedCommand.words(words.compactMap(\.scalar), port: nil)
        default: app.notes.append("\(Self.title(object)) has no place in a fly.toml")
        }
    }

    private func isMigration(_ job: ConfigNode) -> Bool {
        let container = job.at("spec", "template", "spec", "containers")?.items.first
        let words = (container?["command"]?.items ?? []) + (container?["args"]?.items ?? [])
        return !words.isEmpty && (job.at("metadata", "name")?.string ?? "").contains("migrat")
    }
}
