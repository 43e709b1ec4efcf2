import Testing

@testable import Scaffold

@Suite("Workers whose command names what is not there")
struct WorkerTargetTests {
    private static let tasks = "from celery import Celery\n\nqueue = Celery('t', broker='redis://redis')\n"
    private static let task = "from app.jobs.queue import queue\n\n\n@queue.task\ndef mail(): ...\n"

    private func scan(_ files: [String: String]) async throws -> Facts {
        var all = [
            "app/main.py": EntryCase.app, "app/__init__.py": "", "Dockerfile": LaunchSample.image,
            "requirements.txt": "fastapi\nuvicorn\ncelery\narq\ndramatiq\ntaskiq\n",
        ]
        all.merge(files) { _, new in new }
        return try await Scan.run(Project(files: all)).facts
    }

    private func compose(_ commands: [String]) -> String {
        "services:\n  web:\n    build: .\n    command: uvicorn app.main:app\n"
            + commands.enumerated().map { "  work\($0.offset):\n    build: .\n    command: \($0.element)\n" }.joined()
    }

    @Test(
        "a module that has moved, and an attribute that it never had: the app that is there is started, and it is said"
    )
    func moved() async throws {
        let files = [
            "app/jobs/__init__.py": "", "app/jobs/queue.py": Self.tasks + "from app.jobs import mail\n",
            "app/jobs/mail.py": Self.task,
        ]
        for old in ["app.tasks.queue", "app.jobs.queue:celery_app", "src.app.jobs.queue.queue"] {
            let facts = try await scan(
                files.merging([
                    "compose.yaml": compose(["celery -A \(old) worker -c 2", "celery --app=\(old) beat -l info"])
                ]) { $1 }
            )
            #expect(
                facts.processes.map(\.command) == [
                    ["celery", "-A", "app.jobs.queue.queue", "worker", "-c", "2"],
                    ["celery", "--app=app.jobs.queue.queue", "beat", "-l", "info"],
                ],
                "\(old)"
            )
            let warning = facts.warnings.first { $0.message.contains(old) }
            #expect(warning?.message.hasSuffix("which the project does not have: started with what is there") == true)
            #expect(warning?.place == Place("compose.yaml", 7))
        }
    }

    @Test("where nothing is there in its place it is left out, in one line")
    func gone() async throws {
        for command in [
            "celery -A app.tasks worker", "arq app.worker.Settings", "dramatiq app.actors", "taskiq worker app.q:b",
        ] {
            let facts = try await scan(["compose.yaml": compose([command])])
            #expect(facts.processes.isEmpty, "\(command)")
            #expect(facts.warnings.contains { $0.message.contains("`\(command)`") && $0.message.hasSuffix("left out") })
        }
        let procfile = try await scan([
            "Procfile": "web: uvicorn app.main:app\nbot: python bot/run.py\nrelay: /bin/relay\n"
        ])
        #expect(procfile.processes.map(\.command) == [["relay"]])
    }

    @Test(
        "what can be found stays as it is",
        arguments: [
            "celery -A app.jobs.queue worker", "celery -A app.jobs.queue.queue worker", "celery -A app.jobs worker",
            "celery -A celery_worker.app worker", "celery -A jobs.queue worker", "celery worker",
            "celery -A app.lazy.queue worker", "celery -A app.pair.queue worker", "rq worker high low",
        ]
    )
    func kept(command: String) async throws {
        let facts = try await scan([
            "app/jobs/__init__.py": "from .queue import queue\n", "app/jobs/queue.py": Self.tasks,
            "app/lazy.py": "from x import *\n",
            "app/pair.py": "queue, other = make()\n",
            "requirements.txt": "fastapi\nuvicorn\ncelery\ncelery-worker\nrq\n",
            "compose.yaml": compose([command]),
        ])
        #expect(facts.processes.map { $0.command.joined(separator: " ") } == [command])
    }

    @Test("tasks that nothing leads the worker to are told to it; where something does, or may, nothing is added")
    func unseen() async throws {
        let files = [
            "app/jobs/__init__.py": "", "app/jobs/queue.py": Self.tasks.replacing("queue", with: "celery"),
            "app/jobs/mail.py": Self.task.replacing("queue.task", with: "celery.task").replacing(
                "import queue",
                with: "import celery"
            ),
            "app/jobs/shared.py": "from celery import shared_task\n\n\n@shared_task\ndef other(): ...\n",
        ]
        let command = "celery -A app.jobs.queue worker -l info"
        func words(_ more: [String: String], _ command: String) async throws -> [String]? {
            try await scan(files.merging(more) { $1 }.merging(["compose.yaml": compose([command])]) { $1 }).processes
                .first?.command
        }
        let told = command.split(separator: " ").map(String.init)
        #expect(try await words([:], command) == told + ["--include=app.jobs.mail,app.jobs.shared"])
        let main = [
            "app/main.py": "from app.jobs import mail, shared\nfrom app.jobs.queue import celery\n" + EntryCase.app
        ]
        #expect(
            try await words(main, "celery -A app.main.celery worker") == ["celery", "-A", "app.main.celery", "worker"]
        )
        let seeks = [
            "app/jobs/queue.py": Self.tasks.replacing("queue", with: "celery")
                + "celery.autodiscover_tasks(['app.jobs'])\n"
        ]
        #expect(try await words(seeks, command) == told)
        #expect(try await words([:], command + " -I app.jobs.mail") == told + ["-I", "app.jobs.mail"])
    }
}
