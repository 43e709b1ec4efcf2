import Model
import Testing

@testable import Scaffold

/// The errors that widespread advice makes, in files of our own: each has to be found.
@Suite("Errors of common advice")
struct AuditAdviceTests {
    /// The rules of the areas D and C that find something, without those that only suggest when asked so.
    private static func rules(_ files: [String: String], from least: Severity = .info) async throws -> Set<String> {
        let report = try await AuditSample.report(files)
        return Set(
            report.findings.filter { $0.severity >= least }.map(\.rule).filter {
                $0.hasPrefix("D") || $0.hasPrefix("C")
            }
        )
    }

    private static let app = "from fastapi import FastAPI\n\napp = FastAPI()\n"

    @Test("an image with packages under /root, a misspelt check, and a check that can't fail")
    func dockerfileWithRootPackages() async throws {
        let files = [
            "Dockerfile": """
            FROM python:3.11-slim AS deps
            WORKDIR /src
            RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*
            COPY requirements.txt ./
            RUN pip install --no-cache-dir --user -r requirements.txt

            FROM python:3.11-slim
            WORKDIR /src
            COPY --from=deps /root/.local /root/.local
            ENV PATH=/root/.local/bin:$PATH
            COPY shop ./shop
            RUN useradd --uid 1500 shopper
            USER shopper
            HEALTH CHECK --interval=20s \\
                CMD python -c "import requests; requests.get('http://localhost:8000/ping', timeout=2)"
            EXPOSE 8000
            CMD ["gunicorn", "shop.main:app", "--workers", "4", "--worker-class", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000"]
            """,
            "requirements.txt": "fastapi==0.165.0\ngunicorn==27.0.1\nuvicorn==0.54.0\n", "shop/main.py": Self.app,
        ]
        #expect(try await Self.rules(files) == ["D02", "D03", "D05", "D11", "D12", "D16"])
        let report = try await AuditSample.report(files)
        #expect(report.findings.first { $0.rule == "D02" }?.place == Place("Dockerfile", 14))
        #expect(report.findings.first { $0.rule == "D16" }?.severity == .error)
        #expect(report.findings.first { $0.rule == "D11" }?.severity == .warning)
    }

    @Test("an image whose check needs curl, with packages in the user's home")
    func dockerfileWithCurl() async throws {
        let files = [
            "Dockerfile": """
            FROM python:3.12-slim AS deps
            RUN apt-get update && apt-get install -y build-essential && rm -rf /var/lib/apt/lists/*
            COPY requirements.txt .
            RUN pip install --no-cache-dir --user -r requirements.txt
            FROM python:3.12-slim
            RUN groupadd -r web && useradd -r -g web web
            COPY --from=deps /root/.local /home/web/.local
            WORKDIR /srv
            COPY . .
            USER web
            HEALTHCHECK --start-period=5s CMD curl -f http://localhost:8000/ping || exit 1
            ENV PATH=/home/web/.local/bin:$PATH
            EXPOSE 8000
            CMD ["gunicorn", "main:app", "-w", "4", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000"]
            """,
            ".dockerignore": ".git\n", "requirements.txt": "fastapi==0.165.0\ngunicorn==27.0.1\nuvicorn==0.54.0\n",
            "main.py": Self.app,
        ]
        #expect(try await Self.rules(files) == ["D03", "D05", "D11", "D16"])
        #expect(try await Self.rules(files, from: .warning) == ["D11"])
    }

    @Test("a Compose file for both development and production")
    func compose() async throws {
        let files = [
            "compose.yaml": """
            version: '3.9'
            services:
              web:
                build: .
                ports: ["8000:8000"]
                environment: {DATABASE_URL: "${DATABASE_URL:?}", SECRET_KEY: "${SECRET_KEY}"}
                depends_on: {db: {condition: service_healthy}}
                volumes: ["./shop:/srv/shop"]
                restart: always
              db:
                image: postgres:15
                environment: [POSTGRES_PASSWORD=postgres]
                ports: ["5432:5432"]
                volumes: ["data:/var/lib/postgresql/data"]
                healthcheck: {test: ["CMD-SHELL", "pg_isready"]}
              cache:
                image: redis:7
                ports: ["6379:6379"]
              proxy:
                image: nginx:1.29
                ports: ["80:80", "443:443"]
            """,
            "Dockerfile": """
            FROM python:3.14-slim
            COPY shop ./shop
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]
            """,
            "shop/main.py": Self.app,
        ]
        #expect(try await Self.rules(files) == ["C01", "C02", "C03", "C04", "C05", "C08", "D05"])
        let report = try await AuditSample.report(files)
        #expect(report.findings.count { $0.rule == "C02" && $0.severity == .error } == 2)
    }

    @Test("the same file for a developer alone is left in peace")
    func composeForDevelopment() async throws {
        let text = """
            version: '3.9'
            services:
              web:
                build: .
                command: uvicorn shop.main:app --reload --host 0.0.0.0
                ports: ["8000:8000"]
                environment: {SECRET_KEY: not-so-secret}
                volumes: ["./shop:/srv/shop"]
              db:
                image: postgres:18
                environment: [POSTGRES_PASSWORD=postgres]
                ports: ["5432:5432"]
            """
        for name in [
            "compose.yaml", "docker-compose.override.yml", ".devcontainer/compose.yaml", "tests/docker-compose.yml",
        ] {
            #expect(try await Self.rules([name: text, "shop/main.py": Self.app], from: .warning).isEmpty, "\(name)")
        }
    }

    @Test("a server block mounted as the main file of nginx, with old HTTP/2 and the client's own address")
    func nginx() async throws {
        let files = [
            "compose.prod.yaml": """
            services:
              edge:
                image: nginx:1.27-alpine
                ports: ["80:80", "443:443"]
                volumes: ["./edge.conf:/etc/nginx/nginx.conf:ro"]
                depends_on: [web]
                restart: unless-stopped
              web:
                build: {context: ., target: production}
                environment: ["DATABASE_URL=${DATABASE_URL}"]
                restart: unless-stopped
                deploy: {replicas: 2, resources: {limits: {memory: 512M}}}
            """,
            "edge.conf": """
            upstream web {
                server web:8000;
            }
            server {
                listen 80;
                return 301 https://$server_name$request_uri;
            }
            server {
                listen 443 ssl http2;
                location / {
                    proxy_pass http://web;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }
            }
            """,
        ]
        #expect(try await Self.rules(files) == ["C05", "C08", "C09", "C10", "C11"])
    }

    @Test("a Traefik of before, without a redirection, with the engine's socket")
    func traefik() async throws {
        let files = [
            "compose.prod.yaml": """
            services:
              edge:
                image: traefik:v3.0
                command:
                  - "--providers.docker=true"
                  - "--entrypoints.web.address=:80"
                  - "--entrypoints.websecure.address=:443"
                ports: ["80:80", "443:443"]
                volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
            """
        ]
        #expect(try await Self.rules(files) == ["C15", "C16", "C17"])
    }

    @Test("a task definition without its role, with a short account and a check that needs curl")
    func ecs() async throws {
        let files = [
            "ecs/task.json": """
            {
              "family": "shop", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
              "containerDefinitions": [{
                "name": "web",
                "image": "12345678.dkr.ecr.eu-west-1.amazonaws.com/shop:latest",
                "secrets": [{"name": "SECRET_KEY", "valueFrom": "arn:aws:secretsmanager:region:account:secret:key"}],
                "logConfiguration": {"logDriver": "awslogs", "options": {}},
                "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8000/ping || exit 1"]}
              }]
            }
            """,
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            "main.py": Self.app,
        ]
        #expect(try await Self.rules(files) == ["C20", "C21", "C22", "D05"])
        let report = try await AuditSample.report(files)
        #expect(report.findings.count { $0.rule == "C20" } == 3)
    }

    @Test("a Deployment with latest, replicas against its autoscaler and a balancer beside the Ingress")
    func kubernetes() async throws {
        let files = [
            "k8s/shop.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop}
            spec:
              replicas: 3
              selector: {matchLabels: {app: shop}}
              template:
                metadata: {labels: {app: shop}}
                spec:
                  containers:
                    - name: shop
                      image: registry.example.com/shop:latest
                      ports: [{containerPort: 8000}]
                      resources: {requests: {cpu: 500m}, limits: {memory: 1Gi, cpu: "1"}}
                      livenessProbe: {httpGet: {path: /ping, port: 8000}, initialDelaySeconds: 30}
                      readinessProbe: {httpGet: {path: /ping/ready, port: 8000}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: shop}
            spec: {type: LoadBalancer, selector: {app: shop}, ports: [{port: 80, targetPort: 8000}]}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: shop}
            spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 10}
            """
        ]
        #expect(try await Self.rules(files) == ["C18", "C19", "C21"])
    }

    @Test("a workflow with old actions, secrets in shell lines and a deploy that nobody watches")
    func workflow() async throws {
        let files = [
            ".github/workflows/ship.yml": """
            name: ship
            on: {push: {branches: [main]}}
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/checkout@v2
                  - run: pip install pytest pip-audit && pytest && pip-audit
              ship:
                needs: test
                runs-on: ubuntu-latest
                steps:
                  - run: echo "${{ secrets.REGISTRY_PASSWORD }}" | docker login -u ci --password-stdin
                  - run: kubectl set image deployment/shop shop=shop:${{ github.sha }}
            """
        ]
        #expect(try await Self.rules(files) == ["C32", "C33", "C34", "C36"])
        #expect(try await AuditSample.report(files).count(.error) == 0)
    }

    @Test("Heroku with a plan that has ended, and four workers")
    func heroku() async throws {
        let files = [
            "Procfile": "web: gunicorn main:app --workers 4 --bind 0.0.0.0:$PORT\n", "main.py": Self.app,
            "app.json": "{\"addons\": [{\"plan\": \"heroku-postgresql:hobby-dev\"}]}\n",
            "requirements.txt": "fastapi\ngunicorn\nsqlalchemy\n",
        ]
        let report = try await AuditSample.report(files)
        #expect(report.findings.filter { $0.rule == "C25" }.map(\.severity) == [.error, .warning])
    }
}
