/// What a command starts beside the web server: a worker, a scheduler, a watcher.
struct WorkerCommand: Equatable {
    var kind: Facts.Process.Kind
    /// It may run only once.
    var isSingleton = false
    var isOptional = false
    var port: Int?
    /// Without what only development needs.
    var words: [String]
    /// What it works on, to tell several from each other: the queues, the module.
    var subject: String?

    /// Takes a command apart; nil when it starts none of the known tools.
    static func of(_ words: [String]) -> WorkerCommand? {
        guard let first = words.first.map(CommandWrappers.name) else { return nil }
        let rest = Array(words.dropFirst())
        switch first {
        case "celery": return celery(words)
        case "flower": return made(.flower, words, isOptional: true)
        case "arq":
            guard let target = rest.first(where: { !$0.hasPrefix("-") }), !rest.contains("--check") else { return nil }
            return made(.arq, words, subject: target)
        case "dramatiq", "dramatiq-gevent":
            return rest.contains(where: { !$0.hasPrefix("-") })
                ? made(.dramatiq, words, subject: rest.first { !$0.hasPrefix("-") }) : nil
        case "periodiq": return made(.scheduler, words, isSingleton: true)
        case "rq":
            if rest.contains("scheduler") { return made(.scheduler, words, isSingleton: true) }
            return rest.contains("worker") || rest.contains("worker-pool") ? made(.rq, words, subject: rest.last) : nil
        case "rqworker": return made(.rq, words, subject: rest.last)
        case "rqscheduler": return made(.scheduler, words, isSingleton: true)
        case "rq-dashboard": return made(.other, words, isOptional: true)
        case "taskiq":
            if rest.contains("scheduler") { return made(.scheduler, words, isSingleton: true) }
            return rest.contains("worker") ? made(.taskiq, words, subject: rest.first { $0.contains(":") }) : nil
        case "huey_consumer", "huey_consumer.py": return made(.huey, words, subject: rest.first { !$0.hasPrefix("-") })
        case "supercronic", "cron", "crond", "yacron", "ofelia", "go-cron": return made(.cron, words, isSingleton: true)
        case "procrastinate", "saq", "streaq", "faststream", "faust", "hatchet", "qq":
            let isWorker = first == "saq" || first == "streaq" || !Set(rest).isDisjoint(with: ["worker", "run"])
            return isWorker ? made(.other, words) : nil
        default: break
        }
        if let place = words.firstIndex(where: { CommandWrappers.name($0) == "manage.py" }), place + 1 < words.count {
            switch words[place + 1] {
            case "rqworker", "rqworker-pool": return made(.rq, words, subject: words.last)
            case "rqscheduler": return made(.scheduler, words, isSingleton: true)
            case "run_huey", "djangohuey": return made(.huey, words)
            case "qcluster", "process_tasks", "runworker": return made(.other, words)
            case "runapscheduler": return made(.scheduler, words, isSingleton: true)
            default: return nil
            }
        }
        return nil
    }

    // MARK: - Private

    private static func made(
        _ kind: Facts.Process.Kind,
        _ words: [String],
        isSingleton: Bool = false,
        isOptional: Bool = false,
        subject: String? = nil
    ) -> WorkerCommand {
        WorkerCommand(
            kind: kind,
            isSingleton: isSingleton,
            isOptional: isOptional,
            port: port(in: words),
            words: plain(words),
            subject: subject
        )
    }

    private static func celery(_ words: [String]) -> WorkerCommand? {
        let queues = value(of: ["-Q", "--queues", "-q"], in: words)
        if words.contains("flower") { return made(.flower, words, isOptional: true) }
        if words.contains("worker") || words.contains("multi") {
            // A worker that also holds the clock may run only once.
            let holdsClock = words.contains("-B") || words.contains("--beat")
            return made(.celery, words, isSingleton: holdsClock, subject: queues)
        }
        return words.contains("beat") ? made(.celeryBeat, words, isSingleton: true) : nil
    }

    private static func value(of names: [String], in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if names.contains(word) { return index + 1 < words.count ? words[index + 1] : nil }
            for name in names where word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
        }
        return nil
    }

    private static func port(in words: [String]) -> Int? {
        value(of: ["--port", "-p"], in: words).flatMap { Int($0) }.flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    private static func plain(_ words: [String]) -> [String] {
        var result: [String] = []
        var isValue = false
        for word in words {
            if isValue {
                isValue = false
                if !word.hasPrefix("-") { continue }
            }
            if ["--reload", "--autoreload", "--hot-reload", "-r"].contains(word), words.first != "rq" { continue }
            // arq's and dramatiq's `--watch folder` restarts on each change; a log file hides what the process says, and a
            // process that detaches itself looks as if it had ended.
            let isCelery = words.first == "celery"
            if word == "--watch" || isCelery && ["--logfile", "-f", "--pidfile"].contains(word) {
                isValue = true
                continue
            }
            if isCelery, word == "--detach" || word == "-D" { continue }
            if ["--watch=", "--logfile=", "--pidfile="].contains(where: word.hasPrefix) { continue }
            result.append(word)
        }
        return result
    }
}
