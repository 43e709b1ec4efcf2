import Toolkit

extension AuditContext {
    /// The app's Python code, read once an audit.
    var code: CodeMap {
        memo.value("code") {
            let text = memo.value("lines") { SourceText(project) }
            return CodeMap(facts: facts, program: program, text: text)
        }
    }

    /// What runs while a request is answered.
    var requests: RequestPaths { memo.value("requests") { RequestPaths(code, routes: routes) } }

    /// The calls that make the web app, in what the entry point imports: `FastAPI(…)`.
    ///
    /// An app of another module that nobody mounts is a left-over, unless a function makes it.
    var apps: [AppCall] {
        memo.value("apps") {
            let all = code.calls(of: ["fastapi.FastAPI", "fastapi.applications.FastAPI"], in: code.web)
            guard let entry = code.entry, all.count > 1 else { return all }
            let mounted = code.calls(named: ["mount"], in: code.web).flatMap { app in
                app.call.arguments.compactMap(\.name).compactMap {
                    code.definition(of: $0, path: app.module.path)?.module.path
                }
            }
            let used = all.filter { app in
                app.module.path == entry || !app.call.scope.isEmpty || mounted.contains(app.module.path)
            }
            return used.isEmpty ? all : used
        }
    }

    /// Whether a dependency is declared, by its normalised name, or imported.
    func uses(_ names: String...) -> Bool {
        names.contains { name in
            if facts.dependencies.contains(where: { $0.name == name }) { return true }
            let module = name.replacing("-", with: "_")
            return code.imported.contains(module)
        }
    }
}

/// A call in the file where it stands.
struct AppCall: Sendable {
    var module: PythonModule
    var call: PythonCall

    var key: CodeMap.Key { CodeMap.Key(path: module.path, name: call.scope) }
    var place: Place { Place(module.path, call.line) }
}

extension CodeMap {
    /// Top-level packages that the app imports.
    var imported: Set<String> {
        Set(modules.flatMap { $0.imports.compactMap { $0.target.split(separator: ".").first.map(String.init) } })
    }

    /// The calls of some functions, in the app's own files.
    func calls(of functions: Set<String>, in modules: [PythonModule]? = nil) -> [AppCall] {
        (modules ?? self.modules).flatMap { module in
            module.calls.filter { functions.contains($0.function) }.map { AppCall(module: module, call: $0) }
        }
    }

    /// The calls whose last name is one of some, in the app's own files.
    func calls(named methods: Set<String>, in modules: [PythonModule]? = nil) -> [AppCall] {
        (modules ?? self.modules).flatMap { module in
            module.calls.filter { methods.contains($0.method) }.map { AppCall(module: module, call: $0) }
        }
    }

    /// Whether what the entry point imports calls a function or hands it over; a file's own `__main__` does not count.
    func isUsed(_ key: Key) -> Bool {
        guard let function = functions[key], function.decorators.isEmpty else { return true }
        let name = key.name.split(separator: ".").last
        func names(_ value: PythonValue) -> Bool {
            value.name?.split(separator: ".").last == name || value.elements?.contains(where: names) == true
        }
        return web.contains { module in
            module.calls.contains { call in
                guard !call.inMainGuard, module.path != key.path || call.scope != key.name else { return false }
                return call.method == name.map(String.init) || call.arguments.contains(where: names)
                    || call.keywords.contains { names($0.value) }
            }
        }
    }

    /// Whether a file's routes are those of Flask or Quart, which take a status from a tuple.
    func isOfFlask(_ path: String) -> Bool {
        let packages: Set<String> = ["flask", "quart", "flask_restful", "flask_restx", "apiflask", "connexion"]
        func brings(_ module: PythonModule?, _ names: Set<String>) -> Bool {
            module?.imports.contains { item in
                item.target.split(separator: ".").first.map { names.contains(String($0)) } ?? false
            } ?? false
        }
        let own = module(path)
        if brings(own, ["fastapi", "starlette"]) { return false }
        return brings(own, packages) || imported.isDisjoint(with: ["fastapi"])
    }

    /// A place at a keyword argument of a call, with its line as the offending text.
    func place(of keyword: String, in app: AppCall) -> Place {
        let range = app.call.line...max(app.call.line, app.call.endLine)
        return Place(app.module.path, text.line(of: keyword, in: app.module.path, range))
    }

    /// The text at a place.
    func found(_ place: Place) -> String { text.line(place.file, place.line ?? 1) }

    /// A change of one line that replaces some text which stands in it once.
    func patch(_ place: Place, replacing old: String, with new: String) -> Finding.Patch? {
        guard let number = place.line, text.lines(place.file).indices.contains(number - 1) else { return nil }
        let line = text.lines(place.file)[number - 1]
        guard line.ranges(of: old).count == 1 else { return nil }
        let changed = line.replacing(old, with: new)
        return Finding.Patch(file: place.file, first: number, last: number, lines: [String(changed)])
    }
}
