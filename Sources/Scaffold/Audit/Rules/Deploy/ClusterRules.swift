import Model

/// C18, C19: objects of Kubernetes.
enum ClusterRules {
    static let all = [pod, scaling]

    private static let pod = Rule(
        "C18",
        .error,
        "Pod that Kubernetes can't look after",
        why: """
            Without probes a hanging pod keeps its traffic; without requests it is put anywhere, without a memory limit it takes the node \
            down. A liveness probe that asks the database restarts all pods when the database is away.
            """,
        fix:
            "Startup, liveness and readiness probes on paths of their own, requests, a memory limit, `runAsNonRoot`, a preStop sleep.",
        reference:
            "kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes; kubernetes.io/docs/concepts/security/pod-security-standards",
        exceptions:
            "jobs, sidecars without ports; only liveness at a path that asks dependencies, with another one there, is an error.",
        targets: [.k8s],
        bad: ["k8s/app.yaml": deployment(probes: false)],
        good: ["k8s/app.yaml": deployment(probes: true)],
        at: ["k8s/app.yaml:10"]
    ) { context in
        context.cluster.filter(\.isWorkload).flatMap { object in
            object.containers.flatMap { container(($0), object, context) } + shutdown(object, context)
        } + balancers(context)
    }

    private static let scaling = Rule(
        "C19",
        .warning,
        "Replicas and autoscaler, or no disruption budget",
        why:
            "`replicas` is set back at each apply, against the autoscaler. Without a budget a drained node may take all pods at once.",
        fix: "Delete `replicas` where an autoscaler is; add a PodDisruptionBudget with `maxUnavailable: 1`.",
        reference:
            "kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; kubernetes.io/docs/tasks/run-application/configure-pdb",
        targets: [.k8s],
        bad: ["k8s/app.yaml": deployment(probes: true, replicas: 3) + "---\n" + autoscaler + "---\n" + budget],
        good: ["k8s/app.yaml": deployment(probes: true) + "---\n" + autoscaler + "---\n" + budget],
        at: ["k8s/app.yaml:5"]
    ) { context in
        context.cluster.filter { $0.kind == "Deployment" || $0.kind == "StatefulSet" }.flatMap { object -> [Finding] in
            let scaler = context.cluster.first { other in
                other.kind == "HorizontalPodAutoscaler"
                    && other.node.at("spec", "scaleTargetRef", "name")?.scalar == object.name
            }
            var findings: [Finding] = []
            let replicas = object.node.at("spec", "replicas")
            if let replicas, let scaler, object.kind == "Deployment" {
                let place = object.place(replicas)
                findings.append(
                    Finding(
                        "C19",
                        .warning,
                        at: place,
                        found: context.line(place),
                        "every apply sets the replicas back, against \(scaler.name)",
                        fix: "delete replicas",
                        patch: context.deletion(place)
                    )
                )
            }
            let least = max(
                replicas?.integer ?? 1,
                scaler?.node.at("spec", "minReplicas")?.integer ?? (scaler == nil ? 1 : 2)
            )
            guard least > 1, object.kind == "Deployment", !hasBudget(object, context) else { return findings }
            let place = object.place(ofKey: "kind", in: object.node)
            findings.append(
                Finding(
                    "C19",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "nothing keeps a pod of \(object.name) when nodes are drained",
                    fix: "add a PodDisruptionBudget"
                )
            )
            return findings
        }
    }

    // MARK: - Examples

    private static func deployment(probes: Bool, replicas: Int? = nil) -> String {
        let checks = """
                      startupProbe: {httpGet: {path: /healthz, port: 8000}}
                      livenessProbe: {httpGet: {path: /healthz, port: 8000}}
                      readinessProbe: {httpGet: {path: /readyz, port: 8000}}
            """
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop}
            spec:
            \(replicas.map { "  replicas: \($0)\n" } ?? "")  selector: {matchLabels: {app: shop}}
              template:
                metadata: {labels: {app: shop}}
                spec:
                  containers:
                    - name: api
                      image: registry.example.com/shop:1.0.0
                      ports: [{containerPort: 8000}]
                      securityContext: {runAsNonRoot: true, runAsUser: 10001}
                      resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {memory: 512Mi}}
                      lifecycle: {preStop: {sleep: {seconds: 5}}}
            \(probes ? checks + "\n" : "")
            """
    }

    private static let autoscaler = """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: shop}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
          minReplicas: 2
          maxReplicas: 10

        """

    private static let budget = """
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: shop}
        spec:
          maxUnavailable: 1
          selector: {matchLabels: {app: shop}}

        """

    // MARK: - Private

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String,
        _ fix: String
    ) -> Finding {
        Finding("C18", severity, at: place, found: context.line(place), message, fix: fix)
    }

    private static func container(
        _ container: ConfigNode,
        _ object: ClusterObject,
        _ context: AuditContext
    ) -> [Finding] {
        let name = container["name"]?.scalar ?? object.name
        let place = object.place(container)
        let isServing = !(container["ports"]?.items.isEmpty ?? true)
        var findings: [Finding] = []
        if isServing { findings += probes(container, name, object, context) }
        let resources = container["resources"]
        if resources?["requests"] == nil {
            findings.append(finding(.warning, place, context, "\(name) requests nothing", "set requests"))
        }
        if resources?.at("limits", "memory") == nil {
            findings.append(finding(.warning, place, context, "\(name) has no memory limit", "set limits.memory"))
        }
        let levels = [container["securityContext"], object.podSpec?["securityContext"]].compactMap { $0 }
        let isBound = levels.contains { ($0["runAsNonRoot"]?.scalar == "true") || ($0["runAsUser"]?.integer ?? 0) > 0 }
        // The images of databases drop root themselves.
        if !isBound, context.isOwnImage(container["image"]) {
            findings.append(
                finding(.warning, place, context, "\(name) may run as root", "set securityContext.runAsNonRoot")
            )
        }
        return findings
    }

    private static func probes(
        _ container: ConfigNode,
        _ name: String,
        _ object: ClusterObject,
        _ context: AuditContext
    ) -> [Finding] {
        let place = object.place(container)
        let live = container["livenessProbe"]
        let ready = container["readinessProbe"]
        guard live != nil || ready != nil else {
            return [finding(.warning, place, context, "\(name) has no probes", "add probes")]
        }
        guard let ready else { return [finding(.warning, place, context, "\(name) has no readiness probe", "add one")] }
        guard let livePath = live?.at("httpGet", "path")?.string, let node = live else { return [] }
        let liveness = object.place(node)
        let readyPath = ready.at("httpGet", "path")?.string
        let health = context.facts.health
        // Known for sure: the code has a path of each kind, and liveness asks the one that asks the database.
        if livePath == health.ready, let other = health.live, other != livePath {
            return [
                finding(
                    .error,
                    liveness,
                    context,
                    "liveness asks \(livePath), which asks the dependencies",
                    "ask \(other)"
                )
            ]
        }
        guard livePath == readyPath, health.ready != nil || health.live == nil else { return [] }
        return [
            finding(
                .warning,
                liveness,
                context,
                "liveness and readiness of \(name) ask the same path",
                "give each its own"
            )
        ]
    }

    private static func shutdown(_ object: ClusterObject, _ context: AuditContext) -> [Finding] {
        guard object.kind == "Deployment" else { return [] }
        return object.containers.filter {
            !($0["ports"]?.items.isEmpty ?? true) && $0.at("lifecycle", "preStop") == nil
        }.map { container in
            finding(
                .info,
                object.place(container),
                context,
                "\(container["name"]?.scalar ?? "it") is stopped while traffic still comes",
                "lifecycle.preStop: {sleep: {seconds: 5}}"
            )
        }
    }

    private static func balancers(_ context: AuditContext) -> [Finding] {
        guard context.cluster.contains(where: { $0.kind == "Ingress" || $0.kind == "HTTPRoute" }) else { return [] }
        return context.cluster.filter { $0.kind == "Service" }.compactMap { service in
            guard let type = service.node.at("spec", "type"), type.string == "LoadBalancer" else { return nil }
            return finding(
                .warning,
                service.place(type),
                context,
                "\(service.name) has a load balancer of its own beside the Ingress",
                "type: ClusterIP"
            )
        }
    }

    private static func hasBudget(_ object: ClusterObject, _ context: AuditContext) -> Bool {
        let labels = object.node.at("spec", "template", "metadata", "labels")
        return context.cluster.contains { other in
            guard other.kind == "PodDisruptionBudget" else { return false }
            let wanted = other.node.at("spec", "selector", "matchLabels")?.entries ?? []
            return wanted.allSatisfy { labels?[$0.key]?.scalar == $0.node.scalar }
        }
    }
}
