import Toolkit

/// Tells which names of which modules are apps, or functions that make one: through calls, classes and re-exports.
final class AppResolver {
    /// An app's name where it is made.
    struct Made: Hashable {
        var framework: Facts.Framework
        /// The file that assigns or defines it.
        var file: String
        var name: String
        var line: Int
        /// A function that has to be called.
        var isFactory = false
        /// A call, not only another name for it.
        var isMade = true

        /// The same for all names that lead to it.
        var key: String { "\(file):\(name)" }
    }

    let index: PythonIndex
    let roots: ImportRoots
    /// What names and functions stand for, and those that are being looked at: a name that leads to itself is none.
    private var known: [String: Made?] = [:]
    private var makers: [String: Facts.Framework?] = [:]
    private var open: Set<String> = []
    private var starred: [String: [PythonModule]] = [:]

    init(index: PythonIndex, roots: ImportRoots) {
        self.index = index
        self.roots = roots
    }

    /// What a name in a module stands for, behind `from x import *` too if so asked; nil when it is no app.
    func app(named name: String, in module: PythonModule, depth: Int = 6, stars: Bool = true) -> Made? {
        let key = "\(module.path):\(name)"
        if let made = known[key] { return made }
        guard depth > 0, open.insert(key).inserted else { return nil }
        defer { open.remove(key) }
        let made = find(name, in: module, depth: depth, stars: stars)
        // What was given up for its depth may be found from nearer.
        if made != nil || depth == 6 && stars { known[key] = .some(made) }
        return made
    }

    private func find(_ name: String, in module: PythonModule, depth: Int, stars: Bool) -> Made? {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard let first = parts.first else { return nil }
        if parts.count > 1 { return attribute(parts[1], of: first, in: module, depth: depth) }
        let assigns = module.assigns.filter { $0.scope.isEmpty && $0.target == first && $0.value != nil }
        for assign in assigns.reversed() {
            guard let value = assign.value else { continue }
            if case .name(let other) = value, other != name,
                let made = self.reference(other, in: module, depth: depth - 1)
            {
                return made
            }
            guard let framework = framework(of: value, in: module, scope: "", depth: depth - 1) else { continue }
            return Made(framework: framework, file: module.path, name: first, line: assign.line)
        }
        if let function = module.functions.first(where: { $0.name == first }) {
            guard let framework = made(by: function, in: module, depth: depth - 1) else { return nil }
            return Made(framework: framework, file: module.path, name: first, line: function.line, isFactory: true)
        }
        return imported(first, in: module, depth: depth, stars: stars)
    }

    /// Whether a module knows a name at all: assigns, defines or imports it.
    func defines(_ name: String, in module: PythonModule) -> Bool {
        let first = String(name.prefix { $0 != "." })
        return binds(first, module) || stars(of: module).contains { binds(first, $0) }
    }

    private func binds(_ first: String, _ module: PythonModule) -> Bool {
        if module.assigns.contains(where: { $0.scope.isEmpty && $0.target == first }) { return true }
        if module.functions.contains(where: { $0.name == first || $0.name == "__getattr__" }) { return true }
        if module.classes.contains(where: { $0.name == first }) { return true }
        return module.imports.contains { $0.name == first }
    }

    /// The framework of an app that a value is.
    func framework(of value: PythonValue, in module: PythonModule, scope: String, depth: Int) -> Facts.Framework? {
        guard depth > 0 else { return nil }
        switch value {
        case .call(let call): return framework(of: call, in: module, scope: scope, depth: depth)
        case .name(let name):
            if !scope.isEmpty, let local = local(name, scope: scope, in: module) {
                return framework(of: local, in: module, scope: scope, depth: depth - 1)
            }
            if name.hasPrefix("self.") { return selfAttribute(name, scope: scope, in: module, depth: depth - 1) }
            return reference(name, in: module, depth: depth - 1).flatMap { $0.isFactory ? nil : $0.framework }
        case .or(let values), .and(let values):
            return values.lazy.compactMap { self.framework(of: $0, in: module, scope: scope, depth: depth - 1) }.first
        case .conditional(let yes, let no, _):
            return framework(of: yes, in: module, scope: scope, depth: depth - 1)
                ?? framework(of: no, in: module, scope: scope, depth: depth - 1)
        default: return nil
        }
    }

    /// The framework of what a function gives back.
    func made(by function: PythonModule.Function, in module: PythonModule, depth: Int) -> Facts.Framework? {
        guard depth > 0, function.isGenerator != true, !function.isAsync else { return nil }
        let key = "\(module.path):\(function.name)()"
        if let made = makers[key] { return made }
        guard open.insert(key).inserted else { return nil }
        defer { open.remove(key) }
        var found = function.returns.flatMap { annotated($0, in: module, depth: depth) }
        for result in function.results where found == nil {
            found = framework(of: result.value, in: module, scope: function.name, depth: depth - 1)
        }
        if found != nil || depth >= 5 { makers[key] = .some(found) }
        return found
    }

    /// The module and the name in it that a dotted name leads to.
    func definition(_ name: String, in module: PythonModule) -> (module: PythonModule, name: String)? {
        let first = String(name.prefix { $0 != "." })
        func isOwn(_ module: PythonModule) -> Bool {
            module.functions.contains { $0.name == first } || module.classes.contains { $0.name == first }
        }
        if isOwn(module) { return (module, name) }
        guard name.contains(".") else { return stars(of: module).first(where: isOwn).map { ($0, name) } }
        guard roots.knows(name) else { return nil }
        return index.definition(of: name, in: roots.roots(for: module.path)).map { ($0.module, $0.name) }
    }

    /// Parameters that a caller has to give.
    static func requires(_ function: PythonModule.Function) -> Bool {
        function.parameters.contains { $0.value == nil && !["self", "cls"].contains($0.name) }
    }

    // MARK: - Private

    /// Modules whose names are all taken over, `from .main import *`, and those behind them: each once, for packages
    /// may import all of each other.
    private func stars(of module: PythonModule) -> [PythonModule] {
        if let found = starred[module.path] { return found }
        var seen: Set<String> = [module.path]
        var found: [PythonModule] = []
        var next = [module]
        while !next.isEmpty, found.count < 40 {
            next = next.flatMap { current in
                current.imports.filter { $0.name == "*" }.prefix(20).compactMap { item in
                    index.find(String(item.target.dropLast(2)), in: roots.roots(for: current.path))?.module
                }
            }.filter { seen.insert($0.path).inserted }
            found += next
        }
        starred[module.path] = found
        return found
    }

    private func imported(_ name: String, in module: PythonModule, depth: Int, stars: Bool = true) -> Made? {
        for item in module.imports.reversed() where item.name == name {
            if let made = global(item.target, from: module, depth: depth - 1) { return made }
        }
        guard stars else { return nil }
        return self.stars(of: module).lazy.compactMap { self.app(named: name, in: $0, depth: depth - 1, stars: false) }
            .first
    }

    /// A dotted name from an import root on.
    private func global(_ name: String, from module: PythonModule, depth: Int) -> Made? {
        guard depth > 0, roots.knows(name), let found = index.find(name, in: roots.roots(for: module.path)) else {
            return nil
        }
        guard !found.rest.isEmpty, found.module.path != module.path else { return nil }
        return app(named: found.rest, in: found.module, depth: depth - 1)
    }

    /// A name as values have it: resolved through the module's imports, or the module's own.
    private func reference(_ name: String, in module: PythonModule, depth: Int) -> Made? {
        guard depth > 0 else { return nil }
        let first = name.prefix { $0 != "." }
        if module.assigns.contains(where: { $0.scope.isEmpty && $0.target == first }) || !name.contains(".") {
            return app(named: name, in: module, depth: depth)
        }
        return global(name, from: module, depth: depth)
    }

    /// `server.app` where `server = Server()`.
    private func attribute(_ name: String, of object: String, in module: PythonModule, depth: Int) -> Made? {
        guard let assign = module.assigns.last(where: { $0.scope.isEmpty && $0.target == object }) else {
            return imported(object + "." + name, in: module, depth: depth)
        }
        guard let call = assign.value?.call else { return nil }
        if AppNames.makers[call.function] == .flask, name == "server" {
            return Made(framework: .flask, file: module.path, name: "\(object).\(name)", line: assign.line)
        }
        guard let owner = type(call.function, in: module) else { return nil }
        guard let framework = field(name, of: owner.name, in: owner.module, depth: depth - 1) else { return nil }
        return Made(framework: framework, file: module.path, name: "\(object).\(name)", line: assign.line)
    }

    private func framework(of call: PythonCall, in module: PythonModule, scope: String, depth: Int) -> Facts.Framework?
    {
        let name = call.function
        if let known = AppNames.makers[name] { return known }
        if let known = AppNames.methods[call.method], name.contains(".") { return known }
        if AppNames.wrappers.contains(where: { name.hasSuffix($0) }) {
            let inner = AppNames.wrapped.lazy.compactMap { call[$0] }.first
            for value in [inner].compactMap({ $0 }) + call.arguments.prefix(2) {
                if let found = framework(of: value, in: module, scope: scope, depth: depth - 1) { return found }
            }
            return nil
        }
        if let owner = type(name, in: module) {
            return base(of: owner.name, in: owner.module, depth: depth - 1)
        }
        if let found = definition(name, in: module),
            let function = found.module.functions.first(where: { $0.name == found.name })
        {
            return made(by: function, in: found.module, depth: depth - 1)
        }
        return method(call, in: module, scope: scope, depth: depth - 1)
    }

    /// `Builder().build()`, `builder.build()`, `Builder.build()`.
    private func method(_ call: PythonCall, in module: PythonModule, scope: String, depth: Int) -> Facts.Framework? {
        guard depth > 0, let dot = call.function.lastIndex(of: ".") else { return nil }
        var receiver = String(call.function[..<dot])
        if receiver.hasSuffix("()") {
            receiver.removeLast(2)
        } else if let made =
            (local(receiver, scope: scope, in: module)
            ?? module.assigns.last(where: { $0.scope.isEmpty && $0.target == receiver })?.value)?.call
        {
            receiver = made.function
        }
        guard let owner = type(receiver, in: module) else { return nil }
        let name = "\(owner.name).\(call.method)"
        guard let function = owner.module.functions.first(where: { $0.name == name }) else { return nil }
        return made(by: function, in: owner.module, depth: depth)
    }

    private func type(_ name: String, in module: PythonModule) -> (module: PythonModule, name: String)? {
        guard let found = definition(name, in: module) else { return nil }
        return found.module.classes.contains { $0.name == found.name } ? found : nil
    }

    /// The framework whose app a class extends.
    private func base(of name: String, in module: PythonModule, depth: Int) -> Facts.Framework? {
        guard depth > 0, let own = module.classes.first(where: { $0.name == name }) else { return nil }
        return own.bases.lazy.compactMap { self.annotated($0, in: module, depth: depth - 1) }.first
    }

    /// The framework of a type's name, as annotations have it.
    private func annotated(_ name: String, in module: PythonModule, depth: Int) -> Facts.Framework? {
        let plain = ImageWords.plain(name)
        if let known = AppNames.makers[plain] { return known }
        if let item = module.imports.first(where: { $0.name == plain }), let known = AppNames.makers[item.target] {
            return known
        }
        guard depth > 0, let owner = type(plain, in: module) else { return nil }
        return base(of: owner.name, in: owner.module, depth: depth - 1)
    }

    private func local(_ name: String, scope: String, in module: PythonModule) -> PythonValue? {
        let found = module.assigns.last { assign in
            guard assign.scope == scope, assign.target == name, let value = assign.value else { return false }
            // `app = Wrapper(app)` would lead back to itself.
            return value.name != name
        }
        return found?.value
    }

    private func selfAttribute(_ name: String, scope: String, in module: PythonModule, depth: Int) -> Facts.Framework? {
        guard let dot = scope.lastIndex(of: ".") else { return nil }
        return field(String(name.dropFirst(5)), of: String(scope[..<dot]), in: module, depth: depth)
    }

    /// What a class keeps under a name: set in a method, in its body, or given by a method.
    private func field(_ name: String, of owner: String, in module: PythonModule, depth: Int) -> Facts.Framework? {
        guard depth > 0 else { return nil }
        let first = String(name.prefix { $0 != "." && $0 != "(" })
        for assign in module.assigns where assign.target == "self.\(first)" && assign.scope.hasPrefix(owner + ".") {
            if let annotation = assign.annotation, let found = annotated(annotation, in: module, depth: depth) {
                return found
            }
            guard let value = assign.value else { continue }
            if let call = value.call, call.function.hasPrefix("self.") {
                let method = "\(owner).\(call.method)"
                guard let function = module.functions.first(where: { $0.name == method }) else { continue }
                if let found = made(by: function, in: module, depth: depth - 1) { return found }
            } else if let found = framework(of: value, in: module, scope: assign.scope, depth: depth - 1) {
                return found
            }
        }
        guard let function = module.functions.first(where: { $0.name == "\(owner).\(first)" }) else { return nil }
        return made(by: function, in: module, depth: depth - 1)
    }
}
