import Synchronization
import Toolkit

/// Follows names in an app's Python code to what they stand for: through imports, assignments, attributes and results.
struct NameResolver: Sendable {
    /// A function or class in a file; an empty name is the module itself.
    struct Scope: Hashable, Sendable {
        var path: String
        var name: String

        init(_ path: String, _ name: String = "") {
            self.path = path
            self.name = name
        }
    }

    /// What a name stands for.
    enum Target: Sendable {
        case assign(PythonModule.Assign, path: String)
        case function(PythonModule.Function, path: String)
        case klass(PythonModule.Class, path: String)
        /// An object of a class.
        case instance(PythonModule.Class, path: String)
        case parameter(PythonModule.Function, index: Int, path: String)
        /// The variable of a `for`; which of its names, when there are several.
        case loop(PythonModule.Loop, index: Int, path: String)
        case field(PythonModule.Field, of: PythonModule.Class, path: String)
        case module(PythonModule)
    }

    let code: AppCode
    let index: PythonIndex
    /// Folders with a manifest of their own, which are on `sys.path` when several projects share a tree.
    private let packageFolders: [String]
    private let assigns: [Key: [PythonModule.Assign]]
    private let functions: [Key: PythonModule.Function]
    private let classes: [Key: PythonModule.Class]
    private let loops: [Scope: [PythonModule.Loop]]
    private let calls: [Scope: [PythonCall]]
    /// Calls that pass something, by the last part of their function's name.
    let passing: [String: [(call: PythonCall, scope: Scope)]]
    private let cache = Cache()

    /// A name in a file, with the scope it is bound in; functions and classes stand under their whole name.
    struct Key: Hashable {
        var scope: Scope
        var name: String
    }

    /// Answers that were given: without them names that stand for several others each would take for ever.
    private final class Cache: Sendable {
        /// Nil while the answer is sought, so that a cycle ends.
        let answers = Mutex<[Key: [Target]?]>([:])
    }

    init(_ context: ScanContext) {
        code = context.code
        index = context.index
        let manifests = context.project.files.filter {
            ["pyproject.toml", "setup.py", "setup.cfg"].contains(TreePath.name(of: $0))
        }
        packageFolders = manifests.prefix(40).flatMap { path in
            let folder = TreePath.folder(of: path)
            return [folder, TreePath.joined(folder, "src")]
        }
        var assigns: [Key: [PythonModule.Assign]] = [:]
        var functions: [Key: PythonModule.Function] = [:]
        var classes: [Key: PythonModule.Class] = [:]
        var loops: [Scope: [PythonModule.Loop]] = [:]
        var calls: [Scope: [PythonCall]] = [:]
        var passing: [String: [(call: PythonCall, scope: Scope)]] = [:]
        for module in code.modules {
            let path = module.path
            for item in module.assigns where item.value != nil {
                assigns[Key(scope: Scope(path, item.scope), name: item.target), default: []].append(item)
            }
            for item in module.functions { functions[Key(scope: Scope(path), name: item.name)] = item }
            for item in module.classes { classes[Key(scope: Scope(path), name: item.name)] = item }
            for item in module.loops { loops[Scope(path, item.scope), default: []].append(item) }
            for item in module.calls {
                calls[Scope(path, item.scope), default: []].append(item)
                if item.arguments.isEmpty, item.keywords.isEmpty { continue }
                passing[item.method, default: []].append((item, Scope(path, item.scope)))
            }
        }
        self.assigns = assigns
        self.functions = functions
        self.classes = classes
        self.loops = loops
        self.calls = calls
        self.passing = passing
    }

    /// The deepest chain of names that is followed; cycles end there.
    static let maximumDepth = 32

    /// More meanings of one name than this tell nothing.
    static let maximumTargets = 60

    var modules: [PythonModule] { code.modules }

    /// The calls that stand directly in a function, its inner functions left out.
    func calls(in scope: Scope) -> [PythonCall] { calls[scope] ?? [] }

    /// The loops of a function whose body holds a line, the outermost first.
    func loops(around line: Int, in scope: Scope) -> [PythonModule.Loop] {
        (loops[scope] ?? []).filter { $0.line <= line && line <= $0.endLine }
    }

    /// Whether a function goes round for as long as something holds.
    func whiles(in scope: Scope) -> Bool { loops[scope]?.contains { $0.targets.isEmpty } ?? false }

    func function(_ name: String, in path: String) -> PythonModule.Function? {
        functions[Key(scope: Scope(path), name: name)]
    }

    func klass(_ name: String, in path: String) -> PythonModule.Class? { classes[Key(scope: Scope(path), name: name)] }

    /// Folders that names of modules may start from, seen from a file.
    func roots(for path: String) -> [String] {
        let near = TreePath.ancestors(of: TreePath.folder(of: path))
        var seen: Set<String> = []
        return (code.roots + near + packageFolders).filter { seen.insert($0).inserted }
    }

    /// All that a dotted name may stand for, seen from a place, the last assignment first.
    func targets(of name: String, in scope: Scope, depth: Int = 0) -> [Target] {
        guard depth < Self.maximumDepth, !name.isEmpty, name.utf8.count < 400 else { return [] }
        return once(Key(scope: scope, name: name)) { search(name, in: scope, depth) }
    }

    private func once(_ key: Key, _ search: () -> [Target]) -> [Target] {
        if let known = cache.answers.withLock({ $0[key] }) { return known ?? [] }
        cache.answers.withLock { $0[key] = .some(nil) }
        let found = Array(search().prefix(Self.maximumTargets))
        cache.answers.withLock { $0[key] = found }
        return found
    }

    private func search(_ name: String, in scope: Scope, _ depth: Int) -> [Target] {
        let parts = name.split(separator: ".").map(String.init)
        guard let first = parts.first else { return [] }
        if first == "self" || first == "cls", parts.count > 1, let own = enclosingClass(of: scope) {
            return attributes(Array(parts.dropFirst()), of: [.instance(own, path: scope.path)], depth)
        }
        if !isImported(name, in: scope.path) {
            let local = self.local(parts, in: scope, depth)
            if !local.isEmpty { return local }
            if let module = index.module(at: scope.path) {
                let starred = starred(name, in: module, depth)
                if !starred.isEmpty { return starred }
            }
        }
        guard let (module, rest) = index.find(name, in: roots(for: scope.path)) else { return [] }
        return rest.isEmpty ? [.module(module)] : inModule(rest, module, depth + 1)
    }

    /// What an expression is, when it is a name or a call that can be followed.
    func targets(of value: PythonValue, in scope: Scope, depth: Int = 0) -> [Target] {
        guard depth < Self.maximumDepth else { return [] }
        switch value {
        case .name(let name): return targets(of: name, in: scope, depth: depth + 1)
        case .call(let call): return results(of: call, in: scope, depth)
        case .or(let values): return values.flatMap { targets(of: $0, in: scope, depth: depth + 1) }
        case .conditional(let yes, let no, _):
            return [yes, no].flatMap { targets(of: $0, in: scope, depth: depth + 1) }
        default: return []
        }
    }

    // MARK: - Private

    /// An import of the file binds the name, so that a variable of its first part is another thing.
    private func isImported(_ name: String, in path: String) -> Bool {
        index.module(at: path)?.imports.contains { item in
            name.hasPrefix(item.target)
                && (name.utf8.count == item.target.utf8.count || name.dropFirst(item.target.count).first == ".")
        } ?? false
    }

    private func local(_ parts: [String], in scope: Scope, _ depth: Int) -> [Target] {
        var name = scope.name
        while true {
            let here = Scope(scope.path, name)
            for count in stride(from: parts.count, through: 1, by: -1) {
                let found = bound(parts.prefix(count).joined(separator: "."), in: here)
                guard !found.isEmpty else { continue }
                let rest = Array(parts.dropFirst(count))
                return rest.isEmpty ? found : attributes(rest, of: found, depth)
            }
            guard !name.isEmpty else { return [] }
            name = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? ""
        }
    }

    private func bound(_ name: String, in scope: Scope) -> [Target] {
        if let items = assigns[Key(scope: scope, name: name)] {
            let set = items.filter { $0.value != PythonValue.none }
            return (set.isEmpty ? items : set).reversed().map { .assign($0, path: scope.path) }
        }
        let whole = scope.name.isEmpty ? name : "\(scope.name).\(name)"
        if let item = functions[Key(scope: Scope(scope.path), name: whole)] {
            return [.function(item, path: scope.path)]
        }
        if let item = classes[Key(scope: Scope(scope.path), name: whole)] { return [.klass(item, path: scope.path)] }
        if let items = loops[scope] {
            let found = items.compactMap { item in
                item.targets.firstIndex(of: name).map { Target.loop(item, index: $0, path: scope.path) }
            }
            if !found.isEmpty { return found }
        }
        if let function = functions[Key(scope: Scope(scope.path), name: scope.name)],
            let place = function.parameters.firstIndex(where: { $0.name == name })
        {
            return [.parameter(function, index: place, path: scope.path)]
        }
        return []
    }

    /// A name that starts in a module: its own, or one that it imports.
    ///
    /// Packages that import all of each other have twice as many ways to a name with every step: asked once only.
    private func inModule(_ name: String, _ module: PythonModule, _ depth: Int) -> [Target] {
        guard depth < Self.maximumDepth else { return [] }
        return once(Key(scope: Scope(module.path, "all in"), name: name)) { named(name, in: module, depth) }
    }

    private func named(_ name: String, in module: PythonModule, _ depth: Int) -> [Target] {
        let parts = name.split(separator: ".").map(String.init)
        let own = local(parts, in: Scope(module.path), depth)
        if !own.isEmpty { return own }
        let first = parts.first ?? ""
        if let item = module.imports.last(where: { $0.name == first }) {
            let target = item.level == nil ? first : item.target
            let whole = target + name.dropFirst(first.count)
            return follow(whole, from: module, depth)
        }
        return starred(name, in: module, depth)
    }

    /// What `from x import *` may bring in.
    private func starred(_ name: String, in module: PythonModule, _ depth: Int) -> [Target] {
        for item in module.imports where item.name == "*" {
            let found = follow(String(item.target.dropLast(1)) + name, from: module, depth)
            if !found.isEmpty { return found }
        }
        return []
    }

    private func follow(_ name: String, from module: PythonModule, _ depth: Int) -> [Target] {
        guard let (next, rest) = index.find(name, in: roots(for: module.path)) else { return [] }
        if rest.isEmpty { return [.module(next)] }
        // `from .app import app` in a package whose module `app` is meant would lead back here.
        guard next.path != module.path || depth < 3 else { return [] }
        return inModule(rest, next, depth + 1)
    }

    private func attributes(_ parts: [String], of targets: [Target], _ depth: Int) -> [Target] {
        var found = targets
        for part in parts { found = found.flatMap { attribute(part, of: $0, depth + 1) } }
        return found
    }

    private func attribute(_ name: String, of target: Target, _ depth: Int) -> [Target] {
        guard depth < Self.maximumDepth else { return [] }
        // A blank is in no name, so that this can be mistaken for none.
        let (path, place): (String, String) =
            switch target {
            case .assign(let item, let path): (path, "\(item.scope) \(item.target) \(item.line)")
            case .field(let field, let klass, let path): (path, "\(klass.name) \(field.name) \(field.line)")
            case .parameter(let function, let index, let path): (path, "\(function.name) \(index)")
            case .loop(let loop, let index, let path): (path, "for \(loop.line) \(index)")
            case .instance(let klass, let path), .klass(let klass, let path): (path, "\(klass.name) of")
            case .function(let function, let path): (path, "\(function.name) def")
            case .module(let module): (module.path, "all of")
            }
        return once(Key(scope: Scope(path, place), name: name)) { seek(name, in: target, depth) }
    }

    private func seek(_ name: String, in target: Target, _ depth: Int) -> [Target] {
        switch target {
        case .assign(let item, let path):
            guard let value = item.value else { return [] }
            return targets(of: value, in: Scope(path, item.scope), depth: depth + 1)
                .flatMap { attribute(name, of: $0, depth + 1) }
        case .instance(let klass, let path), .klass(let klass, let path): return member(name, of: klass, path, depth)
        case .field(let field, let klass, let path):
            let scope = Scope(path, klass.name)
            let made = field.value.map { targets(of: $0, in: scope, depth: depth + 1) } ?? []
            return (made.isEmpty ? declared(field.type, in: scope, depth) : made).flatMap {
                attribute(name, of: $0, depth + 1)
            }
        case .module(let module):
            let inner = inModule(name, module, depth + 1)
            if !inner.isEmpty { return inner }
            let folder = TreePath.folder(of: module.path)
            let isPackage = TreePath.name(of: module.path) == "__init__.py"
            return isPackage ? index.module(named: name, in: folder).map { [.module($0)] } ?? [] : []
        case .parameter(let function, let place, let path):
            guard let type = function.parameters[place].type else { return [] }
            return targets(of: type, in: Scope(path), depth: depth + 1).flatMap { found -> [Target] in
                guard case .klass(let klass, let other) = found else { return [] }
                return member(name, of: klass, other, depth)
            }
        case .loop(let loop, let place, let path):
            return elements(of: loop, place, path).flatMap { value in
                targets(of: value, in: Scope(path, loop.scope), depth: depth + 1).flatMap {
                    attribute(name, of: $0, depth + 1)
                }
            }
        case .function: return []
        }
    }

    /// An object of the class that an annotation names, as it is written: `ApiSettings | None`.
    private func declared(_ annotation: String?, in scope: Scope, _ depth: Int) -> [Target] {
        guard let annotation else { return [] }
        let names = annotation.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }.map(String.init)
        for name in names where !["Optional", "None", "Annotated", "Final", "ClassVar"].contains(name) {
            for case .klass(let klass, let path) in targets(
                of: imported(name, in: scope.path),
                in: Scope(scope.path),
                depth: depth + 1
            ) {
                return [.instance(klass, path: path)]
            }
        }
        return []
    }

    private func member(_ name: String, of klass: PythonModule.Class, _ path: String, _ depth: Int) -> [Target] {
        let own = ownMember(name, of: klass, path, depth)
        if !own.isEmpty { return own }
        for case .klass(let base, let other) in bases(of: klass, in: path).compactMap(\.target) {
            let found = ownMember(name, of: base, other, depth + 1)
            if !found.isEmpty { return found }
        }
        return []
    }

    private func ownMember(_ name: String, of klass: PythonModule.Class, _ path: String, _ depth: Int) -> [Target] {
        guard depth < Self.maximumDepth else { return [] }
        if let method = function("\(klass.name).\(name)", in: path) {
            guard method.decorators.contains(where: { $0.name?.hasSuffix("property") == true }) else {
                return [.function(method, path: path)]
            }
            return method.results.flatMap { targets(of: $0.value, in: Scope(path, method.name), depth: depth + 1) }
        }
        let set = methods(of: klass, path).flatMap { bound("self.\(name)", in: Scope(path, $0)) }
        if !set.isEmpty { return set }
        return klass.fields.last { $0.name == name }.map { [.field($0, of: klass, path: path)] } ?? []
    }

    private func methods(of klass: PythonModule.Class, _ path: String) -> [String] {
        let all = index.module(at: path)?.functions.map(\.name) ?? []
        let names = all.filter { $0.hasPrefix(klass.name + ".") }
        return names.filter { $0.hasSuffix(".__init__") } + names.filter { !$0.hasSuffix(".__init__") }
    }

    private func results(of call: PythonCall, in scope: Scope, _ depth: Int) -> [Target] {
        targets(of: call.function, in: scope, depth: depth + 1).flatMap { target -> [Target] in
            switch target {
            case .klass(let klass, let path): return [.instance(klass, path: path)]
            case .function(let function, let path):
                let scope = Scope(path, function.name)
                let found = once(Key(scope: scope, name: "()")) {
                    function.results.flatMap { targets(of: $0.value, in: scope, depth: depth + 1) }
                }
                guard found.isEmpty, let type = function.returns else { return found }
                return targets(of: type, in: Scope(path), depth: depth + 1).compactMap { target in
                    if case .klass(let klass, let other) = target { .instance(klass, path: other) } else { nil }
                }
            default: return []
            }
        }
    }
}
