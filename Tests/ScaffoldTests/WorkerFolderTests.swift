import Testing

@testable import Scaffold

@Suite("Workers that start in a folder of their own")
struct WorkerFolderTests {
    private static let app = EntryCase.app
    private static let tasks = "from celery import Celery\n\ncelery = Celery('tasks', broker='redis://redis')\n"

    private func processes(_ files: [String: String]) async throws -> [[String]] {
        var all = [
            "main.py": Self.app, "requirements.txt": "fastapi\nuvicorn\ncelery\narq\ndramatiq\n",
            "Dockerfile": LaunchSample.image + "CMD [\"uvicorn\", \"main:app\"]\n",
        ]
        all.merge(files) { _, new in new }
        return try await Scan.run(Project(files: all)).facts.processes.map(\.command)
    }

    @Test("a Dockerfile in that folder says it, by its own context or by its working directory")
    func dockerfile() async throws {
        let command = "CMD [\"celery\", \"-A\", \"worker\", \"worker\", \"--loglevel=info\"]\n"
        let wanted = [["sh", "-c", "cd src/core && exec celery -A worker worker --loglevel=info"]]
        let own = try await processes([
            "src/core/worker.py": Self.tasks, "src/core/requirements.txt": "celery\n",
            "src/core/Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nCOPY . .\n" + command,
            "compose.yaml": "services:\n  app:\n    build: .\n  worker:\n    build:\n      context: ./src/core\n",
        ])
        #expect(own == wanted)
        let inner = try await processes([
            "src/core/worker.py": Self.tasks,
            "worker.Dockerfile": LaunchSample.image + "WORKDIR /srv/src/core\n" + command,
        ])
        #expect(inner == wanted)
    }

    @Test("a service's working directory says it, for every kind of worker")
    func compose() async throws {
        let found = try await processes([
            "jobs/tasks.py": "from arq.connections import RedisSettings\n\n\nclass Settings:\n    functions = []\n",
            "compose.yaml":
                "services:\n  app:\n    build: .\n  jobs:\n    build: .\n    working_dir: /srv/jobs\n    command: arq tasks.Settings\n",
        ])
        #expect(found == [["sh", "-c", "cd jobs && exec arq tasks.Settings"]])
    }

    @Test("what is found from the app's folder too stays as it is")
    func sameModule() async throws {
        let found = try await processes([
            "core/__init__.py": "", "core/worker.py": Self.tasks,
            "compose.yaml":
                "services:\n  app:\n    build: .\n  worker:\n    build: .\n    command: celery -A core.worker worker\n",
        ])
        #expect(found == [["celery", "-A", "core.worker", "worker"]])
    }
}
