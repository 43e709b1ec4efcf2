import Model

/// What was found of entry points in a whole tree.
struct FoundEntries: Sendable {
    var candidates: [EntryCandidate]
    /// Commands that name something that is not there.
    var stale: [Facts.Warning]
}

/// An answer to the question what the server imports, with all that decides between it and others.
struct EntryCandidate: Sendable {
    var entry: Facts.Entry
    /// As the specification numbers signals: the lower, the more it says.
    var rank: Double
    var framework: Facts.Framework
    /// The file of the module that the target names.
    var file: String
    /// Where the app is made: the same for all targets that lead to it.
    var key: String
    /// The folder with the manifest that is about it.
    var root = ""
    var command: FoundCommand?
    var server: ServerCommand?
    /// The call in Python that starts the server.
    var run: RunCall?
    /// See ``AppNames/asideLevel(_:in:)``.
    var aside = 0
    /// The target was found and has its attribute.
    var isVerified = true
    /// Mounted into another app.
    var isMounted = false
    /// A part of the tree with a folder of its own, below an app that stands at the top; see ``RootChoice``.
    var isInner = false
    /// Its framework is not among the dependencies.
    var lacksDependency = false
    /// The README starts a server with its file.
    var isInReadme = false
    /// How many files it imports, directly or not.
    var reach = 0

    /// It is written down in what production runs.
    var isDeclared: Bool { rank < 1 || rank < 2 && command?.isProduction == true && command?.isImplied == false }

    var isDevelopment: Bool { command?.isDevelopment ?? false }

    /// What decides, in its order; smaller is better.
    var order: [Int] {
        let isCode = rank >= 4
        return [
            aside,
            isInner ? 1 : 0,
            isCode && lacksDependency ? 1 : 0,
            isCode && isMounted ? 1 : 0,
            isCode && !isInReadme ? 1 : 0,
            Int(rank * 10),
            isCode && AppNames.isDecoy(file) ? 1 : 0,
            fileRank,
            serviceRank,
            isCode ? AppNames.rank(attribute: entry.attribute) : 0,
            isCode ? AppNames.rank(file: file) : 0,
            isCode ? file.split(separator: "/").count : 0,
            isCode ? -reach : 0,
        ]
    }

    static func isBefore(_ left: EntryCandidate, _ right: EntryCandidate) -> Bool {
        for (a, b) in zip(left.order, right.order) where a != b { return a < b }
        let places = (left.command?.place ?? Place(left.file), right.command?.place ?? Place(right.file))
        if places.0 != places.1 { return places.0 < places.1 }
        return left.entry.target < right.entry.target
    }

    // MARK: - Private

    /// Of several files of a kind, the one that says production goes first, and those for something special go last.
    private var fileRank: Int {
        guard let file = command?.dockerfile ?? command?.place.file else { return 0 }
        let words = file.lowercased().split(separator: "/").suffix(2).joined(separator: " ")
            .split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let special: Set<String> = [
            "jupyter", "notebook", "worker", "celery", "gpu", "cuda", "rocm", "lambda", "docs", "migrate", "migrations",
            "cron",
            "base", "builder", "nginx", "frontend", "ui", "alpine", "arm", "arm64", "minimal", "slim", "all", "full",
        ]
        if words.contains("prod") || words.contains("production") { return 0 }
        return words.contains(where: special.contains) ? 2 : 1
    }

    /// Which of several services is the one that users reach, by its name.
    private var serviceRank: Int {
        guard let command else { return 0 }
        let name = (command.name ?? "").lowercased()
        let words = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let file = TreePath.name(of: command.place.file).lowercased()
        let others = [
            "admin", "worker", "client", "mock", "docs", "test", "proxy", "ui", "frontend", "mcp", "bot", "cron",
            "beat",
        ]
        if words.contains(where: others.contains) || file.contains("client") || file.contains("worker") { return 2 }
        return words.contains { ["web", "api", "app", "backend", "server", "main", "prod", "production"].contains($0) }
            ? 0 : 1
    }
}

/// A call that starts a server: `uvicorn.run("app.main:app", port=8000)`.
struct RunCall: Sendable {
    var call: PythonCall
    var server: Facts.Server.Name
    var file: String
    /// The function it stands in; empty for the module.
    var scope: String
    /// The calls that lead to it, from where the program starts.
    var trail: [Place] = []

    struct Place: Sendable {
        var file: String
        var scope: String
        var line: Int
    }
}
