/// What runs when the app starts: modules as they are imported, the factory, lifespans and start-up handlers, and what
/// these call.
struct StartupCode {
    /// Functions by where they stand; an empty name is a module's own code.
    let scopes: Set<NameResolver.Scope>
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.resolver = resolver
        var scopes: Set<NameResolver.Scope> = []
        var waiting = Self.starts(context, resolver)
        // Six calls deep: start-up code is flat, and what lies deeper is about requests.
        for _ in 0..<6 {
            var next: [NameResolver.Scope] = []
            for scope in waiting where scopes.insert(scope).inserted {
                let isProgram = scope.name.isEmpty && context.facts.entry?.kind == .script
                for call in resolver.calls(in: scope) where isProgram || !call.inMainGuard {
                    next += Self.called(by: call, in: scope, resolver).filter { !scopes.contains($0) }
                }
            }
            waiting = next
        }
        self.scopes = scopes
    }

    /// The calls that run at start.
    var calls: [(call: PythonCall, scope: NameResolver.Scope)] {
        scopes.sorted { ($0.path, $0.name) < ($1.path, $1.name) }.flatMap { scope in
            resolver.calls(in: scope).filter { !$0.inMainGuard }.map { ($0, scope) }
        }
    }

    /// Whether a function runs at start, or stands in one that does.
    func runs(_ scope: NameResolver.Scope) -> Bool {
        var name = scope.name
        while !name.isEmpty {
            if scopes.contains(NameResolver.Scope(scope.path, name)) { return true }
            name = RouteGraph.outer(name)
        }
        return scopes.contains(NameResolver.Scope(scope.path)) && scope.name.isEmpty
    }

    /// The functions that a call calls, or hands on to be called: `create_task(poll())`, `add_event_handler("startup", f)`.
    static func called(
        by call: PythonCall,
        in scope: NameResolver.Scope,
        _ resolver: NameResolver
    ) -> [NameResolver.Scope] {
        var found = functions(named: call.function, in: scope, resolver)
        for value in call.arguments + call.keywords.map(\.value) {
            for item in value.elements ?? [value] {
                let name = item.name ?? item.call?.function
                if let name { found += functions(named: name, in: scope, resolver) }
            }
        }
        return found
    }

    // MARK: - Private

    private static func functions(
        named name: String,
        in scope: NameResolver.Scope,
        _ resolver: NameResolver
    ) -> [NameResolver.Scope] {
        resolver.targets(of: name, in: scope).prefix(4).compactMap { target in
            switch target {
            case .function(let function, let path): return NameResolver.Scope(path, function.name)
            case .klass(let klass, let path):
                let name = "\(klass.name).__init__"
                return resolver.function(name, in: path) == nil ? nil : NameResolver.Scope(path, name)
            default: return nil
            }
        }
    }

    private static func starts(_ context: ScanContext, _ resolver: NameResolver) -> [NameResolver.Scope] {
        var starts: [NameResolver.Scope] = []
        let reached = resolver.modules.filter { resolver.code.isReached($0) }
        for module in reached {
            starts.append(NameResolver.Scope(module.path))
            for function in module.functions where isStartHandler(function) {
                starts.append(NameResolver.Scope(module.path, function.name))
            }
            for call in module.calls where !call.inMainGuard {
                starts += handed(call, in: NameResolver.Scope(module.path, call.scope), resolver)
            }
        }
        if let entry = context.facts.entry, !entry.attribute.isEmpty,
            let module = resolver.index.find(entry.module, in: resolver.code.roots)?.module
        {
            starts += functions(named: entry.attribute, in: NameResolver.Scope(module.path), resolver)
        }
        return starts
    }

    private static func isStartHandler(_ function: PythonModule.Function) -> Bool {
        let last = function.name.split(separator: ".").last ?? ""
        if last == "lifespan" || last == "on_startup" || last == "startup" || last == "startup_event" { return true }
        return function.decorators.contains { decorator in
            let name = decorator.call?.function ?? decorator.name ?? ""
            if name.hasSuffix(".on_event") || name.hasSuffix(".listener") {
                return decorator.call?.arguments.first?.text?.contains("start") == true
            }
            return ["before_serving", "before_first_request", "on_startup", "while_serving"].contains {
                name.hasSuffix("." + $0)
            }
        }
    }

    /// `FastAPI(lifespan=f, on_startup=[f])`, `app.add_event_handler("startup", f)`.
    private static func handed(
        _ call: PythonCall,
        in scope: NameResolver.Scope,
        _ resolver: NameResolver
    ) -> [NameResolver.Scope] {
        var values = [call["lifespan"], call["on_startup"]].compactMap { $0 }
        if call.method == "add_event_handler", call.arguments.first?.text?.contains("start") == true {
            values += call.arguments.dropFirst() + [call["func"]].compactMap { $0 }
        }
        return values.flatMap { $0.elements ?? [$0] }.flatMap { value -> [NameResolver.Scope] in
            let names =
                [value.name, value.call?.function].compactMap { $0 } + (value.call?.arguments.compactMap(\.name) ?? [])
            return names.flatMap { functions(named: $0, in: scope, resolver) }
        }
    }
}
