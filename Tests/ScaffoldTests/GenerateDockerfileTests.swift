import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Generated Dockerfiles")
struct GenerateDockerfileTests {
    @Test("the golden facts give the golden file")
    func golden() throws {
        var options = GeneratedImageOptions()
        options.stamp = Stamp.text(version: "1.2.3", facts: "abc")
        let generated = DockerfileGenerator.make(GoldenFacts.make(), options)
        #expect(generated.files.map(\.path) == ["Dockerfile", ".dockerignore", "migrate.py"])
        #expect(generated.notes.isEmpty)
        let text = try #require(generated.files.first?.text)
        #expect(Stamp.isUntouched(text))
        #expect(text.replacing(/; text: [0-9a-f]{16}/, with: "") == Self.goldenText)
    }

    @Test("the allow-list lets through what the image copies, and nothing that is secret")
    func ignored() throws {
        let generated = DockerfileGenerator.make(GoldenFacts.make())
        let text = try #require(generated.files.first { $0.path == ".dockerignore" }?.text)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[1] == "*")
        let back = ["!uv.lock", "!pyproject.toml", "!alembic", "!app", "!alembic.ini", "!migrate.py"]
        #expect(Array(lines[2..<(2 + back.count)]) == back)
        #expect(lines.contains("**/.env*"))
    }

    @Test("a project's own Dockerfile is kept")
    func kept() {
        var facts = GoldenFacts.make()
        facts.existing.dockerfile = "docker/Dockerfile"
        #expect(DockerfileGenerator.make(facts).files.isEmpty)
    }

    @Test("each manager installs from its lock", arguments: locked)
    func locks(_ row: Row) throws {
        let shape = try #require(GenerateShapes.all.first { $0.name == row.shape })
        let text = try #require(DockerfileGenerator.make(shape.facts).files.first?.text)
        for part in row.has { #expect(text.contains(part), "\(part) in\n\(text)") }
        for part in row.lacks { #expect(!text.contains(part), "\(part) in\n\(text)") }
    }

    struct Row: CustomStringConvertible, Sendable {
        var shape: String
        var has: [String]
        var lacks: [String] = []
        var description: String { shape }
    }

    private static let locked: [Row] = [
        Row(shape: "uv pyproject.toml plain", has: ["uv sync --no-dev --locked --no-install-project"]),
        Row(
            shape: "uv pyproject.toml unlocked",
            has: ["uv sync --no-dev --no-install-project"],
            lacks: ["--locked", "uv.lock"]
        ),
        Row(
            shape: "uv pyproject.toml rich",
            has: ["--group prod --extra server --extra db", "libpq-dev", "libpq5", "libmariadb3"]
        ),
        Row(
            shape: "uv pyproject.toml installed",
            has: ["--locked --no-editable", "COPY . /app/"],
            lacks: ["COPY src", "PYTHONPATH"]
        ),
        Row(shape: "uv pyproject.toml below", has: ["source=uv.lock,target=/app/uv.lock", "WORKDIR /app\n"]),
        Row(
            shape: "poetry pyproject.toml rich",
            has: ["install --only main,prod --extras server --extras db --no-root"]
        ),
        Row(shape: "poetry pyproject.toml installed", has: ["/opt/venv/bin/pip install --no-deps ."]),
        Row(shape: "pdm pyproject.toml plain", has: ["pdm sync --prod --no-editable --no-self"]),
        Row(shape: "pipenv Pipfile plain", has: ["/opt/pipenv/bin/pipenv sync", "VIRTUAL_ENV=/opt/venv"]),
        Row(shape: "pip requirements.in rich", has: ["--require-hashes -r /app/requirements.txt"]),
        Row(shape: "pip pyproject.toml plain", has: ["uv pip install --python /opt/venv -r /app/pyproject.toml"]),
        Row(shape: "pip setup.py plain", has: ["COPY . /app/", "pip install ."]),
        Row(shape: "hatch pyproject.toml rich", has: ["--extra server --extra db"]),
        Row(
            shape: "conda environment.yml plain",
            has: ["micromamba install --yes --name base --file /tmp/environment.yml"]
        ),
        Row(
            shape: "workspace with a front end",
            has: [
                "--frozen", "--package shop", "--no-install-workspace", "WORKDIR /app/backend\n",
                "PYTHONPATH=/app/backend",
                "COPY backend/app ./app", "COPY --from=frontend /app/frontend/dist /app/backend/app/frontend",
                "FROM oven/bun:1-slim",
            ]
        ),
        Row(
            shape: "django",
            has: [
                #"CMD ["gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:8000""#,
                "manage.py collectstatic --noinput",
                "DATABASE_URL=sqlite:////tmp/build.sqlite3",
            ]
        ),
        Row(shape: "python 3.8", has: ["FROM python:3.8-slim-bookworm", "poetry==1.8.5"]),
        Row(
            shape: "gunicorn.conf.py",
            has: [#""--config", "gunicorn.conf.py"]"#, "COPY alembic.ini gunicorn.conf.py migrate.py ./"]
        ),
        Row(
            shape: "fastapi uvicorn factory",
            has: [#"["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000", "--factory", "#]
        ),
        Row(
            shape: "fastapi gunicorn app",
            has: [#""--worker-class", "uvicorn_worker.UvicornWorker""#, "uvicorn-worker==0.4.0"]
        ),
        Row(shape: "flask none app", has: ["gthread", "gunicorn==27.0.1"], lacks: ["UVICORN"]),
        Row(
            shape: "fastapi own script",
            has: [#"CMD ["sh", "-c", "exec python serve.py --port 8000 --key \"$KEY\""]"#]
        ),
        Row(shape: "streamlit none app", has: [#"["streamlit", "run", "app/main.py""#, "/_stcore/health"]),
        Row(shape: "heavy", has: ["--start-period=60s"]),
        Row(shape: "node", has: ["FROM node:22"]),
    ]

    @Test("every shape is a Dockerfile without problems that starts something as nobody", arguments: GenerateShapes.all)
    func sound(_ shape: GenerateShapes.Shape) throws {
        let generated = DockerfileGenerator.make(shape.facts)
        #expect(generated == DockerfileGenerator.make(shape.facts))
        guard let text = generated.files.first?.text else { return #expect(!generated.notes.isEmpty) }
        let file = Dockerfile.parse(text, path: "Dockerfile")
        #expect(file.problems.isEmpty)
        let last = try #require(file.stages.last)
        let words = last.instructions.map(\.word)
        guard shape.facts.recipe == nil else { return }
        #expect(last.instructions.last { $0.word == "USER" }?.text == "10001:10001")
        #expect(last.instructions.last { $0.word == "CMD" }?.exec?.isEmpty == false)
        #expect(last.instructions.filter { $0.word == "CMD" }.count == 1)
        for word in ["EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "WORKDIR"] { #expect(words.contains(word)) }
        #expect(text.split(separator: "\n")[1].hasPrefix("# Generated by roost"))
    }

    @Test("nothing that a project has written becomes an instruction", arguments: GenerateShapes.hostile)
    func hostile(_ shape: GenerateShapes.Shape) throws {
        let text = try #require(DockerfileGenerator.make(shape.facts).files.first?.text)
        let file = Dockerfile.parse(text, path: "Dockerfile")
        #expect(file.problems.isEmpty)
        let allowed: Set<String> = [
            "COPY", "ENV", "RUN", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD",
        ]
        for stage in file.stages {
            for one in stage.instructions {
                #expect(allowed.contains(one.word))
                #expect(one.word != "COPY" || one.text.split(separator: " ").allSatisfy { Self.isPlain(String($0)) })
            }
        }
        #expect(file.stages.last?.instructions.filter { $0.word == "CMD" }.count == 1)
        #expect(file.stages.last?.instructions.last { $0.word == "USER" }?.text == "10001:10001")
    }

    private static func isPlain(_ path: String) -> Bool {
        path == "." || Quoting.isPlainPath(path) || path.hasSuffix("/")
    }

    @Test("hadolint finds nothing", .enabled(if: Validators.missing == nil, "\(Validators.missing ?? "")"))
    func hadolint() async throws {
        let folder = try ScratchFolder()
        var files: [String] = []
        for (index, shape) in GenerateShapes.all.enumerated() where shape.facts.recipe == nil {
            guard let text = DockerfileGenerator.make(shape.facts).files.first?.text else { continue }
            files.append(try folder.write(text, to: "\(index)-\(shape.name.replacing(" ", with: "_"))"))
        }
        #expect(files.count > 250)
        // Debian keeps no older versions of its packages, so that pinning them breaks every later build.
        let outcome = try await Validators.run("hadolint", ["--ignore", "DL3008"] + files)
        #expect(outcome.code == 0, "\(outcome.output.prefix(4000))")
    }

    @Test("a folder that can't stand in a Dockerfile is said, not written", arguments: ["a b", "a\nRUN x", "$x", "a*"])
    func folders(_ folder: String) {
        for isRoot in [true, false] {
            var facts = GoldenFacts.make()
            if isRoot { facts.root = folder }
            facts.manager?.manifest = "\(folder)/pyproject.toml"
            facts.manager?.lock = isRoot ? "uv.lock" : "\(folder)/uv.lock"
            let generated = DockerfileGenerator.make(facts)
            #expect(generated.files.isEmpty)
            #expect(generated.notes.count == 1)
        }
    }

    @Test("variables in a command are filled in, or left to a shell")
    func variables() {
        #expect(ServerStart.withoutVariables(["a", "$PORT", "--x=${PORT:-80}"], port: 9) == ["a", "9", "--x=9"])
        #expect(ServerStart.withoutVariables(["a", "$5"], port: 9) == ["a", "$5"])
        let words = ServerStart.withoutVariables(["a b", "$HOST", "x$(id)", "${LEVEL:-info}"], port: 9)
        #expect(words == ["sh", "-c", #"exec 'a b' "$HOST" 'x$(id)' "${LEVEL:-info}""#])
    }

    private static let goldenText = """
        # syntax=docker/dockerfile:1
        # Generated by roost 1.2.3; facts: abc
        FROM ghcr.io/astral-sh/uv:0.13.7 AS uv

        FROM python:3.14-slim-trixie AS build
        COPY --from=uv /uv /usr/local/bin/uv
        ENV UV_COMPILE_BYTECODE=1 \\
            UV_LINK_MODE=copy \\
            UV_PYTHON_DOWNLOADS=never \\
            UV_PROJECT_ENVIRONMENT=/opt/venv
        WORKDIR /app
        # Dependencies first: this layer changes only when what they are made from does.
        RUN --mount=type=cache,target=/root/.cache/uv \\
            --mount=type=bind,source=uv.lock,target=/app/uv.lock \\
            --mount=type=bind,source=pyproject.toml,target=/app/pyproject.toml \\
            uv sync --no-dev --locked --no-install-project

        FROM python:3.14-slim-trixie AS runtime
        ENV PATH=/opt/venv/bin:$PATH \\
            PYTHONPATH=/app \\
            PYTHONUNBUFFERED=1 \\
            PYTHONDONTWRITEBYTECODE=1 \\
            PYTHONFAULTHANDLER=1 \\
            UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN=20 \\
            UVICORN_TIMEOUT_KEEP_ALIVE=75
        RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin app
        WORKDIR /app
        COPY --from=build /opt/venv /opt/venv
        COPY alembic ./alembic
        COPY app ./app
        COPY alembic.ini migrate.py ./
        USER 10001:10001
        EXPOSE 8000
        STOPSIGNAL SIGTERM
        HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --start-interval=2s --retries=3 \\
            CMD ["python", "-I", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + \
        '8000' + '/healthz', timeout=3)"]
        CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000", "--proxy-headers", \
        "--no-server-header", "--no-access-log"]

        """
}
