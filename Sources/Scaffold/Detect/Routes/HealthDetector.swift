/// Finds the paths that say whether the app lives and whether it is ready.
package enum HealthDetector {
    /// Sets ``Facts/health`` from the app's routes and from what its own checks ask for.
    package static func detect(_ context: inout ScanContext) {
        detect(&context, context.routes)
    }

    /// The same with routes that are known already.
    package static func detect(_ context: inout ScanContext, _ table: AppRoutes) {
        let finder = HealthFinder(context, table)
        context.facts.health = finder.health
    }
}

/// Weighs the candidates.
private struct HealthFinder {
    private struct Candidate {
        var path: String
        var route: AppRoute?
        var meaning: HealthWords.Meaning?
        var use: HealthUse?
        var asksDependencies = false

        /// The smaller the better.
        var rank: [Int] {
            let depth = path.split(separator: "/").count
            let isLost = route.map { !$0.isReached } ?? false
            let isVague = route.map { !$0.isExact } ?? false
            let word: Int =
                switch meaning {
                case .live, .ready: 0
                case .either: path.hasSuffix("ping") || path.hasSuffix("ping/") ? 2 : 1
                case .weak: 3
                case nil: 2
                }
            return [use == nil ? 1 : 0, isLost ? 1 : 0, isVague ? 1 : 0, word, depth]
        }
    }

    private let table: AppRoutes
    private let context: ScanContext
    private var candidates: [Candidate] = []

    init(_ context: ScanContext, _ table: AppRoutes) {
        self.table = table
        self.context = context
        if context.facts.framework == .streamlit {
            // Streamlit answers for itself.
            candidates = [Candidate(path: "/_stcore/health", meaning: .either)]
            return
        }
        collectRoutes()
        for use in HealthUse.all(in: context) { add(use) }
        let probe = DependencyProbe(table.resolver)
        for index in candidates.indices {
            if let route = candidates[index].route { candidates[index].asksDependencies = probe.asks(route) }
        }
        // A weak word counts where a check asks for it, or where there is nothing better.
        if candidates.contains(where: { $0.meaning != .weak }) {
            candidates.removeAll { $0.meaning == .weak && $0.use == nil }
        }
        candidates.sort { left, right in
            left.rank == right.rank ? left.path < right.path : left.rank.lexicographicallyPrecedes(right.rank)
        }
    }

    var health: Facts.Health {
        var health = Facts.Health()
        let ready = candidates.filter(isReady)
        let live = candidates.filter { !isReady($0) }
        let chosen = [live.first, ready.first].compactMap { $0 }
        health.live = live.first?.path
        health.ready = ready.first?.path
        var seen: Set<String> = []
        health.candidates = candidates.map(\.path).filter { seen.insert($0).inserted }
        for candidate in chosen {
            if let use = candidate.use { health.evidence.append(.init(use.place, "checked at \(use.path)")) }
            if let route = candidate.route {
                let what = candidate.asksDependencies ? "asks what the app depends on" : "answers by itself"
                health.evidence.append(.init(route.place, "\(route.path) \(what)"))
            }
        }
        return health
    }

    // MARK: - Private

    private func isReady(_ candidate: Candidate) -> Bool {
        if candidate.asksDependencies || candidate.meaning == .ready { return true }
        guard candidate.use?.role == .ready else { return false }
        // Where one path serves for both probes and asks nobody, it says that the process lives.
        return candidates.contains { $0.use?.role == .live && $0.path != candidate.path }
    }

    private mutating func collectRoutes() {
        let named = table.routes.filter { $0.isReadable && $0.isPlain && Self.meaning(of: $0) != nil }
        let open = named.filter { route in
            !route.dependencies.contains { !$0.isOpen && HealthWords.guards($0.name) }
                && !route.decorators.contains { HealthWords.guards($0) }
        }
        let reached = open.filter(\.isReached)
        // A router that nothing includes may be somebody else's, unless it is found by its name at run time.
        let isDynamic = !table.routes.contains(where: \.isReached) || loadsByName
        for route in reached.isEmpty && isDynamic ? open : reached {
            candidates.append(Candidate(path: route.path, route: route, meaning: Self.meaning(of: route)))
        }
    }

    /// What a route's path says; where only its start does, the name of its handler has to say the same.
    private static func meaning(of route: AppRoute) -> HealthWords.Meaning? {
        if let meaning = HealthWords.meaning(of: route.path) { return meaning }
        let start = route.path.split(separator: "/").first.map { "/" + $0 } ?? ""
        let handler = route.handler.split(separator: ".").last.map { "/" + $0 } ?? ""
        guard HealthWords.meaning(of: start) == .either, HealthWords.meaning(of: handler) != nil else { return nil }
        return .weak
    }

    private var loadsByName: Bool {
        table.resolver.modules.contains { module in
            table.resolver.code.isReached(module)
                && module.calls.contains {
                    ["import_module", "iter_modules", "walk_packages", "import_string"].contains($0.method)
                }
        }
    }

    /// Takes in what a check asks for, when the app answers there or the check is surely about the app.
    private mutating func add(_ use: HealthUse) {
        guard !isForPeople(use.path) else { return }
        if let index = candidates.firstIndex(where: { Self.isSame($0.path, use.path) }) {
            if candidates[index].use == nil || candidates[index].use?.role == .ready { candidates[index].use = use }
            return
        }
        let root = table.rootPath ?? ""
        let answers = table.routes.filter { $0.isReadable && $0.isPlain }
        let exact = answers.first {
            Self.isSame($0.path, use.path) || !root.isEmpty && Self.isSame(root + $0.path, use.path)
        }
        let isLost = !answers.contains(where: \.isReached)
        let vague = answers.first { route in
            (isLost || route.isReached && !route.isExact) && route.path.count > 2 && use.path.hasSuffix(route.path)
        }
        guard exact != nil || vague != nil || use.isOwn else { return }
        let isBehindRoot = exact.map { !Self.isSame($0.path, use.path) } ?? true
        let path = isBehindRoot ? use.path : exact?.path ?? use.path
        let meaning = HealthWords.meaning(of: path)
        // Without a route of that path the check may be about another service; it counts when nothing else is known.
        guard exact != nil || vague != nil || meaning != nil && candidates.allSatisfy({ $0.route == nil }) else {
            return
        }
        candidates.append(Candidate(path: path, route: exact ?? vague, meaning: meaning, use: use))
    }

    /// The start page and the documentation say nothing about health.
    private func isForPeople(_ path: String) -> Bool {
        let plain = path.hasSuffix("/") ? String(path.dropLast()) : path
        if plain.isEmpty || table.documentation.contains(plain) { return true }
        let last = plain.split(separator: "/").last.map { $0.lowercased() } ?? ""
        return ["docs", "redoc", "openapi.json", "swagger", "index.html", "favicon.ico", "metrics", "graphql"].contains(
            last
        )
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        func plain(_ text: String) -> Substring { text.hasSuffix("/") ? text.dropLast() : text[...] }
        return plain(left) == plain(right)
    }
}
