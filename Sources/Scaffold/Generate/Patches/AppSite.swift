/// The place where a project's code makes its app: `app = FastAPI(...)`.
struct AppSite {
    let path: String
    let source: SourceLines
    let module: PythonModule
    /// The variable that holds it.
    let name: String
    /// The call that makes it.
    let call: PythonCall
    /// The function it stands in; empty for the module.
    let scope: String
    /// Its first line.
    let line: Int
    /// Tokens of the call's brackets.
    let open: Int
    let close: Int

    var indent: String { source.indent(ofLine: line) }
    /// The line after the statement.
    var nextLine: Int { source.lineAfterStatement(at: line) }

    /// Nil when the app is made in another way, or by something else than FastAPI or Starlette.
    static func find(_ facts: Facts, project: Project, index: PythonIndex) -> AppSite? {
        guard let entry = facts.entry, entry.kind != .script, !entry.attribute.isEmpty else { return nil }
        let folder = TreePath.joined(facts.root, entry.importRoot)
        let roots = [folder, facts.root, ""]
        let dotted = "\(entry.module).\(entry.attribute)"
        guard let (module, name) = index.definition(of: dotted, in: roots) else { return nil }
        if entry.kind == .app, let site = find(name, scope: "", in: module, project) { return site }
        // The app is what a function of the project returns.
        var maker: (module: PythonModule, name: String)? = entry.kind == .factory ? (module, name) : nil
        if maker == nil,
            let function = module.assigns.first(where: { $0.scope.isEmpty && $0.target == name })?.value?.call?.function
        {
            if module.functions.contains(where: { $0.name == function }) { maker = (module, function) }
            maker = maker ?? index.definition(of: function, in: roots)
        }
        guard let maker else { return nil }
        return find(nil, scope: maker.name, in: maker.module, project)
    }

    // MARK: - Private

    private static let makers: Set<String> = [
        "fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette",
    ]

    private static func find(_ name: String?, scope: String, in module: PythonModule, _ project: Project) -> AppSite? {
        let assigns = module.assigns.filter { assign in
            guard assign.scope == scope, name == nil || assign.target == name else { return false }
            return assign.value?.call.map { makers.contains($0.function) } ?? false
        }
        // Two of them, one in a branch, would both have to change.
        guard assigns.count == 1, let assign = assigns.first, let call = assign.value?.call,
            assign.target.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }), assign.inMainGuard != true,
            let text = project.text(module.path), let source = SourceLines(text),
            let brackets = brackets(of: assign, in: source)
        else { return nil }
        guard scope.isEmpty == source.indent(ofLine: assign.line).isEmpty else { return nil }
        return AppSite(
            path: module.path,
            source: source,
            module: module,
            name: assign.target,
            call: call,
            scope: scope,
            line: assign.line,
            open: brackets.open,
            close: brackets.close
        )
    }

    /// The brackets after `name = some.Name`, with an annotation or without.
    private static func brackets(of assign: PythonModule.Assign, in source: SourceLines) -> (open: Int, close: Int)? {
        guard var place = source.firstToken(fromLine: assign.line), source.text(source.tokens[place]) == assign.target
        else {
            return nil
        }
        var steps = 0
        while !source.isSign(place, "="), steps < 40 {
            place += 1
            steps += 1
            guard place < source.tokens.count else { return nil }
        }
        place += 1
        while place < source.tokens.count, source.tokens[place].kind == .name || source.isSign(place, ".") {
            place += 1
        }
        guard source.isSign(place, "("), let close = source.closing(of: place) else { return nil }
        return (place, close)
    }
}
