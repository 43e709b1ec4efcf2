import Model

/// Processes that follow from the code: objects of task queues, and what declares tasks on them.
struct CodeProcesses {
    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// A queue's object: where it is made, and the name that other programs know it by.
    struct Queue {
        var module: PythonModule
        var name: String
        var call: PythonCall
        var scope: NameResolver.Scope

        var place: Place { Place(module.path, call.line) }
    }

    func all() -> [Facts.Process] {
        celery() + arq() + dramatiq() + rq() + taskiq() + huey() + others()
    }

    /// The dotted name of a module, seen from the folder that the app is imported from.
    func name(of module: PythonModule) -> String {
        let importRoot = TreePath.joined(context.root, context.facts.entry?.importRoot ?? "")
        let base = [importRoot, TreePath.joined(context.root, "src"), context.root].first { folder in
            // A folder with an `__init__.py` is a package itself, not a place that packages lie in.
            TreePath.lies(module.path, in: folder)
                && (folder == importRoot || resolver.index.module(at: TreePath.joined(folder, "__init__.py")) == nil)
        }
        var path = TreePath.relative(module.path, to: base ?? "")
        if path.hasSuffix(".py") { path = String(path.dropLast(3)) }
        if path.hasSuffix("/__init__") { path = String(path.dropLast(9)) }
        return path.split(separator: "/").joined(separator: ".")
    }

    /// Objects that a constructor makes at the top of a module, also by a function that returns one.
    func queues(_ isMeant: (PythonCall) -> Bool) -> [Queue] {
        var found: [Queue] = []
        for module in resolver.modules {
            for assign in module.assigns where assign.scope.isEmpty && !assign.target.contains(".") {
                guard case .call(let call)? = assign.value else { continue }
                let scope = NameResolver.Scope(module.path)
                if isMeant(call) {
                    found.append(Queue(module: module, name: assign.target, call: call, scope: scope))
                } else if let (inner, place) = returned(by: call, in: scope, isMeant) {
                    found.append(Queue(module: module, name: assign.target, call: inner, scope: place))
                }
            }
        }
        // Where a module only makes tasks and asks a function for the object, the one that is made for it comes first.
        func rank(_ queue: Queue) -> [Int] {
            let parts = queue.module.path.split(separator: "/")
            return [parts.contains { $0.hasPrefix("task") && $0 != "tasks.py" } ? 1 : 0, parts.count]
        }
        return found.sorted { left, right in
            rank(left) == rank(right)
                ? (left.module.path, left.call.line) < (right.module.path, right.call.line)
                : rank(left).lexicographicallyPrecedes(rank(right))
        }
    }

    // MARK: - Private

    /// The constructor's call in the function that a call calls.
    private func returned(
        by call: PythonCall,
        in scope: NameResolver.Scope,
        _ isMeant: (PythonCall) -> Bool
    ) -> (PythonCall, NameResolver.Scope)? {
        for case .function(let function, let path) in resolver.targets(of: call.function, in: scope) {
            let inner = NameResolver.Scope(path, function.name)
            for result in function.results {
                if case .call(let made) = result.value, isMeant(made) { return (made, inner) }
                guard let name = result.value.name else { continue }
                for case .assign(let item, let file) in resolver.targets(of: name, in: inner) {
                    if case .call(let made)? = item.value, isMeant(made) {
                        return (made, NameResolver.Scope(file, item.scope))
                    }
                }
            }
        }
        return nil
    }

    private func evidence(_ place: Place, _ what: String) -> [Facts.Evidence] { [.init(place, what)] }

    private func celery() -> [Facts.Process] {
        let all = queues {
            $0.function == "celery.Celery" || $0.function.hasSuffix(".Celery") || $0.function == "Celery"
        }
        let ranked = all.filter { !$0.module.path.contains("conftest") }.sorted { left, right in
            (rank(left), left.module.path, left.name) < (rank(right), right.module.path, right.name)
        }
        guard let queue = ranked.first, hasTasks(queue) else { return [] }
        let target = "\(name(of: queue.module)).\(queue.name)"
        var worker = Facts.Process("worker", .celery, command: ["celery", "-A", target, "worker"])
        worker.evidence = evidence(queue.place, "\(queue.name) = Celery(…)")
        worker.broker = Broker(context, resolver).kind(of: queue)
        guard let schedule = schedule() else { return [worker] }
        var beat = Facts.Process("beat", .celeryBeat, command: ["celery", "-A", target, "beat"], isSingleton: true)
        beat.evidence = evidence(schedule, "a schedule for Celery")
        beat.broker = worker.broker
        return [worker, beat]
    }

    private func rank(_ queue: Queue) -> Int {
        let isUsual = ["celery", "celery_app", "app", "capp"].contains(queue.name)
        return (isUsual ? 0 : 1) + (queue.call["broker"] == nil && queue.call["include"] == nil ? 1 : 0)
    }

    /// Somebody declares tasks: an app that only sends names of tasks has its workers elsewhere.
    private func hasTasks(_ queue: Queue) -> Bool {
        if queue.call["include"] != nil { return true }
        return resolver.modules.contains { module in
            module.functions.contains { function in
                function.decorators.contains { decorator in
                    let name = decorator.call?.function ?? decorator.name ?? ""
                    return name.hasSuffix(".task") || name == "celery.shared_task" || name.hasSuffix("shared_task")
                }
            }
                || module.calls.contains { ["autodiscover_tasks", "register_task"].contains($0.method) }
                || module.assigns.contains { item in
                    ["imports", "include", "CELERY_IMPORTS", "task_routes"].contains(
                        item.target.split(separator: ".").last.map(String.init) ?? ""
                    )
                        && item.target.contains(queue.name)
                }
        }
    }

    /// Where times for tasks are set.
    private func schedule() -> Place? {
        let names: Set<String> = ["beat_schedule", "CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE"]
        func isEmpty(_ value: PythonValue?) -> Bool {
            guard case .dict(let pairs)? = value else { return value == PythonValue.none }
            return pairs.isEmpty
        }
        for module in resolver.modules {
            for assign in module.assigns
            where names.contains(assign.target.split(separator: ".").last.map(String.init) ?? "") {
                if assign.value != nil, !isEmpty(assign.value) { return Place(module.path, assign.line) }
            }
            for assign in module.assigns {
                guard case .dict(let pairs)? = assign.value else { continue }
                if let pair = pairs.first(where: { names.contains($0.key.text ?? "") }), !isEmpty(pair.value) {
                    return Place(module.path, assign.line)
                }
            }
            for call in module.calls {
                if call.method == "add_periodic_task" { return Place(module.path, call.line) }
                if let value = names.lazy.compactMap({ call[$0] }).first, !isEmpty(value) {
                    return Place(module.path, call.line)
                }
            }
        }
        return nil
    }

    private func arq() -> [Facts.Process] {
        var found: [Facts.Process] = []
        for module in resolver.modules
        where module.imports.contains(where: { $0.target.hasPrefix("arq") }) || module.path.contains("worker") {
            for klass in module.classes {
                let inherited = resolver.bases(of: klass, in: module.path).compactMap { base -> [String]? in
                    if case .klass(let other, _)? = base.target { other.fields.map(\.name) } else { nil }
                }
                let names = Set(klass.fields.map(\.name) + inherited.flatMap { $0 })
                let hasJobs = names.contains("functions") || names.contains("cron_jobs")
                guard hasJobs, names.contains("redis_settings") || klass.name.hasSuffix("WorkerSettings") else {
                    continue
                }
                let command = ["arq", "\(name(of: module)).\(klass.name)"]
                var process = Facts.Process("worker", .arq, command: command)
                process.broker = "redis"
                process.evidence = evidence(Place(module.path, klass.line), "class \(klass.name) for arq")
                found.append(process)
            }
        }
        return found
    }

    private func dramatiq() -> [Facts.Process] {
        let actors = resolver.modules.filter { module in
            module.functions.contains { function in
                function.decorators.contains { ($0.call?.function ?? $0.name ?? "").hasSuffix("dramatiq.actor") }
            } || module.classes.contains { $0.bases.contains("dramatiq.GenericActor") }
        }
        guard let first = actors.first else { return [] }
        let setters = resolver.modules.filter { $0.calls.contains { $0.function.hasSuffix("dramatiq.set_broker") } }
        let modules = setters.filter { setter in !actors.contains { $0.path == setter.path } } + actors
        var process = Facts.Process("worker", .dramatiq, command: ["dramatiq"] + modules.map(name(of:)))
        let calls = resolver.modules.flatMap { module in module.calls.map(\.function) }
        process.broker =
            calls.contains { $0.hasSuffix("RabbitmqBroker") }
            ? "amqp" : calls.contains { $0.hasSuffix("RedisBroker") } ? "redis" : nil
        process.evidence = evidence(Place(first.path), "actors of dramatiq")
        return [process]
    }

    private func rq() -> [Facts.Process] {
        var names: [String] = []
        var place: Place?
        for module in resolver.modules {
            for call in module.calls where call.function == "rq.Queue" || call.function == "rq.queue.Queue" {
                let value = call["name"] ?? call.arguments.first
                let name =
                    value.flatMap { resolver.text($0, in: NameResolver.Scope(module.path, call.scope)) } ?? "default"
                if !names.contains(name) { names.append(name) }
                place = place ?? Place(module.path, call.line)
            }
        }
        guard let place else { return [] }
        var command = ["rq", "worker"] + names
        // A program that starts workers itself knows how to reach the queue.
        for module in resolver.modules {
            guard
                module.calls.contains(where: {
                    ["rq.Worker", "rq.worker.Worker", "rq.SimpleWorker"].contains($0.function)
                }),
                module.calls.contains(where: \.inMainGuard)
            else { continue }
            command = ["python", "-m", name(of: module)]
        }
        var process = Facts.Process("worker", .rq, command: command)
        process.broker = "redis"
        process.evidence = evidence(place, "a queue of rq")
        let clock = resolver.modules.lazy.compactMap { module in
            module.calls.first { $0.function == "rq_scheduler.Scheduler" }.map { Place(module.path, $0.line) }
        }.first
        guard let clock else { return [process] }
        var scheduler = Facts.Process("scheduler", .scheduler, command: ["rqscheduler"], isSingleton: true)
        scheduler.broker = "redis"
        scheduler.evidence = evidence(clock, "a scheduler of rq")
        return [process, scheduler]
    }

    private func taskiq() -> [Facts.Process] {
        let brokers = queues { call in
            let name = call.function
            return name.hasPrefix("taskiq") && name.contains("Broker") && !name.contains("InMemory")
                && !name.contains("Scheduler")
        }
        guard let broker = brokers.first else { return [] }
        let target = "\(name(of: broker.module)):\(broker.name)"
        var command = ["taskiq", "worker", target]
        let elsewhere = resolver.modules.contains { module in
            module.path != broker.module.path
                && module.functions.contains { function in
                    function.decorators.contains {
                        ($0.call?.function ?? $0.name ?? "").hasSuffix("\(broker.name).task")
                    }
                }
        }
        if elsewhere { command.append("--fs-discover") }
        var worker = Facts.Process("worker", .taskiq, command: command)
        worker.broker = Broker(context, resolver).kind(of: broker)
        worker.evidence = evidence(broker.place, "a broker of taskiq")
        let clocks = queues { $0.function.hasSuffix("TaskiqScheduler") }
        guard let clock = clocks.first else { return [worker] }
        let scheduler = ["taskiq", "scheduler", "\(name(of: clock.module)):\(clock.name)"]
        var process = Facts.Process("scheduler", .scheduler, command: scheduler, isSingleton: true)
        process.broker = worker.broker
        process.evidence = evidence(clock.place, "a scheduler of taskiq")
        return [worker, process]
    }

    private func huey() -> [Facts.Process] {
        let found = queues { call in
            call.function.hasPrefix("huey.") && call.function.hasSuffix("Huey") && !call.function.contains("Memory")
        }
        return found.prefix(1).map { queue in
            let command = ["huey_consumer", "\(name(of: queue.module)).\(queue.name)"]
            var process = Facts.Process("worker", .huey, command: command)
            process.broker = queue.call.function.contains("Sqlite") ? "sqlite" : "redis"
            process.evidence = evidence(queue.place, "\(queue.name) = \(queue.call.method)(…)")
            return process
        }
    }

    private func others() -> [Facts.Process] {
        var found: [Facts.Process] = []
        for queue in queues({ $0.function == "procrastinate.App" }).prefix(1) {
            let target = "\(name(of: queue.module)).\(queue.name)"
            var process = Facts.Process("worker", .other, command: ["procrastinate", "--app=\(target)", "worker"])
            process.broker = "postgresql"
            process.evidence = evidence(queue.place, "an app of procrastinate")
            found.append(process)
        }
        for queue in queues({ $0.function == "faststream.FastStream" }).prefix(1) {
            var process = Facts.Process(
                "worker",
                .other,
                command: ["faststream", "run", "\(name(of: queue.module)):\(queue.name)"]
            )
            process.evidence = evidence(queue.place, "an app of FastStream")
            found.append(process)
        }
        for module in resolver.modules where module.imports.contains(where: { $0.target.hasPrefix("saq") }) {
            for assign in module.assigns where assign.scope.isEmpty {
                guard case .dict(let pairs)? = assign.value else { continue }
                let keys = Set(pairs.compactMap(\.key.text))
                guard keys.contains("queue"), keys.contains("functions") || keys.contains("cron_jobs") else { continue }
                var process = Facts.Process("worker", .other, command: ["saq", "\(name(of: module)).\(assign.target)"])
                process.broker = "redis"
                process.evidence = evidence(Place(module.path, assign.line), "settings of saq")
                found.append(process)
            }
        }
        return found
    }
}
