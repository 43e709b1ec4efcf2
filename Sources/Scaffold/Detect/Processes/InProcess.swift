import Model

/// Work that the web process does beside answering: schedulers, loops and threads.
struct InProcess {
    private let context: ScanContext
    private let resolver: NameResolver
    private let startup: StartupCode

    init(_ context: ScanContext, _ resolver: NameResolver, _ startup: StartupCode) {
        self.context = context
        self.resolver = resolver
        self.startup = startup
    }

    /// Whether a call makes a scheduler that runs in the process that made it.
    static func isScheduler(_ function: String) -> Bool {
        let last = function.split(separator: ".").last ?? ""
        let known: Set<Substring> = [
            "AsyncIOScheduler", "BackgroundScheduler", "BlockingScheduler", "GeventScheduler", "TornadoScheduler",
            "TwistedScheduler",
            "AsyncScheduler", "APScheduler", "Rocketry", "QtScheduler",
        ]
        if known.contains(last) { return true }
        return [
            "fastapi_scheduler.Scheduler", "fastapi_crons.Crons", "aiocron.crontab",
            "fastapi_amis_admin.scheduler.Scheduler",
        ].contains(function)
    }

    /// What the web process runs; and schedulers that programs of their own run.
    func all() -> [Facts.Process] {
        var found = schedulers()
        found += repeated()
        found += polling()
        if !found.contains(where: { $0.kind == .inProcess }) { found += loops() }
        return found
    }

    // MARK: - Private

    private func made(_ name: String, _ place: Place, _ what: String) -> Facts.Process {
        var process = Facts.Process(name, .inProcess, command: [], isSingleton: true)
        process.evidence = [.init(place, what)]
        return process
    }

    private func schedulers() -> [Facts.Process] {
        var inside: Facts.Process?
        var programs: [Facts.Process] = []
        for module in resolver.modules {
            for call in module.calls where Self.isScheduler(call.function) {
                let place = Place(module.path, call.line)
                let what = "\(call.method)(…)"
                if resolver.code.isReached(module), !call.inMainGuard, !isProgramOnly(module) {
                    inside = inside ?? made("scheduler", place, what)
                } else if module.calls.contains(where: \.inMainGuard), programs.isEmpty {
                    let words = ["python", "-m", CodeProcesses(context, resolver).name(of: module)]
                    var process = Facts.Process("scheduler", .scheduler, command: words, isSingleton: true)
                    process.evidence = [.init(place, what)]
                    programs.append(process)
                }
            }
        }
        return [inside].compactMap { $0 } + programs
    }

    /// A module that is run by itself and that the app only may import for other things.
    private func isProgramOnly(_ module: PythonModule) -> Bool {
        guard resolver.code.reachable == nil, module.calls.contains(where: \.inMainGuard) else { return false }
        let entry = context.facts.entry.flatMap { resolver.index.find($0.module, in: resolver.code.roots)?.module.path }
        return module.path != entry
    }

    /// A bot that asks for its messages: two of them get each other's, and one that sleeps gets none.
    private func polling() -> [Facts.Process] {
        for module in resolver.modules where resolver.code.isReached(module) {
            guard let call = module.calls.first(where: { Vocabulary.polling.contains($0.method) }) else { continue }
            return [made("bot polling", Place(module.path, call.line), "\(call.method)(…)")]
        }
        return []
    }

    /// `@repeat_every(seconds=60)` of fastapi-utils.
    private func repeated() -> [Facts.Process] {
        for module in resolver.modules where resolver.code.isReached(module) {
            for function in module.functions {
                let call = function.decorators.lazy.compactMap(\.call).first {
                    $0.method == "repeat_every" || $0.method == "repeat_at"
                }
                if let call {
                    return [
                        made("repeated tasks", Place(module.path, call.line), "@\(call.method) on \(function.name)")
                    ]
                }
            }
        }
        return []
    }

    /// Functions that go round and round and that start-up code sets off without waiting for them.
    private func loops() -> [Facts.Process] {
        for (call, scope) in startup.calls where Self.setsOff(call) {
            let given = call.arguments + call.keywords.map(\.value)
            for value in given.flatMap({ $0.elements ?? [$0] }) {
                guard let name = value.name ?? value.call?.function else { continue }
                for case .function(let function, let path) in resolver.targets(of: name, in: scope) {
                    guard let loop = looping(function, in: path) else { continue }
                    return [
                        made(
                            "background tasks",
                            Place(scope.path, call.line),
                            "\(call.method)(\(loop)) at the app's start"
                        )
                    ]
                }
            }
        }
        return []
    }

    private static func setsOff(_ call: PythonCall) -> Bool {
        let method = call.method
        return [
            "ensure_future", "start_soon", "Thread", "Timer", "submit", "run_in_executor", "spawn", "Process",
            "run_coroutine_threadsafe",
        ]
        .contains(method) || HealthWords.words(of: method).contains { $0 == "task" || $0 == "tasks" }
    }

    /// The name of the function that waits and goes on for ever: this one, or one that it calls.
    private func looping(_ function: PythonModule.Function, in path: String, depth: Int = 0) -> String? {
        let scope = NameResolver.Scope(path, function.name)
        let calls = resolver.calls(in: scope)
        let sleeps = calls.contains { call in
            ["asyncio.sleep", "time.sleep", "anyio.sleep", "trio.sleep"].contains(call.function)
                || call.method == "sleep" || call.method == "wait_for"
        }
        if sleeps, resolver.whiles(in: scope) { return function.name }
        guard depth < 2 else { return nil }
        for call in calls {
            for case .function(let inner, let file) in resolver.targets(of: call.function, in: scope).prefix(2) {
                if let found = looping(inner, in: file, depth: depth + 1) { return found }
            }
        }
        return nil
    }
}
