import Model
import Toolkit

extension KubernetesExport {
    /// A Deployment, or a StatefulSet for what has a volume.
    func workload(_ unit: ExportPlan.Unit) -> Tree {
        let selector: Tree = ["matchLabels": labels(unit)]
        let template: Tree = ["metadata": ["labels": labels(unit)], "spec": pod(unit)]
        let metadata: Tree = ["name": .string(name(unit)), "labels": labels(unit)]
        guard unit.volumes.isEmpty else {
            return [
                "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata,
                "spec": [
                    "serviceName": .string(name(unit)), "replicas": 1, "revisionHistoryLimit": 5,
                    "selector": selector, "template": template,
                    "volumeClaimTemplates": .list(unit.volumes.map(Self.claim)),
                ],
            ]
        }
        let isSingle = unit.isSingleton || (unit.name == plan.web?.name && !plan.singleReasons.isEmpty)
        let rolling: Tree = ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0]]
        var spec: Tree = [:]
        if unit.isOptional {
            spec = spec.with("replicas", 0)
        } else if unit.name != plan.web?.name || isSingle {
            spec = spec.with("replicas", .integer(isSingle ? 1 : unit.replicas))
        }
        spec = spec.with("revisionHistoryLimit", 5)
            .with("progressDeadlineSeconds", .integer(max(plan.config?.deploy.waitTimeout.seconds ?? 600, 1)))
            .with("strategy", isSingle ? ["type": "Recreate"] : rolling)
            .with("selector", selector)
            .with("template", template)
        return ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec]
    }

    /// A Job, where the release command may not run in several Pods at once or the user asks for one.
    var usesJob: Bool {
        guard let release = plan.release else { return false }
        // A volume is one Pod's alone, and that Pod has nobody to race with.
        guard plan.web?.volumes.isEmpty ?? true else { return false }
        return plan.options.migrationJob || !release.takesLock || plan.web == nil
    }

    var migrationJob: Tree? {
        guard let release = plan.release, usesJob else { return nil }
        var unit = plan.web ?? plan.units[0]
        unit.volumes = []
        var spec = podBasics.with("restartPolicy", "Never")
        spec = spec.with("containers", [releaseContainer(release, unit)]).with("volumes", volumes(unit))
        let labels: Tree = [
            "app.kubernetes.io/name": .string(plan.name), "app.kubernetes.io/component": "migrate",
        ]
        return object("batch/v1", "Job", "\(plan.name)-migrate")
            .with(
                "spec",
                [
                    "backoffLimit": 0,
                    "activeDeadlineSeconds": release.timeoutSeconds > 0 ? .integer(release.timeoutSeconds) : nil,
                    "ttlSecondsAfterFinished": 86400,
                    "template": ["metadata": ["labels": labels], "spec": spec],
                ]
            )
    }

    // MARK: - Private

    private static func claim(_ volume: ExportPlan.Volume) -> Tree {
        [
            "metadata": ["name": .string(volume.name)],
            "spec": [
                "accessModes": ["ReadWriteOnce"],
                "resources": ["requests": ["storage": .string("\(volume.sizeGB)Gi")]],
            ],
        ]
    }

    private var podBasics: Tree {
        let user: Tree? = plan.isStrict ? 10001 : nil
        var security: Tree = [
            "runAsNonRoot": true, "runAsUser": user, "runAsGroup": user, "fsGroup": 10001,
            "seccompProfile": ["type": "RuntimeDefault"],
        ]
        if let port = plan.web?.port, port < 1024 {
            let open: Tree = ["name": "net.ipv4.ip_unprivileged_port_start", "value": "0"]
            security = security.with("sysctls", [open])
        }
        return ["automountServiceAccountToken": false, "securityContext": security]
    }

    private func pod(_ unit: ExportPlan.Unit) -> Tree {
        // Draining comes before the signal, so both have to fit.
        let grace = plan.graceSeconds + ShutdownLadder(plan.facts).drainSeconds + 5
        let spread: Tree = [
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": ["matchLabels": labels(unit)],
        ]
        var spec = podBasics.with("terminationGracePeriodSeconds", .integer(grace))
        if !unit.isSingleton { spec = spec.with("topologySpreadConstraints", [spread]) }
        if unit.name == plan.web?.name, let release = plan.release, !usesJob {
            spec = spec.with("initContainers", [releaseContainer(release, unit)])
        }
        return spec.with("containers", [container(unit)]).with("volumes", volumes(unit))
    }

    private var image: Tree { plan.image.map(Tree.string) ?? .template("${IMAGE}") }

    private var security: Tree {
        [
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": plan.isStrict ? true : nil,
            "capabilities": ["drop": ["ALL"]],
        ]
    }

    /// Words in which the kubelet puts in no variables.
    private static func words(_ words: [String]) -> Tree {
        .strings(words.map { $0.replacing("$(", with: "$$(") })
    }

    private var environmentSources: Tree {
        var sources: [Tree] = []
        if !plan.variables.isEmpty {
            let names = plan.variables.map { $0.isRequired ? $0.name : "\($0.name) (if used)" }
            let reference: Tree = ["name": .string(plan.name)]
            sources.append(.table([.init("secretRef", reference, comment: names.joined(separator: ", "))]))
        }
        sources.append(["configMapRef": ["name": .string(plan.name)]])
        return .list(sources)
    }

    private func releaseContainer(_ release: ExportPlan.Release, _ unit: ExportPlan.Unit) -> Tree {
        [
            "name": "migrate",
            "image": image,
            "command": plan.config?.overrides.entrypoint.map(Self.words),
            "args": Self.words(release.command),
            "workingDir": release.workingDirectory.map(Tree.string),
            "envFrom": environmentSources,
            "securityContext": security,
            "resources": Self.resources(release.guest ?? unit.guest),
            "volumeMounts": mounts(unit),
        ]
    }

    private func container(_ unit: ExportPlan.Unit) -> Tree {
        let isWeb = unit.name == plan.web?.name
        var ports: [Tree] = unit.port.map { [["name": "http", "containerPort": .integer($0)]] } ?? []
        var known = Set([unit.port].compactMap { $0 })
        for port in unit.ports where known.insert(port.internal).inserted {
            ports.append(["containerPort": .integer(port.internal)])
        }
        var container: Tree = [
            "name": .string(unit.name),
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "command": unit.entrypoint.map(Self.words),
            "args": unit.command.map(Self.words),
            "ports": Tree.list(ports).orNil,
            "envFrom": environmentSources,
            "securityContext": security,
            "resources": Self.resources(unit.guest),
        ]
        if isWeb { container = container.merging(probes) }
        if unit.port != nil {
            let drain = ShutdownLadder(plan.facts).drainSeconds
            container = container.with("lifecycle", ["preStop": ["sleep": ["seconds": .integer(drain)]]])
        }
        return container.with("volumeMounts", mounts(unit))
    }

    /// Memory is a limit as well as a request; a limit on CPU would only slow the event loop down.
    private static func resources(_ guest: MachineConfig.Guest) -> Tree {
        let memory: Tree = .string("\(guest.memoryMiB)Mi")
        let cpu = guest.cpus * (guest.cpuKind == .shared ? 250 : 1000)
        return ["requests": ["cpu": .string("\(cpu)m"), "memory": memory], "limits": ["memory": memory]]
    }

    private var probes: Tree {
        let live = action(plan.probe.live)
        let period = max(1, min(plan.probe.intervalSeconds, 10))
        let timeout = max(1, min(plan.probe.timeoutSeconds, 60))
        return [
            // Two seconds a try: what takes longer to start than its grace period and a minute is given up.
            "startupProbe": live.merging([
                "periodSeconds": 2, "timeoutSeconds": .integer(timeout),
                "failureThreshold": .integer(30 + plan.probe.graceSeconds / 2),
            ]),
            "livenessProbe": live.merging([
                "periodSeconds": .integer(period), "timeoutSeconds": .integer(timeout), "failureThreshold": 3,
            ]),
            "readinessProbe": action(plan.probe.ready).merging([
                "periodSeconds": .integer(max(1, min(period, 5))), "timeoutSeconds": .integer(timeout),
                "failureThreshold": 2,
            ]),
        ]
    }

    private func action(_ path: String?) -> Tree {
        guard let path else { return ["tcpSocket": ["port": "http"]] }
        let headers = plan.probeHeaders.map { header -> Tree in
            ["name": .string(header.name), "value": .string(header.value)]
        }
        return [
            "httpGet": ["path": .string(path), "port": "http", "httpHeaders": Tree.list(headers).orNil]
        ]
    }

    private func mounts(_ unit: ExportPlan.Unit) -> Tree {
        var mounts: [Tree] = [["name": "tmp", "mountPath": "/tmp"]]
        for volume in unit.volumes {
            mounts.append(["name": .string(volume.name), "mountPath": .string(volume.path)])
        }
        for (index, path) in unit.scratch.enumerated() {
            mounts.append(["name": .string("scratch-\(index)"), "mountPath": .string(path)])
        }
        return .list(mounts)
    }

    /// Those that a Pod brings along; claims come from the StatefulSet.
    private func volumes(_ unit: ExportPlan.Unit) -> Tree {
        var volumes: [Tree] = [["name": "tmp", "emptyDir": ["sizeLimit": .string("\(plan.temporaryMiB)Mi")]]]
        for index in unit.scratch.indices {
            volumes.append(["name": .string("scratch-\(index)"), "emptyDir": ["sizeLimit": "1Gi"]])
        }
        return .list(volumes)
    }
}
