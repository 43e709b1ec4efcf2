import Model
import Testing

@testable import Scaffold

@Suite("Background processes")
struct ProcessDetectorTests {
    private func found(
        _ files: [String: String],
        main: String = "from fastapi import FastAPI\napp = FastAPI()\n",
        importRoot: String = "",
        depends: [String] = []
    ) async throws -> [Facts.Process] {
        var all = files
        let path = importRoot.isEmpty ? "app/main.py" : "\(importRoot)/app/main.py"
        if all[path] == nil { all[path] = main }
        var context = try await BehaviourFixture.context(all, importRoot: importRoot, depends: depends)
        ProcessDetector.detect(&context)
        return context.facts.processes
    }

    private func lines(_ processes: [Facts.Process]) -> [String] {
        processes.map {
            "\($0.name) \($0.kind.rawValue): \($0.command.joined(separator: " "))\($0.isSingleton ? " once" : "")"
        }
    }

    private static let celery = """
        from celery import Celery
        jobs = Celery("shop", broker="redis://cache:6379/0")
        @jobs.task
        def mail(): ...

        """

    @Test("Celery by the object's own name and the module it is imported from")
    func celery() async throws {
        #expect(
            lines(try await found(["app/queue.py": Self.celery])) == ["worker celery: celery -A app.queue.jobs worker"]
        )
        let inSource = try await found(["src/app/queue.py": Self.celery], importRoot: "src")
        #expect(lines(inSource) == ["worker celery: celery -A app.queue.jobs worker"])
        let inPackage = try await found(["tasks/__init__.py": Self.celery])
        #expect(inPackage.first?.command == ["celery", "-A", "tasks.jobs", "worker"])
        #expect(inPackage.first?.broker == "redis")
        let made = Self.celery.replacing(
            "jobs = Celery(\"shop\", broker=\"redis://cache:6379/0\")",
            with: "def make():\n    c = Celery(\"x\")\n    return c\njobs = make()"
        )
        #expect(lines(try await found(["app/queue.py": made])) == ["worker celery: celery -A app.queue.jobs worker"])
    }

    @Test(
        "a schedule for Celery is a process that may run only once",
        arguments: [
            "jobs.conf.beat_schedule = {\"a\": {\"task\": \"mail\"}}",
            "jobs.conf.update(beat_schedule={\"a\": {}}, timezone=\"UTC\")",
            "@jobs.on_after_configure.connect\ndef f(sender, **k):\n    sender.add_periodic_task(10, mail.s())",
            "config = {\"beat_schedule\": {\"a\": {}}}\njobs.conf.update(config)", "CELERY_BEAT_SCHEDULE = {\"a\": {}}",
        ]
    )
    func beat(_ code: String) async throws {
        let processes = try await found(["app/queue.py": Self.celery + code + "\n"])
        #expect(lines(processes).last == "beat celery-beat: celery -A app.queue.jobs beat once")
        #expect(processes.count == 2)
    }

    @Test("an empty schedule is none, and an app that only sends names of tasks has its workers elsewhere")
    func noBeat() async throws {
        #expect(try await found(["app/queue.py": Self.celery + "jobs.conf.beat_schedule = {}\n"]).count == 1)
        let sender =
            "from celery import Celery\nc = Celery(\"x\", broker=\"amqp://q\")\ndef f():\n    c.send_task(\"there.mail\")\n"
        #expect(try await found(["app/queue.py": sender]).isEmpty)
    }

    @Test("commands as the project writes them win, those for production first, and each kind once")
    func written() async throws {
        let files = [
            "app/queue.py": Self.celery + "jobs.conf.beat_schedule = {\"a\": {}}\n",
            "Procfile":
                "web: uvicorn app.main:app\nworker: celery -A app.queue.jobs worker -c 4\nrelease: python seed.py\n",
            "docker-compose.yml": """
            services:
              db:
                image: postgres
                command: postgres -c max_connections=10
              worker:
                build: .
                command: poetry run celery -A app.queue.jobs worker --loglevel=debug
              beat:
                build: .
                command: sh -c "sleep 5 && exec celery -A app.queue.jobs beat"
              dashboard:
                build: .
                command: celery --broker=redis://cache flower --port=5555
            """,
            "Dockerfile": "FROM python:3.12\nRUN pip install x\n",
        ]
        let processes = try await found(files)
        #expect(
            lines(processes) == [
                "worker celery: celery -A app.queue.jobs worker -c 4",
                "beat celery-beat: celery -A app.queue.jobs beat once",
                "flower flower: celery --broker=redis://cache flower --port=5555",
            ]
        )
        #expect(processes[2].isOptional)
        #expect(processes[2].port == 5555)
        #expect(processes.allSatisfy { $0.broker == "redis" })
    }

    @Test("what only development needs is left out, and a worker with a clock in it may run only once")
    func plain() async throws {
        let processes = try await found([
            "compose.yaml":
                "services:\n  worker:\n    build: .\n    command: watchfiles \"celery -A q.app worker -B --logfile=x.log\" app\n",
            "Dockerfile": "FROM python:3.12\n", "q/app.py": Self.celery,
        ])
        #expect(lines(processes) == ["worker celery: celery -A q.app worker -B once"])
    }

    @Test("several queues keep the names that the project gives them")
    func queues() async throws {
        let processes = try await found([
            "Procfile": "mail: celery -A q worker -Q mail\nslow_work: celery -A q worker -Q slow\n",
            "q.py": Self.celery,
        ])
        #expect(processes.map(\.name) == ["mail", "slow-work"])
    }

    @Test(
        "other task queues, by their code",
        arguments: [
            (
                "from arq.connections import RedisSettings\nclass WorkerSettings:\n    functions = []\n    redis_settings = RedisSettings()\n",
                ["worker arq: arq app.jobs.WorkerSettings"], "redis"
            ),
            (
                "import dramatiq\nfrom dramatiq.brokers.rabbitmq import RabbitmqBroker\ndramatiq.set_broker(RabbitmqBroker(url=\"x\"))\n@dramatiq.actor\ndef f(): ...\n",
                ["worker dramatiq: dramatiq app.jobs"], "amqp"
            ),
            (
                "from rq import Queue\nq = Queue(\"mail\", connection=None)\nlow = Queue(name=\"low\")\n",
                ["worker rq: rq worker mail low"], "redis"
            ),
            (
                "from taskiq_redis import ListQueueBroker\nfrom taskiq import TaskiqScheduler\nbroker = ListQueueBroker(url).with_middlewares(x)\n"
                    + "clock = TaskiqScheduler(broker, [])\n@broker.task\nasync def f(): ...\n",
                [
                    "worker taskiq: taskiq worker app.jobs:broker",
                    "scheduler scheduler: taskiq scheduler app.jobs:clock once",
                ], "redis"
            ),
            (
                "from taskiq_aio_pika import AioPikaBroker\nbroker = AioPikaBroker(\"amqp://q\")\n",
                ["worker taskiq: taskiq worker app.jobs:broker"], "amqp"
            ),
            (
                "from huey import RedisHuey\nhuey = RedisHuey()\n@huey.task()\ndef f(): ...\n",
                ["worker huey: huey_consumer app.jobs.huey"], "redis"
            ),
            (
                "import procrastinate\napp = procrastinate.App(connector=None)\n",
                ["worker other: procrastinate --app=app.jobs.app worker"], "postgresql"
            ),
            ("from taskiq import InMemoryBroker\nbroker = InMemoryBroker()\n", [], nil),
            ("from arq import create_pool\nasync def f():\n    await create_pool()\n", [], nil),
        ] as [(String, [String], String?)]
    )
    func tools(_ code: String, _ wanted: [String], _ broker: String?) async throws {
        let processes = try await found(["app/jobs.py": code])
        #expect(lines(processes) == wanted)
        #expect(processes.first?.broker == broker)
    }

    @Test(
        "programs of the project beside the web server, and such that are none",
        arguments: [
            ("Procfile", "web: uvicorn app.main:app\nbot: python -m app.bot\n", ["bot other: python -m app.bot"]),
            (
                "fly.toml", "[processes]\napp = \"uvicorn app.main:app\"\nbot = \"python -m app.bot\"\n",
                ["bot other: python -m app.bot"]
            ),
            (
                "compose.yaml",
                "services:\n  bot:\n    build: .\n    command: python app/bot.py\n  init:\n    build: .\n    command: python app/bot.py init\n",
                ["bot other: python app/bot.py"]
            ),
            (
                "compose.yaml", "services:\n  jobs:\n    build: .\n    command: supercronic /app/crontab\n",
                ["cron cron: supercronic /app/crontab once"]
            ),
            (
                "supervisord.conf",
                "[program:web]\ncommand=uvicorn app.main:app\n[program:bot]\ncommand=python -m app.bot\n[program:redis]\ncommand=redis-server\n",
                ["bot other: python -m app.bot"]
            ),
            (
                "k8s.yaml",
                "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n"
                    + "            - name: report\n              command: [python, -m, app.bot]\n", []
            ),
        ]
    )
    func programs(_ file: String, _ text: String, _ wanted: [String]) async throws {
        let files = [
            file: text, "app/bot.py": "print(1)\n",
            "Dockerfile": "FROM python:3.12\nRUN pip install x\nWORKDIR /app\nCOPY . .\n",
        ]
        #expect(lines(try await found(files)) == wanted)
    }

    @Test(
        "work inside the web process",
        arguments: [
            (
                "from apscheduler.schedulers.asyncio import AsyncIOScheduler\nscheduler = AsyncIOScheduler()\n",
                "scheduler"
            ),
            (
                "from fastapi_utils.tasks import repeat_every\n@app.on_event(\"startup\")\n@repeat_every(seconds=60)\nasync def f(): ...\n",
                "repeated-tasks"
            ),
            (
                "import asyncio\nasync def poll():\n    while True:\n        await asyncio.sleep(5)\n@app.on_event(\"startup\")\nasync def up():\n"
                    + "    asyncio.create_task(poll())\n", "background-tasks"
            ),
            (
                "import asyncio\nfrom threading import Thread\nimport time\ndef poll():\n    while running:\n        time.sleep(5)\n"
                    + "Thread(target=poll, daemon=True).start()\n", "background-tasks"
            ),
        ]
    )
    func inProcess(_ code: String, _ name: String) async throws {
        let processes = try await found(["app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n" + code])
        #expect(processes.map(\.kind) == [.inProcess])
        #expect(processes.first?.name == name)
        #expect(processes.first?.isSingleton == true)
        #expect(processes.first?.command == [])
    }

    @Test(
        "an import without use, a comment, a loop that waits for the database, a task of a request: nothing",
        arguments: [
            "from apscheduler.schedulers.asyncio import AsyncIOScheduler\n# scheduler = AsyncIOScheduler()\n",
            "import asyncio\n@app.on_event(\"startup\")\nasync def wait():\n    while True:\n        await asyncio.sleep(1)\n",
            "import asyncio\nasync def poll():\n    while True:\n        await asyncio.sleep(5)\n@app.get(\"/\")\nasync def start():\n"
                + "    asyncio.create_task(poll())\n",
            "import asyncio\nasync def once(): ...\n@app.on_event(\"startup\")\nasync def up():\n    asyncio.create_task(once())\n",
        ]
    )
    func nothing(_ code: String) async throws {
        #expect(try await found(["app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n" + code]).isEmpty)
    }

    @Test("a scheduler that a program of its own runs is a process that may run only once")
    func ownScheduler() async throws {
        let clock =
            "from apscheduler.schedulers.blocking import BlockingScheduler\ndef main():\n    BlockingScheduler().start()\n"
            + "if __name__ == \"__main__\":\n    main()\n"
        let main = "from fastapi import FastAPI\nimport app.a\nimport app.b\napp = FastAPI()\n"
        let files = ["app/clock.py": clock, "app/a.py": "", "app/b.py": ""]
        #expect(lines(try await found(files, main: main)) == ["scheduler scheduler: python -m app.clock once"])
        var written = files
        written["Procfile"] = "clock: python app/clock.py\n"
        #expect(lines(try await found(written, main: main)) == ["scheduler scheduler: python app/clock.py once"])
    }
}
