import Model
import Testing

@testable import Scaffold

/// A project with every artefact as it should be.
@Suite("A project without faults")
struct AuditGoodProjectTests {
    private static let files: [String: String] = [
        "app/main.py": """
        from fastapi import FastAPI

        app = FastAPI(openapi_url=None)


        @app.get("/healthz")
        async def live() -> dict[str, str]:
            return {"status": "ok"}
        """,
        "pyproject.toml": """
        [project]
        name = "shop"
        version = "1.0.0"
        requires-python = ">=3.13"
        dependencies = ["fastapi", "uvicorn", "alembic", "asyncpg", "sqlalchemy"]

        [dependency-groups]
        dev = ["pytest"]
        """,
        "uv.lock": "version = 1\n", "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "",
        "migrate.py": "import subprocess\n\nsubprocess.run([\"alembic\", \"upgrade\", \"head\"], check=True)\n",
        ".env.production": "SECRET_KEY=8f2c0a7be11d49aa\n",
        ".dockerignore":
            "*\n!pyproject.toml\n!uv.lock\n!app\n!alembic\n!alembic.ini\n!migrate.py\n**/__pycache__\n**/.env*\n",
        "Dockerfile": """
        # syntax=docker/dockerfile:1
        FROM ghcr.io/astral-sh/uv:0.9.26 AS uv

        FROM python:3.14-slim-trixie AS build
        COPY --from=uv /uv /usr/local/bin/uv
        ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_COMPILE_BYTECODE=1
        WORKDIR /app
        RUN --mount=type=cache,target=/root/.cache/uv \\
            --mount=type=bind,source=uv.lock,target=uv.lock \\
            --mount=type=bind,source=pyproject.toml,target=pyproject.toml \\
            uv sync --locked --no-dev --no-install-project

        FROM python:3.14-slim-trixie AS runtime
        ENV PATH=/opt/venv/bin:$PATH UVICORN_HOST=0.0.0.0 UVICORN_PORT=8000 UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN=20
        RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-create-home app
        WORKDIR /app
        COPY --from=build /opt/venv /opt/venv
        COPY app ./app
        COPY alembic.ini migrate.py ./
        COPY alembic ./alembic
        USER 10001:10001
        EXPOSE 8000
        STOPSIGNAL SIGTERM
        HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \\
            CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
        CMD ["uvicorn", "app.main:app", "--no-server-header"]
        """,
        "fly.toml": """
        app = "shop"
        primary_region = "iad"
        kill_signal = "SIGTERM"
        kill_timeout = 30

        [deploy]
          strategy = "rolling"
          release_command = "python migrate.py"

        [env]
          WEB_CONCURRENCY = "1"

        [http_service]
          internal_port = 8000
          force_https = true
          auto_stop_machines = "suspend"
          auto_start_machines = true
          min_machines_running = 2

          [[http_service.checks]]
            grace_period = "20s"
            interval = "15s"
            timeout = "5s"
            method = "GET"
            path = "/healthz"

        [[vm]]
          memory = "1gb"
        """,
        "compose.yaml": """
        services:
          edge:
            image: nginx:1.29-alpine
            ports: ["80:80", "443:443"]
            volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
            depends_on: {web: {condition: service_healthy}}
            restart: unless-stopped
          migrate:
            image: ${APP_IMAGE:?set it}
            command: [python, migrate.py]
            env_file: [.env.production]
            depends_on: {db: {condition: service_healthy}}
            restart: "no"
          web:
            image: ${APP_IMAGE:?set it}
            build: {context: ., target: runtime}
            env_file: [.env.production]
            expose: ["8000"]
            depends_on: {migrate: {condition: service_completed_successfully}}
            read_only: true
            tmpfs: [/tmp]
            stop_grace_period: 30s
            restart: unless-stopped
            deploy: {replicas: 2, resources: {limits: {memory: 512M}}}
            logging: {driver: json-file, options: {max-size: 10m}}
          db:
            image: postgres:18
            environment: {POSTGRES_USER: app, POSTGRES_PASSWORD_FILE: /run/secrets/db}
            secrets: [db]
            volumes: ["db:/var/lib/postgresql"]
            healthcheck: {test: [CMD-SHELL, pg_isready -U app]}
            restart: unless-stopped
        volumes: {db: {}}
        secrets: {db: {file: ./secrets/db}}
        """,
        "nginx.conf": """
        events { worker_connections 1024; }
        http {
            map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
            limit_req_zone $binary_remote_addr zone=each:10m rate=10r/s;
            limit_req_status 429;
            upstream web { server web:8000; keepalive 32; }
            server {
                listen 80;
                location / { return 308 https://$host$request_uri; }
            }
            server {
                listen 443 ssl;
                http2 on;
                ssl_certificate /etc/nginx/certs/full.pem;
                ssl_certificate_key /etc/nginx/certs/key.pem;
                add_header X-Content-Type-Options nosniff always;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection $connection_upgrade;
                location / {
                    limit_req zone=each burst=20 nodelay;
                    proxy_pass http://web;
                }
            }
        }
        """,
        "Procfile": "release: python migrate.py\nweb: uvicorn app.main:app --host 0.0.0.0 --port $PORT\n",
        "app.json":
            "{\"addons\": [{\"plan\": \"heroku-postgresql:essential-0\"}], \"env\": {\"SECRET_KEY\": {\"generator\": \"secret\"}}}\n",
        "k8s/app.yaml": cluster, "cloudrun.yaml": cloudRun, "ecs-taskdef.json": task,
        ".github/workflows/ship.yml": workflow,
    ]

    private static let cluster = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop}
        spec:
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec:
              terminationGracePeriodSeconds: 40
              securityContext: {runAsNonRoot: true, runAsUser: 10001}
              containers:
                - name: web
                  image: registry.example.com/shop:1.0.0
                  ports: [{name: http, containerPort: 8000}]
                  envFrom: [{secretRef: {name: shop}}, {configMapRef: {name: shop}}]
                  securityContext: {readOnlyRootFilesystem: true}
                  resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {memory: 512Mi}}
                  startupProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 2}
                  livenessProbe: {httpGet: {path: /healthz, port: http}, timeoutSeconds: 3}
                  readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5, timeoutSeconds: 3}
                  lifecycle: {preStop: {sleep: {seconds: 5}}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: shop}
        spec: {type: ClusterIP, selector: {app: shop}, ports: [{port: 80, targetPort: http}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: shop}
        spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 10}
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: shop}
        spec: {maxUnavailable: 1, selector: {matchLabels: {app: shop}}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: shop}
        data: {ENVIRONMENT: production, TOKEN_LIFETIME: "900"}
        """

    private static let cloudRun = """
        apiVersion: serving.knative.dev/v1
        kind: Service
        metadata: {name: shop}
        spec:
          template:
            metadata: {annotations: {autoscaling.knative.dev/maxScale: "4"}}
            spec:
              containers:
                - image: us-central1-docker.pkg.dev/my-project/apps/shop:1.0.0
                  ports: [{containerPort: 8000}]
                  env:
                    - {name: ENVIRONMENT, value: production}
                    - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: database-url, key: "3"}}}
        """

    private static let task = """
        {
          "family": "shop", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
          "executionRoleArn": "arn:aws:iam::123456789012:role/shop-execution",
          "volumes": [{"name": "tmp"}],
          "containerDefinitions": [{
            "name": "web", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.0.0", "user": "10001:10001",
            "readonlyRootFilesystem": true, "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],
            "environment": [{"name": "WEB_CONCURRENCY", "value": "1"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf:KEY::"}],
            "healthCheck": {"command": ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]}
          }]
        }
        """

    private static let workflow = """
        name: ship
        on: {push: {branches: [main]}}
        permissions: {}
        concurrency: ship
        jobs:
          test:
            runs-on: ubuntu-24.04
            timeout-minutes: 15
            permissions: {contents: read}
            steps:
              - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
                with: {persist-credentials: false}
              - run: uv run pytest && uvx pip-audit -r req.txt
          ship:
            needs: test
            runs-on: ubuntu-24.04
            timeout-minutes: 15
            environment: production
            steps:
              - env: {TOKEN: "${{ secrets.DEPLOY_TOKEN }}", TAG: "${{ github.sha }}"}
                run: kubectl set image deployment/shop web="shop:$TAG" && kubectl rollout status deployment/shop
        """

    @Test("nothing is wrong with it", arguments: [nil] + AuditTarget.allCases)
    func clean(target: AuditTarget?) async throws {
        let report = try await AuditSample.report(Self.files, target: target)
        let found = report.findings.filter {
            $0.severity == .error || $0.severity == .warning && "DC".contains($0.rule.prefix(1))
        }
        #expect(found.isEmpty, "\(AuditSample.short(found)) \(found.map(\.message))")
        #expect(report.problems.isEmpty)
    }

    @Test("its checklist passes where a machine can tell, and names who answers elsewhere")
    func checklist() async throws {
        var files = Self.files
        files[".roost-audit.toml"] = "[owners]\nbackups = \"ana\"\n"
        let report = try await AuditSample.report(files)
        let lines = Dictionary(uniqueKeysWithValues: report.checklist.map { ($0.id, $0) })
        for id in ["non-root", "image-check", "signals", "image-secrets", "limits", "ci", "dependencies", "ports"] {
            #expect(lines[id]?.status == .passed, "\(id): \(lines[id]?.failedBy ?? [])")
        }
        #expect(lines["backups"]?.status == .confirm)
        #expect(lines["backups"]?.owner == "ana")
        #expect(lines["alerts"]?.owner == nil)
        #expect(report.checklist.count > 40)
        let text = AuditText.checklist(report)
        #expect(text.contains("owner: ana"))
    }

    @Test(
        "what a project has nothing of is not passed: a person has to tell",
        arguments: ["metrics", "logs", "tokens", "rate-limit"]
    )
    func nothingThere(id: String) async throws {
        var files = [
            "main.py": "from fastapi import FastAPI\n\napp = FastAPI(openapi_url=None)\n",
            "requirements.txt": "fastapi==0.115.0\nuvicorn==0.30.6\n",
        ]
        let bare = try await AuditSample.report(files)
        #expect(bare.checklist.first { $0.id == id }?.status == .confirm)
        files["requirements.txt"]? += "slowapi==0.1.9\nstructlog==25.1.0\npyjwt==2.10.0\nprometheus-client==0.22.0\n"
        let equipped = try await AuditSample.report(files)
        #expect(equipped.checklist.first { $0.id == id }?.status == .passed)
    }

    @Test("one mistake in it is found, and its line of the checklist fails")
    func oneMistake() async throws {
        var files = Self.files
        files["Dockerfile"] = files["Dockerfile"]?.replacing("USER 10001:10001\n", with: "")
        let report = try await AuditSample.report(files, target: .compose)
        #expect(report.findings.filter { $0.severity == .error }.map(\.rule) == ["D03"])
        #expect(report.checklist.first { $0.id == "non-root" }?.failedBy == ["D03"])
    }
}
