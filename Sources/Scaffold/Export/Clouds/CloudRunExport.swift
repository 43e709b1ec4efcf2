import Model
import Toolkit

/// A Cloud Run service, and a job for the release command.
struct CloudRunExport {
    private let plan: ExportPlan
    private let web: ExportPlan.Unit
    private let port: Int

    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        guard let web = plan.web, let port = web.port else {
            throw Fault(
                .unsupported,
                "no process answers requests, which is all that a Cloud Run service can run",
                hint: "workers can go to a Compose file, Kubernetes, ECS or systemd"
            )
        }
        let export = CloudRunExport(plan: plan, web: web, port: port)
        var writer = TreeWriter()
        writer.hidesVariables = true
        var result = Generated()
        result.files = [Artefact("cloudrun.yaml", writer.yaml([export.service], stamp: plan.options.stamp))]
        if let release = plan.release {
            let job = writer.yaml([export.job(release)], stamp: plan.options.stamp)
            result.files.append(Artefact("cloudrun-migrate.yaml", job))
            result.notes.append(
                "before each release: gcloud run jobs replace cloudrun-migrate.yaml && "
                    + "gcloud run jobs execute \(plan.name)-migrate --wait"
            )
        }
        result.needed = export.needed
        result.notes += export.notes
        return result
    }

    // MARK: - Private

    private var service: Tree {
        let autostop = plan.config?.httpService?.settings.autostop
        let least =
            plan.config == nil || autostop == .off ? 1 : plan.config?.httpService?.settings.minMachinesRunning ?? 1
        let most = plan.singleReasons.isEmpty ? max(10, least) : 1
        let spec: Tree = [
            "containerConcurrency": .integer(concurrency),
            "timeoutSeconds": .integer(isLong ? 3600 : 300),
            "serviceAccountName": .template("\(plan.name)@${PROJECT_ID}.iam.gserviceaccount.com"),
            "containers": [container],
            "volumes": volumes.orNil,
        ]
        return [
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": ["name": .string(plan.name), "annotations": ["run.googleapis.com/ingress": "all"]],
            "spec": [
                "template": [
                    "metadata": [
                        "annotations": [
                            "autoscaling.knative.dev/minScale": .string(String(min(least, most))),
                            "autoscaling.knative.dev/maxScale": .string(String(most)),
                            "run.googleapis.com/startup-cpu-boost": "true",
                            "run.googleapis.com/execution-environment": "gen2",
                        ]
                    ],
                    "spec": spec,
                ]
            ],
        ]
    }

    private var isLong: Bool { plan.facts.traits.websockets || plan.facts.traits.streaming }

    /// What the file says, else 80, but no more than the database's pool can feed four requests each.
    private var concurrency: Int {
        if let hard = plan.webService?.settings.concurrency.hardLimit { return min(max(hard, 1), 1000) }
        guard let size = plan.facts.database?.poolSize else { return 80 }
        return min(80, max(1, (size + (plan.facts.database?.maxOverflow ?? 0)) * 4))
    }

    private var image: Tree { plan.image.map(Tree.string) ?? .template("${IMAGE}") }

    private var container: Tree {
        let live = action(plan.probe.live ?? plan.probe.ready)
        let timeout = Tree.integer(max(1, min(plan.probe.timeoutSeconds, 10)))
        return [
            "image": image,
            "command": web.entrypoint.map(Self.words),
            "args": web.command.map(Self.words),
            "ports": [["name": "http1", "containerPort": .integer(port)]],
            "env": environment,
            "resources": ["limits": limits(web.guest)],
            "startupProbe": live.merging([
                "periodSeconds": 10, "timeoutSeconds": timeout,
                "failureThreshold": .integer(6 + plan.probe.graceSeconds / 10),
            ]),
            // Cloud Run has no liveness probe over TCP.
            "livenessProbe": plan.probe.live == nil
                ? nil
                : live.merging([
                    "periodSeconds": .integer(max(plan.probe.intervalSeconds, 10)), "timeoutSeconds": timeout,
                    "failureThreshold": 3,
                ]),
            "volumeMounts": mounts.orNil,
        ]
    }

    private static func words(_ words: [String]) -> Tree {
        .strings(words.map { $0.replacing("$(", with: "$$(") })
    }

    private func action(_ path: String?) -> Tree {
        guard let path else { return ["tcpSocket": ["port": .integer(port)]] }
        let headers = plan.probeHeaders.map { header -> Tree in
            ["name": .string(header.name), "value": .string(header.value)]
        }
        return [
            "httpGet": [
                "path": .string(path), "port": .integer(port), "httpHeaders": Tree.list(headers).orNil,
            ]
        ]
    }

    private var environment: Tree {
        var values: [Tree] = plan.env.filter { $0.name != "PORT" }.map { pair in
            ["name": .string(pair.name), "value": .string(pair.value.replacing("$(", with: "$$("))]
        }
        let known = plan.env.map(\.name)
        for (name, value) in plan.serverValues(for: .cloudRun) where !known.contains(name) {
            values.append(["name": .string(name), "value": value])
        }
        for variable in plan.variables where variable.isRequired && variable.name != "PORT" {
            let reference: Tree = [
                "name": .string(Self.secretName(variable.name)), "key": .template("${\(variable.name)_VERSION}"),
            ]
            values.append(["name": .string(variable.name), "valueFrom": ["secretKeyRef": reference]])
        }
        return .list(values)
    }

    /// `DATABASE_URL` as `database-url`.
    private static func secretName(_ variable: String) -> String { Labels.label(variable, else: "secret") }

    /// Sizes that Cloud Run has: more memory needs more CPU, and four CPUs two GiB.
    private func limits(_ guest: MachineConfig.Guest) -> Tree {
        let least =
            [(24 << 10, 8), (16 << 10, 6), (8 << 10, 4), (4 << 10, 2)]
            .first { guest.memoryMiB > $0.0 }?.1 ?? 1
        let cpu = [1, 2, 4, 6, 8].first { $0 >= max(least, guest.cpus) } ?? 8
        let memory = min(max(guest.memoryMiB, cpu >= 6 ? 4096 : cpu == 4 ? 2048 : 512), 32 << 10)
        return ["cpu": .string(String(cpu)), "memory": .string("\(memory)Mi")]
    }

    private var paths: [String] { web.scratch + web.volumes.map(\.path) }

    private var mounts: Tree {
        .list(paths.enumerated().map { ["name": .string("scratch-\($0.offset)"), "mountPath": .string($0.element)] })
    }

    private var volumes: Tree {
        .list(
            paths.indices.map { index in
                ["name": .string("scratch-\(index)"), "emptyDir": ["medium": "Memory", "sizeLimit": "128Mi"]]
            }
        )
    }

    private func job(_ release: ExportPlan.Release) -> Tree {
        let container: Tree = [
            "image": image,
            "command": plan.config?.overrides.entrypoint.map(Self.words),
            "args": Self.words(release.command),
            "workingDir": release.workingDirectory.map(Tree.string),
            "env": environment,
            "resources": ["limits": limits(release.guest ?? web.guest)],
        ]
        let seconds = release.timeoutSeconds > 0 ? min(release.timeoutSeconds, 86_400) : 86_400
        let task: Tree = [
            "serviceAccountName": .template("\(plan.name)@${PROJECT_ID}.iam.gserviceaccount.com"),
            "maxRetries": 0,
            "timeoutSeconds": .integer(seconds),
            "containers": [container],
        ]
        return [
            "apiVersion": "run.googleapis.com/v1",
            "kind": "Job",
            "metadata": ["name": .string("\(plan.name)-migrate")],
            "spec": ["template": ["spec": ["taskCount": 1, "template": ["spec": task]]]],
        ]
    }

    private var needed: [String] {
        var needed = ["PROJECT_ID: the project, and in it a service account \(plan.name)"]
        if plan.image == nil {
            needed.append("IMAGE: REGION-docker.pkg.dev/PROJECT/REPOSITORY/\(plan.name) with a tag")
        }
        for variable in plan.variables where variable.isRequired {
            let name = Self.secretName(variable.name)
            needed.append("\(variable.name)_VERSION: which version of the secret \(name) of Secret Manager to use")
        }
        needed.append("put in with envsubst, named one by one: '$PROJECT_ID …'")
        return needed
    }

    private var notes: [String] {
        var notes = [
            "memory of 512 MiB is the least beside a whole CPU; files written anywhere count as memory",
            "FORWARDED_ALLOW_IPS is * because only Google's front end can reach the container",
        ]
        let optional = plan.variables.filter { !$0.isRequired }.map(\.name)
        if !optional.isEmpty {
            notes.append(
                "optional secrets are left out, since a missing one is refused: \(optional.joined(separator: ", "))"
            )
        }
        if plan.env.contains(where: { $0.name == "PORT" }) {
            notes.append(
                "PORT is set by Cloud Run, which gives the containerPort; the value of the configuration is left out"
            )
        }
        for path in paths { notes.append("\(path) is in memory, and gone with its instance") }
        if let volume = web.volumes.first {
            notes.append("\(volume.why) can't outlive an instance: use a managed database, or a bucket for files")
        }
        return notes
    }
}
