import Model

/// Manifests for Kubernetes 1.30 and later.
struct KubernetesExport {
    let plan: ExportPlan

    static func export(_ plan: ExportPlan) -> Generated {
        let export = KubernetesExport(plan: plan)
        var writer = TreeWriter()
        writer.hidesVariables = plan.image == nil
        var result = Generated()
        result.files.append(Artefact("k8s/app.yaml", writer.yaml(export.objects, stamp: plan.options.stamp)))
        if let job = export.migrationJob {
            result.files.append(Artefact("k8s/migrate.yaml", writer.yaml([job], stamp: plan.options.stamp)))
        }
        result.needed = export.needed
        result.notes = export.notes
        return result
    }

    /// In the order in which they are to be applied.
    private var objects: [Tree] {
        var objects = [configMap]
        for unit in plan.units {
            objects.append(workload(unit))
            if let service = service(unit) { objects.append(service) }
            if let service = publicPorts(unit) { objects.append(service) }
        }
        if let web = plan.web {
            if web.volumes.isEmpty, plan.singleReasons.isEmpty { objects.append(autoscaler(web)) }
            objects.append(disruptionBudget(web))
            objects.append(ingress(web))
        }
        return objects
    }

    // MARK: - Names

    /// The web process has the app's name, the others theirs behind it.
    func name(_ unit: ExportPlan.Unit) -> String {
        unit.name == plan.web?.name ? plan.name : "\(plan.name)-\(unit.name)"
    }

    func labels(_ unit: ExportPlan.Unit) -> Tree {
        ["app.kubernetes.io/name": .string(plan.name), "app.kubernetes.io/component": .string(unit.name)]
    }

    func object(_ version: String, _ kind: String, _ name: String) -> Tree {
        ["apiVersion": .string(version), "kind": .string(kind), "metadata": ["name": .string(name)]]
    }

    // MARK: - Around the processes

    private var configMap: Tree {
        var values = Tree.map(plan.env.map { ($0.name, $0.value) })
        let known = plan.env.map(\.name)
        for (name, value) in plan.serverValues(for: .kubernetes) where !known.contains(name) {
            values = values.with(name, value)
        }
        return object("v1", "ConfigMap", plan.name).with("data", values)
    }

    private func service(_ unit: ExportPlan.Unit) -> Tree? {
        guard unit.port != nil, unit.name == plan.web?.name || !unit.isOptional else { return nil }
        let port: Tree = ["name": "http", "port": 80, "targetPort": "http"]
        return object("v1", "Service", name(unit))
            .with("spec", ["type": "ClusterIP", "selector": labels(unit), "ports": [port]])
    }

    /// Ports that Fly's edge passes through to the outside.
    private func publicPorts(_ unit: ExportPlan.Unit) -> Tree? {
        guard !unit.ports.isEmpty else { return nil }
        let ports = unit.ports.map { port -> Tree in
            [
                "name": .string("p\(port.external)"), "port": .integer(port.external),
                "targetPort": .integer(port.internal),
            ]
        }
        return object("v1", "Service", "\(name(unit))-public")
            .with("spec", ["type": "LoadBalancer", "selector": labels(unit), "ports": .list(ports)])
    }

    private func autoscaler(_ web: ExportPlan.Unit) -> Tree {
        let least = max(2, web.replicas)
        let metric: Tree = [
            "type": "Resource",
            "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 70]],
        ]
        return object("autoscaling/v2", "HorizontalPodAutoscaler", plan.name)
            .with(
                "spec",
                [
                    "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": .string(plan.name)],
                    "minReplicas": .integer(least),
                    "maxReplicas": .integer(max(10, least)),
                    "metrics": [metric],
                    "behavior": ["scaleDown": ["stabilizationWindowSeconds": 300]],
                ]
            )
    }

    private func disruptionBudget(_ web: ExportPlan.Unit) -> Tree {
        object("policy/v1", "PodDisruptionBudget", plan.name)
            .with("spec", ["maxUnavailable": 1, "selector": ["matchLabels": labels(web)]])
    }

    private func ingress(_ web: ExportPlan.Unit) -> Tree {
        let backend: Tree = ["service": ["name": .string(plan.name), "port": ["name": "http"]]]
        let http: Tree = ["paths": [["path": "/", "pathType": "Prefix", "backend": backend]]]
        let rules = plan.hosts.map { host -> Tree in ["host": .string(host), "http": http] }
        var metadata: Tree = ["name": .string(plan.name)]
        metadata = metadata.with("annotations", annotations.orNil)
        let tls: Tree = ["hosts": .strings(plan.hosts), "secretName": .string("\(plan.name)-tls")]
        return [
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": metadata,
            "spec": [
                "ingressClassName": .string(plan.options.ingressClass),
                "tls": plan.hosts.isEmpty ? nil : [tls],
                "rules": .list(rules.isEmpty ? [["http": http]] : rules),
            ],
        ]
    }

    /// Only ingress-nginx has these; others are configured in objects of their own.
    private var annotations: Tree {
        guard plan.options.ingressClass == "nginx" else { return [:] }
        let prefix = "nginx.ingress.kubernetes.io"
        let traits = plan.facts.traits
        var result: Tree = [:]
        if traits.websockets || traits.streaming {
            result = result.with("\(prefix)/proxy-read-timeout", "3600").with("\(prefix)/proxy-send-timeout", "3600")
        }
        if traits.streaming { result = result.with("\(prefix)/proxy-buffering", "off") }
        if traits.uploads { result = result.with("\(prefix)/proxy-body-size", "100m") }
        return result
    }

    // MARK: - What is left to say

    private var needed: [String] {
        var needed: [String] = []
        if plan.image == nil {
            needed.append(
                "IMAGE: the name of the image, put in with `envsubst '$IMAGE' <k8s/app.yaml | kubectl apply -f -`"
            )
        }
        let names = plan.variables.filter(\.isRequired).map(\.name)
        let optional = plan.variables.filter { !$0.isRequired }.map(\.name)
        if !names.isEmpty { needed.append("Secret \(plan.name) with the keys \(names.joined(separator: ", "))") }
        if !optional.isEmpty { needed.append("in the same Secret, if used: \(optional.joined(separator: ", "))") }
        if plan.web != nil {
            needed.append(
                plan.hosts.isEmpty
                    ? "the domain: without one the Ingress takes every host, and without TLS"
                    : "Secret \(plan.name)-tls with the certificate, or cert-manager's annotation on the Ingress"
            )
        }
        return needed
    }

    private var notes: [String] {
        var notes: [String] = []
        if plan.web != nil {
            notes.append("FORWARDED_ALLOW_IPS is 10.0.0.0/8: narrow it to the network of the ingress controller's pods")
            let isNginx = plan.options.ingressClass == "nginx"
            let traits = plan.facts.traits
            if !isNginx, traits.websockets || traits.streaming || traits.uploads {
                notes.append(
                    "set long timeouts and body size for Ingress class \(plan.options.ingressClass) its own way"
                )
            }
        }
        if let release = plan.release {
            if usesJob {
                let why =
                    plan.options.migrationJob
                    ? "" : "; Pods that all run it at their start would race, as it takes no lock"
                notes.append(
                    "before each release: kubectl delete job \(plan.name)-migrate --ignore-not-found, apply "
                        + "k8s/migrate.yaml, kubectl wait --for=condition=complete job/\(plan.name)-migrate\(why)"
                )
            } else {
                notes.append(
                    "the migration runs in each new Pod before it starts; with many replicas use --migrations job"
                )
                if release.timeoutSeconds != 600 {
                    notes.append(
                        "an init container has no time limit: release_command_timeout \(release.timeoutSeconds) s"
                    )
                }
            }
        }
        let withVolumes = plan.running.filter { !$0.volumes.isEmpty }
        if withVolumes.count > 1 {
            notes.append(
                "each of \(withVolumes.map(\.name).joined(separator: ", ")) gets a volume of its own, as on Fly"
            )
        }
        return notes
    }
}
