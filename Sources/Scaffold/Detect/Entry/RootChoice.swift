import Model

/// Decides which folder of a tree is the app, when nobody said it.
struct RootChoice {
    /// The app's folder; nil when there is none, or none that goes before the others.
    var root: String?
    /// All folders with an app.
    var roots: [Facts.Root]
    var kind: Facts.Kind
    /// Several folders are as good.
    var isAmbiguous = false
    /// A command starts an app of another folder as well.
    var isContested = false
    var warnings: [Facts.Warning] = []

    /// Chooses among the candidates of a whole tree.
    static func choose(_ search: EntrySearch) -> RootChoice {
        var sorted = search.found.candidates.filter(\.isWeb).sorted(by: EntryCandidate.isBefore)
        // One app has one root, whatever else starts it too.
        var home: [String: String] = [:]
        for candidate in sorted where home[candidate.key] == nil { home[candidate.key] = candidate.root }
        for index in sorted.indices { sorted[index].root = home[sorted[index].key] ?? sorted[index].root }
        var ofRoots: [String: EntryCandidate] = [:]
        for candidate in sorted where ofRoots[candidate.root] == nil { ofRoots[candidate.root] = candidate }
        let all = ofRoots.values.sorted { $0.root < $1.root }
        let roots = all.map { Facts.Root(folder: $0.root, framework: $0.framework, target: $0.entry.target) }
        guard let best = sorted.first else {
            let plain = search.found.candidates.sorted(by: EntryCandidate.isBefore).first
            return RootChoice(root: plain?.root, roots: [], kind: .app)
        }
        let proper = all.filter { $0.aside < 2 }
        guard !proper.isEmpty else { return aside(all, roots, best, search) }
        let manifests = search.roots.manifests
        let first = top(of: proper, manifests) ?? best
        let listed = proper.map { Facts.Root(folder: $0.root, framework: $0.framework, target: $0.entry.target) }
        let shown = listed.count > 1 ? listed : []
        let declared = proper.filter { $0.rank < 4 }
        // Copies of one app, as in a tutorial.
        let copies = Dictionary(grouping: proper) { $0.entry.target }.values.map(\.count).max() ?? 0
        if copies >= 3, copies * 2 > proper.count {
            return RootChoice(root: nil, roots: listed, kind: .collection, isAmbiguous: true)
        }
        let beside = declared.filter { $0.aside == first.aside && !isInner($0, below: first, manifests) }
        let others = beside.filter { $0.root != first.root }
        var choice = RootChoice(root: first.root, roots: shown, kind: .app)
        choice.isContested = !others.isEmpty
        let rivals = (declared.isEmpty ? proper : beside).filter { rival in
            rival.root != first.root && rival.aside == first.aside && Int(rival.rank) <= Int(first.rank)
        }
        choice.isAmbiguous = !rivals.isEmpty && !(declared.count == 1 && first.rank < 4)
        return choice
    }

    /// Whether a candidate is a part with a folder of its own, below an app that production starts at the top.
    static func isInner(_ candidate: EntryCandidate, below top: EntryCandidate, _ manifests: Set<String>) -> Bool {
        isTop(top, manifests) && candidate.root != top.root && TreePath.lies(candidate.root, in: top.root)
    }

    // MARK: - Private

    /// The app whose own command stands at the top of the tree and starts what lies there, when all others lie below.
    ///
    /// Those in folders of their own are something besides. Nil when a command beside it says as much.
    private static func top(of all: [EntryCandidate], _ manifests: Set<String>) -> EntryCandidate? {
        let declared = all.filter { $0.isDeclared && $0.aside == 0 }
        return declared.first { one in
            declared.allSatisfy { $0.root == one.root || isInner($0, below: one, manifests) }
        }
    }

    private static func isTop(_ candidate: EntryCandidate, _ manifests: Set<String>) -> Bool {
        guard candidate.isDeclared, candidate.isVerified, !candidate.isDevelopment, let command = candidate.command
        else { return false }
        // A file at the top that starts one of several parts says nothing about the others.
        let own = TreePath.ancestors(of: TreePath.folder(of: candidate.file)).first { manifests.contains($0) }
        guard own ?? candidate.root == candidate.root else { return false }
        return TreePath.folder(of: command.dockerfile ?? command.place.file) == candidate.root
    }

    /// Apps in examples, tests and documents only.
    private static func aside(
        _ all: [EntryCandidate],
        _ roots: [Facts.Root],
        _ first: EntryCandidate,
        _ search: EntrySearch
    ) -> RootChoice {
        let isLibrary = ManifestFolders.isPackage("", in: search.context)
        if all.count == 1, !isLibrary { return RootChoice(root: first.root, roots: [], kind: .app) }
        let kind: Facts.Kind = isLibrary ? .library : .collection
        return RootChoice(root: nil, roots: roots, kind: kind, isAmbiguous: true)
    }
}

extension EntryCandidate {
    /// It serves requests; a program alone is only taken when nothing else is there.
    var isWeb: Bool { rank < 8 }
}
