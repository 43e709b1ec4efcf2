import Model

/// C24: services of Cloud Run.
enum CloudRunRules {
    static let all = [service]

    private static let service = Rule(
        "C24",
        .warning,
        "Cloud Run: moving secrets, or more connections than the database has",
        why:
            "A secret of version `latest` is read when an instance starts: after a change half of them have the old one. Each instance opens its own pool.",
        fix: "Pin the version of each secret; keep `maxScale` × (pool_size + max_overflow) below the database's limit.",
        reference: "cloud.google.com/run/docs/configuring/services/secrets",
        exceptions: "pools whose size is not known.",
        targets: [.cloudrun],
        bad: ["cloudrun.yaml": manifest(version: "latest")],
        good: ["cloudrun.yaml": manifest(version: "\"3\"")],
        at: ["cloudrun.yaml:13"]
    ) { context in
        secrets(context) + connections(context) + commands(context)
    }

    // MARK: - Examples

    private static func manifest(version: String) -> String {
        """
        apiVersion: serving.knative.dev/v1
        kind: Service
        metadata: {name: shop}
        spec:
          template:
            spec:
              containers:
                - image: us-central1-docker.pkg.dev/my-project/apps/shop:1.0.0
                  ports: [{containerPort: 8000}]
                  env:
                    - name: SECRET_KEY
                      valueFrom:
                        secretKeyRef: {name: secret-key, key: \(version)}
        """
    }

    // MARK: - Private

    private static func secrets(_ context: AuditContext) -> [Finding] {
        context.cloudRun.flatMap { service in
            service.containers.flatMap { $0["env"]?.items ?? [] }.compactMap { item in
                guard let key = item.at("valueFrom", "secretKeyRef", "key"), key.scalar == "latest" else { return nil }
                let place = service.place(key)
                return Finding(
                    "C24",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(item["name"]?.scalar ?? "a secret") changes without a release",
                    fix: "name its version"
                )
            }
        }
    }

    private static func connections(_ context: AuditContext) -> [Finding] {
        guard let database = context.facts.database, let size = database.poolSize else { return [] }
        let each = size + (database.maxOverflow ?? 10)
        return context.cloudRun.filter { $0.kind == "Service" }.compactMap { service in
            let notes = service.node.at("spec", "template", "metadata", "annotations")
            guard let scale = notes?["autoscaling.knative.dev/maxScale"], let count = scale.integer, count > 0,
                count < 100_000
            else { return nil }
            // 100 is PostgreSQL's default, of which some are kept for the administrator.
            let total = count * each
            guard database.engine == .postgresql, total > 80 else { return nil }
            let place = service.place(scale)
            return Finding(
                "C24",
                .warning,
                at: place,
                found: context.line(place),
                "\(count) instances may open \(total) connections",
                fix: "a smaller pool, or a pooler"
            )
        }
    }

    /// Lines of workflows such as `gcloud run deploy --set-secrets A=b:latest`.
    private static func commands(_ context: AuditContext) -> [Finding] {
        context.workflows.flatMap { file in
            file.jobs.flatMap(\.steps).compactMap { step in
                guard let run = step.run, run.contains("gcloud run"), run.contains("-secrets"), run.contains(":latest")
                else { return nil }
                let place = file.place(step.node["run"]?.position.line)
                return Finding(
                    "C24",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "the secrets have no version",
                    fix: "name their versions"
                )
            }
        }
    }
}
