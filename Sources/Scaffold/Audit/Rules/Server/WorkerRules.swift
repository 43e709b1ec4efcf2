import Model

extension ServerRules {
    static let oldWorkers = Rule(
        "S01",
        .warning,
        "The worker class is deprecated",
        why: "`uvicorn.workers` has been deprecated since uvicorn 0.30 and will go; each start warns.",
        fix: "Plain `uvicorn --workers`, or the package `uvicorn-worker` with `uvicorn_worker.UvicornWorker`.",
        reference: "https://github.com/Kludex/uvicorn/pull/2302",
        exceptions: "A class of the project that extends it is an advice.",
        bad: [
            "Procfile": "web: gunicorn main:app -k uvicorn.workers.UvicornWorker --graceful-timeout 20\n",
            "main.py": app,
        ],
        good: [
            "Procfile": "web: gunicorn main:app -k uvicorn_worker.UvicornWorker --graceful-timeout 20\n",
            "main.py": app,
        ],
        at: ["Procfile:1"]
    ) { context in
        let hasPackage = context.depends(on: "uvicorn-worker")
        return context.textLines(having: "uvicorn.workers").map { place, line in
            let isSubclass =
                place.file.hasSuffix(".py")
                && context.code.module(place.file)?.classes.contains {
                    $0.bases.contains { $0.hasPrefix("uvicorn.workers") }
                } == true
            return Finding(
                "S01",
                isSubclass ? .info : .warning,
                at: place,
                found: context.line(place),
                isSubclass ? "this extends a class that is deprecated" : "uvicorn.workers is deprecated",
                fix: "uvicorn_worker.UvicornWorker of the package uvicorn-worker, or plain uvicorn",
                patch: hasPackage ? context.patch(place, replacing: "uvicorn.workers", with: "uvicorn_worker") : nil
            )
        }
    }

    static let workerCount = Rule(
        "S02",
        .error,
        "More workers than the machine carries",
        why:
            "An event loop fills one core, so more processes than cores only cost memory, and beyond the memory the kernel "
            + "kills them. `2n + 1` is for blocking workers, and `cpu_count()` sees the host, not the container's share.",
        fix: "min(cores, (memory − 96 MiB) / memory of a worker), as WEB_CONCURRENCY.",
        reference: "https://fastapi.tiangolo.com/deployment/server-workers/",
        exceptions: "Where the size is not known, what the workers need is told as an advice.",
        bad: [
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGTERM"
            kill_timeout = 30

            [processes]
            app = "uvicorn main:app --workers 4 --timeout-graceful-shutdown 20"

            [http_service]
            internal_port = 8000
            processes = ["app"]

            [[vm]]
            memory = "256mb"
            """,
            "main.py": app,
        ],
        good: [
            "fly.toml": """
            app = "shop"
            kill_signal = "SIGTERM"
            kill_timeout = 30

            [processes]
            app = "uvicorn main:app --workers 1 --timeout-graceful-shutdown 20"

            [http_service]
            internal_port = 8000
            processes = ["app"]

            [[vm]]
            memory = "512mb"
            """,
            "main.py": app,
        ],
        at: ["fly.toml:6"]
    ) { context in
        let each = context.facts.traits.workerMiB
        return context.starts.compactMap { start in
            if let setting = start.settings?["workers"], String(describing: setting.value).contains("cpu_count") {
                return Finding(
                    "S02",
                    .warning,
                    at: setting.place,
                    found: context.line(setting.place),
                    "cpu_count() counts the host's processors, not those of the container",
                    fix: "int(os.environ.get(\"WEB_CONCURRENCY\", \"1\"))"
                )
            }
            guard let (count, place) = start.workers, count > 1 else { return nil }
            let need = WorkerCount.memoryMiB(workers: count, perWorkerMiB: each)
            func finding(_ severity: Severity, _ message: String) -> Finding {
                Finding(
                    "S02",
                    severity,
                    at: place,
                    found: context.line(place),
                    message,
                    fix: "fewer workers: WEB_CONCURRENCY"
                )
            }
            guard let size = context.limits.sizes.first else {
                return finding(.info, "\(count) workers fill \(count) cores and need about \(need) MiB")
            }
            if let memory = size.memoryMiB, memory < need {
                // The need is an estimate by the libraries; half as much again leaves no doubt.
                let severity: Severity = 2 * need > 3 * memory ? .error : .warning
                return finding(severity, "\(count) workers need about \(need) MiB, and \(size.place) gives \(memory)")
            }
            guard let cpus = size.cpus, Double(count) > max(1, cpus) else { return nil }
            return finding(
                .warning,
                "\(count) workers share \(cpus.formatted) cores of \(size.place): more cost memory alone"
            )
        }
    }

    static let processState = Rule(
        "S03",
        .error,
        "Memory of one process is meant for all",
        why:
            "Each worker and each machine has its own: a scheduler runs its jobs as many times as there are processes, a "
            + "websocket's messages reach only the clients of the same process, a limit counts each process for itself.",
        fix: "One process for schedulers, Redis or the database for what is shared; or one worker and one machine.",
        reference: "https://apscheduler.readthedocs.io/en/3.x/faq.html",
        exceptions: "Schedulers behind a lock, websockets behind a broker, tables that are only read.",
        bad: [
            "Procfile": "web: uvicorn main:app --workers 2 --timeout-graceful-shutdown 20\n",
            "main.py": """
            from apscheduler.schedulers.asyncio import AsyncIOScheduler as Scheduler
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)
            jobs = Scheduler()
            jobs.start()

            @app.get("/health")
            def health():
                return {}
            """,
        ],
        good: [
            "Procfile": "web: uvicorn main:app --workers 2 --timeout-graceful-shutdown 20\n",
            "main.py": """
            from apscheduler.schedulers.asyncio import AsyncIOScheduler as Scheduler
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)
            # jobs = Scheduler()
            # jobs.start()

            @app.get("/health")
            def health():
                return {}
            """,
        ],
        at: ["main.py:5"]
    ) { context in
        let workers = max(context.workers, context.starts.compactMap { $0.workers?.count }.max() ?? 1)
        guard workers > 1 || context.machines > 1 else { return [] }
        let state = ProcessState(context)
        let many = workers > 1 ? "\(workers) workers" : "\(context.machines) machines"
        func finding(_ severity: Severity, _ place: Place, _ message: String, _ fix: String) -> Finding {
            Finding("S03", severity, at: place, found: context.line(place), message, fix: fix)
        }
        let schedulers = state.schedulers.map { place, name in
            finding(
                .error,
                place,
                "\(name) runs in each of \(many): every job runs that often",
                "a process of its own, or a lock"
            )
        }
        // With several machines and one worker each this is A27.
        let sockets = workers > 1 ? state.sockets : []
        let tables = state.tables.map { place, what in
            finding(.warning, place, "\(what) in memory, and \(many): each has its own", "a shared store")
        }
        return schedulers + tables
            + sockets.map {
                finding(.error, $0, "clients are known to one process, and \(many) run", "publish through a broker")
            }
    }

    static let replicaWorkers = Rule(
        "S11",
        .info,
        "Workers inside of replicas",
        why:
            "A platform that scales by copies sees one process a copy best: limits, restarts and health are then of that one.",
        fix: "One worker, and more replicas.",
        reference: "https://fastapi.tiangolo.com/deployment/docker/#replication-number-of-processes",
        exceptions: "Pods with several whole processors each.",
        bad: [
            "main.py": app,
            "k8s/app.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop}
            spec:
              template:
                spec:
                  terminationGracePeriodSeconds: 40
                  containers:
                    - name: web
                      image: shop:1
                      command: ["uvicorn", "main:app", "--workers", "4", "--timeout-graceful-shutdown", "20"]
            """,
        ],
        good: [
            "main.py": app,
            "k8s/app.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop}
            spec:
              template:
                spec:
                  terminationGracePeriodSeconds: 40
                  containers:
                    - name: web
                      image: shop:1
                      command: ["uvicorn", "main:app", "--timeout-graceful-shutdown", "20"]
            """,
        ],
        at: ["k8s/app.yaml:11"]
    ) { context in
        guard let platform = context.limits.replicas.first else { return [] }
        let isRoomy = context.limits.sizes.contains { $0.cpus.map { $0 >= 2 } ?? false }
        guard !isRoomy else { return [] }
        return context.starts.compactMap { start in
            guard let (count, place) = start.workers, count > 1 else { return nil }
            return Finding(
                "S11",
                .info,
                at: place,
                found: context.line(place),
                "\(count) workers in each replica, where \(platform) scales by replicas",
                fix: "--workers 1, more replicas"
            )
        }
    }

    /// A small app for examples.
    static let app = """
        from fastapi import FastAPI

        app = FastAPI(openapi_url=None)

        @app.get("/health")
        def health():
            return {}
        """
}

extension Double {
    /// Without a zero behind the point.
    fileprivate var formatted: String { self == rounded() ? String(Int(self)) : String(self) }
}

extension AuditContext {
    /// Whether a file lies in a folder with a manifest of its own, beside the app's.
    private func isOfAnotherApp(_ path: String) -> Bool {
        guard !facts.root.isEmpty, !TreePath.lies(path, in: facts.root) else { return false }
        let manifests = ["pyproject.toml", "requirements.txt", "setup.py", "Pipfile"]
        return TreePath.ancestors(of: TreePath.folder(of: path)).contains { folder in
            !TreePath.lies(facts.root, in: folder) && manifests.contains { project.has(TreePath.joined(folder, $0)) }
        }
    }

    /// Lines of code and of files for deploys that have some text, comments left out; nothing of tests and documents.
    func textLines(having part: String) -> [(place: Place, line: String)] {
        let kinds: Set<String> = ["py", "sh", "yml", "yaml", "toml", "conf", "ini", "cfg", "env", "json"]
        let paths = project.files.filter { path in
            let name = TreePath.name(of: path).lowercased()
            let ending = name.split(separator: ".").last.map(String.init) ?? ""
            let isKind =
                kinds.contains(ending) || name.hasPrefix("dockerfile") || name == "procfile" || name.hasPrefix(".env")
            guard isKind, !path.hasPrefix(".github/"), TreePath.lies(path, in: facts.root) || !path.hasSuffix(".py")
            else { return false }
            return !isAside(path) && !name.contains("lock") && !isOfAnotherApp(path)
        }
        return paths.flatMap { path -> [(place: Place, line: String)] in
            guard let text = project.text(path), TextSearch.contains(text, part) else { return [] }
            return code.text.lines(path).enumerated().compactMap { index, line in
                guard line.contains(part), line.first(where: { !$0.isWhitespace }) != "#" else { return nil }
                if let comment = line.firstRange(of: " #"), let found = line.firstRange(of: part),
                    comment.lowerBound < found.lowerBound
                {
                    return nil
                }
                return (Place(path, index + 1), String(line))
            }
        }
    }
}
