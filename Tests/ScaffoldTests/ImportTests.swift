import Model
import Scaffold
import Testing
import Toolkit

@Suite("Imports")
struct ImportTests {
    @Test("a Procfile: the release command, a port in the place of $PORT, a shell only where one is needed")
    func procfile() throws {
        let made = try Importer.procfile(
            """
            # of a shop
            release: alembic upgrade head
            web: gunicorn shop.main:app --bind 0.0.0.0:$PORT
            worker: celery -A shop.tasks worker -l ${LOG_LEVEL:-info}
            beat: celery -A 'shop tasks' beat
            """,
            app: "My Shop"
        )
        let config = try read(made)
        #expect(config.app == "my-shop")
        #expect(config.deploy.releaseCommand == ["alembic", "upgrade", "head"])
        #expect(config.processes["web"] == ["gunicorn", "shop.main:app", "--bind", "0.0.0.0:8080"])
        #expect(config.processes["worker"] == ["sh", "-c", "celery -A shop.tasks worker -l ${LOG_LEVEL:-info}"])
        #expect(config.processes["beat"] == ["celery", "-A", "shop tasks", "beat"])
        #expect(config.httpService?.settings.internalPort == 8080)
        #expect(config.httpService?.processes == ["web"])
        #expect(config.env["PORT"] == "8080")
    }

    @Test("a Compose file: groups, the migration, ports, check, size, volume; secrets named, never written")
    func compose() throws {
        let made = try Importer.compose(Self.composeFile, app: "folder")
        let config = try read(made)
        #expect(config.app == "shop")
        #expect(config.build.dockerfile == "deploy/Dockerfile" && config.build.target == "runtime")
        #expect(config.build.args == ["EDITION": "full"])
        #expect(config.groups == ["web", "worker"])
        #expect(config.deploy.releaseCommand == ["alembic", "upgrade", "head"])
        #expect(config.httpService?.settings.internalPort == 8000)
        #expect(config.httpService?.settings.minMachinesRunning == 2)
        #expect(config.httpService?.hostnames == ["shop.example.com"])
        let check = try #require(config.httpService?.settings.checks.first)
        #expect(check.path == "/healthz" && check.interval == "15s" && check.gracePeriod == "20s")
        #expect(config.guest(for: "web") == .init(memoryMiB: 512))
        #expect(config.mounts(for: "web")?.destination == "/app/data")
        #expect(config.killTimeout == "30s" && config.killSignal == .term)
        #expect(
            config.restarts.first { $0.processes == ["worker"] }?.settings == .init(policy: .onFailure, maxRetries: 3)
        )
        #expect(config.env == ["LOG_LEVEL": "info", "PRICE": "5$"])
        #expect(made.needed == ["API_TOKEN (secret)", "DATABASE_URL (secret)", "SECRET_KEY (secret)", "REDIS_URL"])
        #expect(!made.text.contains("hunter2"))
        for word in ["db (postgres:16)", "proxy (nginx:1.29)", "REDIS_URL named redis", ".env.production", "other has"]
        {
            #expect(made.notes.contains { $0.contains(word) }, "\(word): \(made.notes)")
        }
        #expect(made.notes.contains { $0.contains("cap_drop") })
        #expect(made.notes.contains { $0.contains("./static at /static") })
    }

    @Test("app.json with a Procfile: sizes, numbers, generated secrets, add-ons by name")
    func appJSON() throws {
        let made = try Importer.appJSON(
            """
            {"name": "Shop", "env": {"SECRET_KEY": {"generator": "secret"}, "MODE": {"value": "live"},
             "STRIPE_ID": {"description": "of the account"}, "PLAIN": "text", "MAYBE": {"required": false}},
             "formation": {"web": {"quantity": 3, "size": "standard-2x"}, "worker": {"quantity": 2, "size": "basic"}},
             "addons": ["heroku-postgresql:essential-0", {"plan": "heroku-redis:mini"}],
             "buildpacks": [{"url": "heroku/python"}], "scripts": {"postdeploy": "python seed.py"}, "environments": {}}
            """,
            procfile: "web: uvicorn main:app --port $PORT\nworker: python work.py\n",
            app: "folder"
        )
        let config = try read(made)
        #expect(config.app == "shop")
        #expect(config.env == ["MODE": "live", "PLAIN": "text", "PORT": "8080"])
        #expect(made.needed == ["SECRET_KEY (secret)", "STRIPE_ID"])
        #expect(config.guest(for: "web")?.memoryMiB == 1024)
        #expect(config.httpService?.settings.minMachinesRunning == 3)
        for word in [
            "heroku-postgresql", "heroku-redis", "heroku/python", "python seed.py", "worker runs 2 times",
            "environments", "MAYBE",
        ] {
            #expect(made.notes.contains { $0.contains(word) }, "\(word)")
        }
    }

    @Test("render.yaml: the web service and its workers, disks, groups of variables, crons and databases by name")
    func render() throws {
        let made = try Importer.render(Self.renderFile, app: "folder")
        let config = try read(made)
        #expect(config.app == "shop" && config.primaryRegion == "fra")
        #expect(config.processes["web"] == ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "10000"])
        #expect(config.processes["jobs"] == ["python", "jobs.py"])
        #expect(config.deploy.releaseCommand == ["alembic", "upgrade", "head"])
        #expect(config.httpService?.settings.checks.first?.path == "/healthz")
        #expect(config.mounts(for: "web")?.destination == "/var/data" && config.mounts.first?.initialSizeGB == 5)
        #expect(config.guest(for: "web") == .init(memoryMiB: 2048))
        #expect(config.env == ["PORT": "10000", "MODE": "live"])
        #expect(made.needed == ["DATABASE_URL (secret)", "SENTRY (secret)"])
        for word in ["nightly (0 3 * * *: python report.py)", "shop-db", "site is a static site", "cache is a Redis"] {
            #expect(made.notes.contains { $0.contains(word) }, "\(word): \(made.notes)")
        }
    }

    @Test("Kubernetes: Deployment, Service, Ingress, ConfigMap, Secrets, probes, sizes, claims")
    func kubernetes() throws {
        let made = try Importer.kubernetes(Self.manifests, app: "folder")
        let config = try read(made)
        #expect(config.app == "shop" && config.build.image == "registry.example.com/shop:1.0")
        #expect(config.groups == ["shop", "worker"])
        #expect(config.processes["worker"] == ["celery", "-A", "shop", "worker"])
        #expect(config.deploy.releaseCommand == ["python", "migrate.py"])
        #expect(config.httpService?.settings.internalPort == 8000)
        #expect(config.httpService?.settings.minMachinesRunning == 2)
        #expect(config.httpService?.hostnames == ["shop.example.com"])
        let check = try #require(config.httpService?.settings.checks.first)
        #expect(check.path == "/readyz" && check.interval == "5s" && check.gracePeriod == "1m0s")
        #expect(config.guest(for: "shop") == .init(memoryMiB: 512))
        #expect(config.mounts(for: "worker")?.initialSizeGB == 3)
        #expect(config.killTimeout == "40s")
        #expect(config.env == ["MODE": "live", "PLAIN": "x"])
        #expect(made.needed == ["API_TOKEN (secret)", "DATABASE_URL (secret)"])
        for word in ["up to 10", "securityContext", "NetworkPolicy", "container metrics"] {
            #expect(made.notes.contains { $0.contains(word) }, "\(word): \(made.notes)")
        }
    }

    @Test("what has nothing to run is refused with its name")
    func nothing() {
        #expect(throws: Fault.self) { try Importer.procfile("# nothing\n", app: "a") }
        #expect(throws: Fault.self) { try Importer.compose("services: {db: {image: postgres}}", app: "a") }
        #expect(throws: Fault.self) { try Importer.compose("a: b", app: "a") }
        #expect(throws: Fault.self) { try Importer.compose("a: [", app: "a") }
        #expect(throws: Fault.self) { try Importer.render("services: [{type: cron, name: x}]", app: "a") }
        #expect(throws: Fault.self) { try Importer.kubernetes("kind: ConfigMap", app: "a") }
        #expect(throws: Fault.self) { try Importer.kubernetes("", app: "a") }
    }

    // MARK: - Round trips

    @Test(
        "what was exported comes back",
        arguments: ["sqlmodel-alembic", "celery-beat", "static-templates", "arq", "websockets"]
    )
    func roundTrips(name: String) throws {
        var input = ExportInput(facts: FactsSamples.named(name))
        input.options.image = "registry.example.com/shop:1"
        input.options.domain = "api.example.com"
        let groups = Set(["web"] + input.facts.processes.filter { !$0.command.isEmpty }.map(\.name))
        // An image of our own runs as nobody in particular, who can't have the ports below 1024.
        let port = [input.facts.port?.number].compactMap { $0 }.first { $0 >= 1024 } ?? 8000

        let compose = try Exporter.export(.compose, input)
        let first = try read(Importer.compose(compose.files[0].text, app: "x"))
        #expect(Set(first.groups) == groups || groups == ["web"] && first.groups == ["app"])
        #expect(first.httpService?.settings.internalPort == port)
        #expect(first.httpService?.settings.checks.first?.path == input.facts.health.live)
        #expect(first.deploy.releaseCommand == input.facts.migrations?.command)

        let manifests = try Exporter.export(.k8s, input)
        let all = manifests.files.map(\.text).joined(separator: "---\n")
        let second = try read(Importer.kubernetes(all, app: "x"))
        #expect(second.groups.count == groups.count)
        #expect(second.httpService?.settings.internalPort == port)
        #expect(second.httpService?.settings.checks.first?.path == input.facts.health.live)
        #expect(second.deploy.releaseCommand == input.facts.migrations?.command)

        let heroku = try Exporter.export(.heroku, input)
        let third = try read(Importer.procfile(heroku.files[0].text, app: "x"))
        #expect(Set(third.groups) == groups)
        #expect(third.httpService?.settings.internalPort == 8080)
    }

    @Test("hostile text anywhere gives a file that reads, and the text comes through", arguments: HostileFacts.texts)
    func hostile(text: String) throws {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        _ = try read(Importer.procfile("web: run \(line)\nworker: \(line)\nrelease: \(line)", app: text))
        let quoted = Quoting.json(text)
        let compose = """
            name: \(quoted)
            services:
              web: {build: {context: \(quoted), dockerfile: \(quoted), args: {\(quoted): \(quoted)}},
                command: [run, \(quoted)], environment: {PLAIN: \(quoted), \(quoted): x},
                ports: [\(quoted), "80:8000"], volumes: [\(quoted), "data:/data"],
                labels: {traefik.http.routers.x.rule: \(quoted)}, healthcheck: {test: [CMD, curl, \(quoted)]},
                restart: \(quoted), deploy: {resources: {limits: {cpus: \(quoted), memory: \(quoted)}}}}
              \(quoted): {build: {context: \(quoted), dockerfile: \(quoted)}, command: [run, \(quoted)]}
            """
        let config = try read(Importer.compose(compose, app: text))
        let isPlain = !text.contains("$") && !text.contains("://")
        if isPlain { #expect(config.env["PLAIN"] == text && config.processes["web"] == ["run", text]) }
        let manifests = """
            kind: Deployment
            metadata: {name: \(quoted)}
            spec: {replicas: \(quoted), template: {spec: {containers: [{name: \(quoted), image: \(quoted),
              args: [run, \(quoted)], env: [{name: PLAIN, value: \(quoted)}, {name: \(quoted), value: x}], ports: [{containerPort: 8000}],
              readinessProbe: {httpGet: {path: \(quoted)}}, volumeMounts: [{name: \(quoted), mountPath: \(quoted)}]}]}}}
            """
        let other = try read(Importer.kubernetes(manifests, app: text))
        #expect(other.env["PLAIN"] == text)
        #expect(other.processes.values.first == ["run", text.replacing("$$(", with: "$(")])
        let render =
            "services: [{type: web, name: \(quoted), runtime: \(quoted), startCommand: \(quoted), plan: \(quoted), "
            + "region: \(quoted), disk: {name: \(quoted), mountPath: \(quoted)}, "
            + "envVars: [{key: \(quoted), value: \(quoted)}]}]"
        _ = try read(Importer.render(render, app: text))
        let json = "{\"name\": \(quoted), \"env\": {\(quoted): {\"value\": \(quoted)}, \"PLAIN\": \(quoted)}}"
        #expect(try read(Importer.appJSON(json, app: text)).env["PLAIN"] == text)
    }

    // MARK: - Private

    /// As a deploy reads it: no error, and no warning either.
    private func read(_ made: Imported) throws -> AppConfig {
        let tree = try TOML.parse(made.text, file: "fly.toml")
        let (config, _) = try AppConfig.read(tree, file: "fly.toml", regions: [])
        try config.check()
        return config
    }

    private static let composeFile = """
        name: shop
        services:
          proxy: {image: "nginx:1.29", ports: ["80:80"]}
          migrate:
            build: &build {context: ., dockerfile: deploy/Dockerfile, target: runtime, args: {EDITION: full}}
            command: alembic upgrade head
            restart: "no"
          web:
            build: *build
            ports: ["127.0.0.1:8000:8000"]
            environment:
              LOG_LEVEL: ${LEVEL:-info}
              PRICE: 5$$
              DATABASE_URL: postgresql://app:hunter2@db/app
              REDIS_URL: redis://redis:6379/0
              SECRET_KEY: ${SECRET_KEY:?}
              API_TOKEN: hunter2
            env_file: .env.production
            volumes: ["data:/app/data", "./static:/static:ro"]
            healthcheck:
              test: ["CMD", "curl", "-f", "http://localhost:8000/healthz"]
              interval: 15s
              start_period: 20s
            depends_on:
              migrate: {condition: service_completed_successfully}
              db: {condition: service_healthy}
            labels: ["traefik.http.routers.shop.rule=Host(`shop.example.com`)"]
            cap_drop: [ALL]
            stop_grace_period: 30s
            deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 512M}}}
          worker:
            build: *build
            command: ["celery", "-A", "shop", "worker"]
            restart: on-failure:3
          other: {build: ./other, ports: ["9000:9000"]}
          db: {image: "postgres:16", volumes: ["db:/var/lib/postgresql/data"]}
          redis: {image: "redis:8"}
        """

    private static let renderFile = """
        services:
          - type: web
            name: shop
            runtime: python
            region: frankfurt
            plan: standard
            buildCommand: pip install -r requirements.txt
            startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
            preDeployCommand: alembic upgrade head
            healthCheckPath: /healthz
            disk: {name: files, mountPath: /var/data, sizeGB: 5}
            envVars:
              - {key: DATABASE_URL, fromDatabase: {name: shop-db, property: connectionString}}
              - {key: SENTRY, sync: false}
              - {fromGroup: shared}
          - {type: worker, name: jobs, runtime: python, startCommand: python jobs.py}
          - {type: cron, name: nightly, runtime: python, schedule: "0 3 * * *", startCommand: python report.py}
          - {type: web, name: site, runtime: static}
          - {type: keyvalue, name: cache}
        databases: [{name: shop-db, plan: basic-1gb}]
        envVarGroups: [{name: shared, envVars: [{key: MODE, value: live}]}]
        """

    private static let manifests = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop}
        spec:
          replicas: 2
          template:
            metadata: {labels: {app: shop, tier: web}}
            spec:
              terminationGracePeriodSeconds: 40
              initContainers: [{name: migrate, image: "registry.example.com/shop:1.0", command: [python, migrate.py]}]
              containers:
                - name: web
                  image: registry.example.com/shop:1.0
                  ports: [{name: http, containerPort: 8000}]
                  envFrom: [{configMapRef: {name: shop}}, {secretRef: {name: shop}}]
                  env:
                    - {name: PLAIN, value: x}
                    - {name: API_TOKEN, valueFrom: {secretKeyRef: {name: other, key: token}}}
                  resources: {limits: {memory: 512Mi}, requests: {cpu: 250m}}
                  startupProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 2, failureThreshold: 30}
                  readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5}
                  securityContext: {readOnlyRootFilesystem: true}
                - {name: metrics, image: "prom/statsd-exporter:1"}
        ---
        kind: Service
        metadata: {name: shop}
        spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: worker}
        spec:
          template:
            metadata: {labels: {app: worker}}
            spec:
              containers:
                - name: worker
                  image: registry.example.com/shop:1.0
                  args: [celery, -A, shop, worker]
                  volumeMounts: [{name: files, mountPath: /files}]
          volumeClaimTemplates: [{metadata: {name: files}, spec: {resources: {requests: {storage: 3Gi}}}}]
        ---
        {kind: ConfigMap, metadata: {name: shop}, data: {MODE: live}}
        ---
        {kind: Secret, metadata: {name: shop}, data: {DATABASE_URL: aHVudGVyMg==}}
        ---
        {kind: Ingress, metadata: {name: shop}, spec: {rules: [{host: shop.example.com}]}}
        ---
        kind: HorizontalPodAutoscaler
        metadata: {name: shop}
        spec: {minReplicas: 2, maxReplicas: 10, scaleTargetRef: {name: shop}}
        ---
        {kind: NetworkPolicy, metadata: {name: shop}}
        """
}
