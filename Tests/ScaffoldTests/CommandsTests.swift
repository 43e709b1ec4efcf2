import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Commands that projects write down")
struct CommandsTests {
    @Test(
        "shell text becomes simple commands with variables filled in",
        arguments: [
            ("a && exec uvicorn main:app --port $PORT", ["a", "exec uvicorn main:app --port $PORT"]),
            ("PORT=${PORT:-8000}\nuvicorn x:y --port $PORT", ["uvicorn x:y --port 8000"]),
            ("M=src.main\nV=${V-app}\nexport A=${A:-\"$M:$V\"}\ngunicorn \"$A\"", ["gunicorn src.main:app"]),
            ("uvicorn a:b \\\n  --host 0.0.0.0 # why\necho done", ["uvicorn a:b --host 0.0.0.0", "echo done"]),
            (
                "if [ -f x ]; then\n M=one\nelif [ -f y ]; then\n M=two\nfi\nrun $M",
                ["[ -f x ]", "[ -f y ]", "run one"]
            ),
            ("cat <<EOF > f\nuvicorn no:no\nEOF\nuvicorn a:b 2>&1 | tee log", ["cat", "uvicorn a:b", "tee log"]),
            ("P=\"\"\nexec $P gunicorn 'a b' \"$X\"", ["exec gunicorn a b $X"]),
            (": ${N:=3}\nrun --workers=$N $(nproc)", ["run --workers=3 $(nproc)"]),
            ("case \"$1\" in\n web) uvicorn a:b ;;\nesac", ["web", "uvicorn a:b"]),
            ("ARGS='--x 1'; run $ARGS \"$ARGS\"", ["run --x 1 --x 1"]),
        ]
    )
    func shell(text: String, lines: [String]) {
        #expect(ShellScript.lines(of: text).map { $0.words.joined(separator: " ") } == lines)
    }

    @Test("cd is followed, within its parentheses, and given up when it can't be told")
    func folders() {
        let text = "(cd a && run 1)\nrun 2\ncd b\ncd c; run 3\ncd \"$(dirname \"$0\")\"\nrun 4"
        let folders = ShellScript.lines(of: text).map { $0.folder ?? "?" }
        #expect(folders == ["a", "", "b/c", "?"])
    }

    @Test(
        "what only wraps a command is taken off",
        arguments: [
            ("exec uv run --no-sync uvicorn a:b", "uvicorn a:b"), ("poetry run python -m uvicorn a:b", "uvicorn a:b"),
            ("opentelemetry-instrument --service_name x gunicorn a:b", "gunicorn a:b"),
            ("newrelic-admin run-program uvicorn a:b", "uvicorn a:b"),
            ("dotenv -f .env run -- uvicorn a:b", "uvicorn a:b"),
            ("/usr/bin/tini -g -- uvicorn a:b", "uvicorn a:b"), ("dumb-init gunicorn a:b", "gunicorn a:b"),
            ("micromamba run -n base python -m uvicorn a:b", "uvicorn a:b"), ("env A=1 B=2 uvicorn a:b", "uvicorn a:b"),
            ("./wait-for-it.sh db:5432 -t 9 -- uvicorn a:b", "uvicorn a:b"), ("hatch run prod:serve", "serve"),
            ("python3 -u -X dev app.py --x", "python3 app.py --x"), ("uv run -m shop.web", "python -m shop.web"),
            ("/opt/venv/bin/python -m shop", "/opt/venv/bin/python -m shop"), ("uv run web.py", "python web.py"),
            ("pdm run uvicorn a:b", "uvicorn a:b"), ("gosu app uvicorn a:b", "uvicorn a:b"), ("uvicorn", "uvicorn"),
            ("conda run --no-capture-output -n web uvicorn a:b", "uvicorn a:b"),
            ("/venv/bin/uvicorn a:b", "uvicorn a:b"),
            ("python -m debugpy --listen 0.0.0.0:5678 -m uvicorn a:b", "uvicorn a:b"),
            ("timeout -k 5 30 uvicorn a:b", "uvicorn a:b"), ("uv run", "uv run"), ("exec", "exec"),
            ("ddtrace-run", "ddtrace-run"),
        ]
    )
    func wrappers(line: String, result: String) throws {
        #expect(CommandWrappers.strip(try Words.split(line)).words.joined(separator: " ") == result)
    }

    @Test(
        "servers and their options",
        arguments: [
            ("uvicorn --factory src.main:create_app --port=80", "uvicorn src.main:create_app factory port=80"),
            ("uvicorn --app-dir ./src/ api:app --reload", "uvicorn api:app dir=./src/ reload"),
            (
                "gunicorn -k uvicorn.workers.UvicornWorker -c conf.py -w4 a.b:app -b :$PORT",
                "gunicorn a.b:app port=$PORT workers=4 class=uvicorn.workers.UvicornWorker config=conf.py"
            ),
            (
                "gunicorn 'shop:create_app()' --bind=0.0.0.0:8080",
                "gunicorn shop:create_app factory port=8080 host=0.0.0.0"
            ),
            ("gunicorn --bind unix:/tmp/x.sock shop", "gunicorn shop host=unix:/tmp/x.sock"),
            ("hypercorn main:app --bind [::]:$PORT", "hypercorn main:app port=$PORT host=[::]"),
            ("granian --interface asgi --port 9000 --workers 2 a:b", "granian a:b port=9000 workers=2"),
            ("daphne -b 0.0.0.0 -p 8001 shop.asgi:application", "daphne shop.asgi:application port=8001 host=0.0.0.0"),
            ("fastapi run --workers 4 app/main.py", "fastapi workers=4 file=app/main.py"),
            ("fastapi dev --port 80", "fastapi port=80 reload"),
            ("fastapi run -e app.main:api", "fastapi app.main:api"),
            ("flask --app shop:make run -p 5000", "flask shop:make port=5000"),
            ("streamlit run ui/page.py --server.port 8501", "streamlit port=8501 file=ui/page.py"),
            ("python manage.py runserver 0.0.0.0:8000", "django port=8000 host=0.0.0.0 reload file=manage.py"),
            ("python web.py -c x.yaml --port 8080", "own file=web.py args=-c x.yaml --port 8080"),
            ("python -m shop --all", "own module=shop args=--all"),
            ("sh -c 'alembic upgrade head && exec uvicorn a:b'", "uvicorn a:b"),
            ("waitress-serve --listen=*:80 --call shop:make", "own shop:make factory port=80 host=*"),
            ("alembic upgrade head", "nil"), ("echo uvicorn a:b", "nil"), ("pip install uvicorn", "nil"),
            ("python -c x", "nil"),
        ]
    )
    func servers(line: String, result: String) throws {
        #expect(Self.text(ServerCommand.parse(try Words.split(line))) == result)
    }

    private static func text(_ command: ServerCommand?) -> String {
        guard let command else { return "nil" }
        let parts: [String?] = [
            command.server.rawValue, command.target, command.isFactory ? "factory" : nil,
            command.port.map { "port=\($0)" },
            command.host.map { "host=\($0)" }, command.appFolder.map { "dir=\($0)" },
            command.workers.map { "workers=\($0)" }, command.workerClass.map { "class=\($0)" },
            command.reload ? "reload" : nil,
            command.config.map { "config=\($0)" }, command.file.map { "file=\($0)" },
            command.module.map { "module=\($0)" },
            command.arguments.isEmpty ? nil : "args=" + command.arguments.joined(separator: " "),
        ]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    @Test("a Dockerfile's stages, scripts that it runs and the folder that it works in")
    func dockerfiles() throws {
        let found = collect([
            "backend/app/main.py": "",
            "backend/scripts/run.sh": "#!/bin/sh\nset -e\nexec uvicorn \"$APP\" --port ${PORT:-9000}\n",
            "backend/Dockerfile": """
            FROM python:3.13 AS prod
            WORKDIR /srv/backend
            COPY ./backend/ ./
            ENV APP=app.main:app
            CMD ["./scripts/run.sh"]
            FROM prod AS dev
            CMD ["uvicorn", "app.main:app", "--reload"]
            """,
        ])
        let prod = try #require(found.first { $0.isProduction })
        #expect(prod.words == ["uvicorn", "app.main:app", "--port", "9000"])
        #expect(prod.folder == "backend")
        #expect(prod.place == Place("backend/scripts/run.sh", 3))
        #expect(prod.runBy == Place("backend/Dockerfile", 5))
        #expect(found.contains { $0.stage == "dev" && $0.isDevelopment && !$0.isProduction })
        #expect(found.filter { $0.source == .script }.isEmpty)
    }

    @Test("an entrypoint script passes its arguments on")
    func entrypoint() throws {
        let found = collect([
            "entrypoint.sh": "#!/bin/sh\nalembic upgrade head\nexec \"$@\"\n",
            "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\nENTRYPOINT [\"/app/entrypoint.sh\"]\n"
                + "CMD [\"uvicorn\", \"--factory\", \"src.main:create_app\"]\n",
        ])
        #expect(
            found.map { $0.words.joined(separator: " ") } == [
                "alembic upgrade head", "uvicorn --factory src.main:create_app",
            ]
        )
        #expect(found.allSatisfy { $0.isProduction && $0.folder.isEmpty })
    }

    @Test("Compose: text, lists, folded text, mounts, entry points of the image")
    func compose() throws {
        let found = collect([
            "project/main.py": "", "project/Dockerfile": "FROM python:3.12\nWORKDIR /usr/src/app\n",
            "docker-compose.yml": """
            services:
              web:
                build: ./project
                command: uvicorn main:app --host 0.0.0.0 --reload
                volumes: [./project:/usr/src/app]
              worker:
                build: {context: ./project}
                command: ["celery", "-A", "worker.celery", "worker"]
              folded:
                image: x
                command: >
                  bash -c "cd project
                  && uvicorn main:app"
            """,
        ])
        #expect(found.map(\.folder) == ["project", "project", "project"])
        #expect(
            found.map { $0.words.joined(separator: " ") } == [
                "uvicorn main:app --host 0.0.0.0 --reload", "celery -A worker.celery worker", "uvicorn main:app",
            ]
        )
        #expect(found.map(\.name) == ["web", "worker", "folded"])
    }

    @Test("files of platforms")
    func platforms() throws {
        let found = collect([
            "Procfile": "release: alembic upgrade head\nweb: uvicorn a:one --port $PORT\nworker: celery -A x worker\n",
            "railway.json": "{\"deploy\": {\"startCommand\": \"hypercorn a:two --bind \\\"[::]:$PORT\\\"\"}}",
            "render.yaml":
                "services:\n  - type: web\n    name: api\n    rootDir: srv\n    startCommand: uvicorn a:three\n",
            "fly.toml":
                "[processes]\napp = \"uvicorn a:four\"\njob = \"arq x\"\n[deploy]\nrelease_command = \"alembic upgrade head\"\n",
            "app.yaml": "runtime: python312\nentrypoint: gunicorn a:five -b :$PORT\n",
            "heroku.yml": "run:\n  web: uvicorn a:six\n", "nixpacks.toml": "[start]\ncmd = \"uvicorn a:seven\"\n",
            "k8s/app.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            spec:
              template:
                spec:
                  initContainers: [{name: m, command: [alembic, upgrade, head]}]
                  containers:
                    - {name: api, command: [uvicorn], args: ["a:eight", "--port", "$(PORT)"], env: [{name: PORT, value: "80"}]}
            """,
            "supervisord.conf": "[program:web]\ncommand=uvicorn a:nine\n",
            "pyproject.toml": "[tool.pdm.scripts]\nserve = {cmd = \"uvicorn a:ten\", env = {X = \"1\"}}\n"
                + "[tool.hatch.envs.default.scripts]\nup = [\"echo 1\", \"uvicorn a:eleven\"]\n[tool.poe.tasks]\ngo = \"uvicorn a:twelve\"\n",
            "Makefile":
                "APP := a:last\nrun: deps\n\t@uvicorn $(APP) \\\n\t  --port 80\ndev:\n\tuvicorn a:dev --reload\n",
            "justfile": "target := 'a:just'\nserve *args:\n    uvicorn {{target}} {{args}}\n",
        ])
        let targets = found.compactMap { ServerCommand.parse($0.words)?.target }
        for name in [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "last",
            "just",
        ] {
            #expect(targets.contains("a:\(name)"), "\(name)")
        }
        let production = found.filter(\.isProduction).compactMap { ServerCommand.parse($0.words)?.target }
        #expect(Set(production) == ["a:one", "a:two", "a:three", "a:four", "a:five", "a:six", "a:seven", "a:eight"])
        #expect(found.first { $0.source == .kubernetes && $0.name == "api" }?.words.last == "80")
        #expect(found.first { $0.words.contains("a:three") }?.folder == "srv")
        #expect(found.filter { $0.words == ["alembic", "upgrade", "head"] }.count == 3)
        #expect(found.first { $0.words.contains("a:dev") }?.isDevelopment == true)
    }

    @Test("the base image's own command")
    func baseImage() throws {
        let found = collect([
            "api/app/main.py": "",
            "api/docker/web.dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY ./app /app/app\n",
        ])
        let command = try #require(found.first)
        #expect(command.isImplied && command.isProduction)
        #expect(ServerCommand.parse(command.words)?.target == "app.main:app")
        #expect(ServerCommand.parse(command.words)?.portNumber == 80)
        #expect(command.folder == "api")
    }

    @Test("scripts and targets that call themselves end")
    func loops() {
        let found = collect([
            "a.sh": "#!/bin/sh\n./b.sh\n./a.sh\n", "b.sh": "#!/bin/sh\n./a.sh; ./a.sh; make all\n",
            "Makefile": "all:\n" + String(repeating: "\tmake all\n\t./a.sh\n", count: 40),
            "Dockerfile": "FROM x\nWORKDIR /a\nCOPY . .\nCMD [\"./a.sh\"]\n",
        ])
        #expect(found.count < 5_000)
    }

    private func collect(_ files: [String: String]) -> [FoundCommand] {
        FoundCommands.collect(Scan.context(Project(files: files)))
    }
}
