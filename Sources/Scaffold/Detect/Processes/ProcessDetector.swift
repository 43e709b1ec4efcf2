import Model

/// Finds what has to run beside the web server, or runs inside it.
package enum ProcessDetector {
    /// Sets ``Facts/processes``: what the project's files start comes before what only follows from the code.
    package static func detect(_ context: inout ScanContext) {
        let resolver = context.resolver
        let startup = StartupCode(context, resolver)
        let derived = CodeProcesses(context, resolver).all()
        var warnings: [Facts.Warning] = []
        let written = WrittenProcesses(context, resolver).items().compactMap { item in
            settled(item, derived, WorkerTarget(context, resolver), &warnings)
        }
        context.facts.warnings += warnings
        var processes = written.map { process($0, derived, context, resolver) }
        let kinds = Set(processes.map(\.kind))
        let holdsClock = processes.contains { $0.kind == .celery && $0.isSingleton }
        for process in derived where !kinds.contains(process.kind) {
            // A worker of a tool that no command names may be one of those that are written as programs.
            if process.kind == .celeryBeat, holdsClock { continue }
            processes.append(process)
        }
        for process in InProcess(context, resolver, startup).all() {
            let isKnown =
                process.kind == .scheduler && processes.contains { $0.kind == .scheduler || $0.kind == .celeryBeat }
            if !isKnown { processes.append(process) }
        }
        let unseen = UnseenTasks(context, resolver)
        for index in processes.indices where processes[index].kind == .celery {
            processes[index].command = unseen.included(processes[index].command) ?? processes[index].command
        }
        name(&processes)
        context.facts.processes = processes
    }

    // MARK: - Private

    /// A command as it can start; nil for one that can't.
    private static func settled(
        _ item: WrittenProcesses.Item,
        _ derived: [Facts.Process],
        _ target: WorkerTarget,
        _ warnings: inout [Facts.Warning]
    ) -> WrittenProcesses.Item? {
        var item = item
        switch target.verdict(item.command, item.found, derived) {
        case .kept: break
        case .renamed(let words, let text):
            item.command.words = words
            warnings.append(Facts.Warning(text, at: item.found.place))
        case .leftOut(let text):
            warnings.append(Facts.Warning(text, at: item.found.place))
            return nil
        }
        return item
    }

    private static func process(
        _ item: WrittenProcesses.Item,
        _ derived: [Facts.Process],
        _ context: ScanContext,
        _ resolver: NameResolver
    ) -> Facts.Process {
        let command = item.command
        var process = Facts.Process(
            item.found.name ?? "",
            command.kind,
            command: command.words,
            isSingleton: command.isSingleton
        )
        if let folder = WorkerFolder.needed(for: command, item.found, context, resolver) {
            process.command = ["sh", "-c", "cd \(Quoting.shell(folder)) && exec \(Quoting.shell(command.words))"]
        }
        process.isOptional = command.isOptional
        process.port = command.port
        process.evidence = [.init(item.found.place, command.words.joined(separator: " "))]
        let known = derived.first {
            $0.kind == command.kind || $0.kind == .celery && [.flower, .celeryBeat].contains(command.kind)
        }
        switch command.kind {
        case .arq, .rq: process.broker = "redis"
        case .celery, .celeryBeat, .flower: process.broker = known?.broker ?? Broker(context, resolver).usual
        case .dramatiq, .taskiq, .huey: process.broker = known?.broker
        default: break
        }
        return process
    }

    /// Gives each a name of its own: the usual one, with what tells it from others when there are several.
    private static func name(_ processes: inout [Facts.Process]) {
        let counts = processes.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
        var taken: Set<String> = ["web"]
        for index in processes.indices {
            let process = processes[index]
            let written = label(process.name)
            var name = usual[process.kind] ?? (written.isEmpty ? "worker" : written)
            if counts[process.kind] ?? 0 > 1, !written.isEmpty { name = written }
            if taken.contains(name), !written.isEmpty { name = written }
            if taken.contains(name) { name = "\(name)-\(process.kind.rawValue)" }
            var number = 2
            let base = name
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            processes[index].name = name
        }
    }

    private static let usual: [Facts.Process.Kind: String] = [
        .celery: "worker", .arq: "worker", .dramatiq: "worker", .rq: "worker", .taskiq: "worker", .huey: "worker",
        .celeryBeat: "beat", .flower: "flower", .scheduler: "scheduler", .cron: "cron",
    ]

    /// A name that a process may have everywhere: small letters, digits and dashes.
    private static func label(_ name: String) -> String {
        let plain = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(plain).split(separator: "-").joined(separator: "-")
    }
}
