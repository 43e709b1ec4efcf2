import Model

/// Follows a program from where it starts to the call that starts its server.
struct RunFinder {
    let index: PythonIndex
    let resolver: AppResolver

    /// Starts of a program.
    enum Start {
        /// A file that is run: its top level and what stands under the main guard.
        case file
        /// A console script's function.
        case function(String)
    }

    /// The nearest call that starts a server; else any in the same file.
    ///
    /// - Parameters:
    ///   - module: the file that is run, or that holds the function.
    ///   - start: where it begins.
    ///   - arguments: words behind the program; one may name a command of its command line.
    /// - Returns: nil when nothing that is known starts a server.
    func run(in module: PythonModule, start: Start, arguments: [String] = []) -> RunCall? {
        var waiting: [Step] = []
        switch start {
        case .file: waiting = [Step(module: module, scope: "", trail: [])]
        case .function(let name):
            let place = function(name, in: module)
            waiting = [Step(module: place.module, scope: place.name, trail: [])]
        }
        // `ralph runserver`: the function of that name is what the command line calls.
        let commands = arguments.prefix { !$0.hasPrefix("-") }.map { $0.replacing("-", with: "_") }
        for name in commands {
            let usual = [name, name + "_command", "cmd_" + name]
            for function in module.functions where usual.contains(function.name) {
                waiting.append(Step(module: module, scope: function.name, trail: []))
            }
            for item in module.imports where usual.contains(item.name) {
                guard let found = resolver.definition(item.target, in: module) else { continue }
                waiting.append(Step(module: found.module, scope: found.name, trail: []))
            }
        }
        var seen: Set<String> = []
        // Command lines call their functions in ways that can't be followed, so all of such a file count.
        var lines = [module]
        var next = 0
        while next < waiting.count, next < 80 {
            let step = waiting[next]
            next += 1
            guard seen.insert("\(step.module.path):\(step.scope)").inserted else { continue }
            if isCommandLine(step), !lines.contains(where: { $0.path == step.module.path }) {
                lines.append(step.module)
            }
            for call in step.module.calls where step.holds(call) {
                if var found = runner(call, in: step.module) {
                    found.trail = step.trail
                    return found
                }
                guard let target = follow(call, in: step.module) else { continue }
                let place = RunCall.Place(file: step.module.path, scope: step.scope, line: call.line)
                waiting.append(Step(module: target.module, scope: target.scope, trail: step.trail + [place]))
            }
        }
        return lines.lazy.flatMap { here in here.calls.lazy.compactMap { runner($0, in: here) } }.first
    }

    /// All calls of a module that start a server.
    func all(in module: PythonModule) -> [RunCall] {
        module.calls.compactMap { runner($0, in: module) }
    }

    // MARK: - Private

    private struct Step {
        var module: PythonModule
        var scope: String
        /// The calls that led here.
        var trail: [RunCall.Place]

        func holds(_ call: PythonCall) -> Bool {
            call.scope == scope || (!scope.isEmpty && call.scope.hasPrefix(scope + "."))
        }
    }

    /// An object of click or typer, or a function that they call.
    private func isCommandLine(_ step: Step) -> Bool {
        if step.scope.hasSuffix("()") { return true }
        guard let function = step.module.functions.first(where: { $0.name == step.scope }) else { return false }
        return function.decorators.contains { decorator in
            let name = decorator.call?.function ?? decorator.name ?? ""
            return ["command", "group", "callback"].contains { name.hasSuffix("." + $0) }
        }
    }

    /// A function of a module, or one that it imports: `cli.main` after `from . import cli`.
    private func function(_ name: String, in module: PythonModule) -> (module: PythonModule, name: String) {
        let first = String(name.prefix { $0 != "." })
        guard !module.functions.contains(where: { $0.name == name }) else { return (module, name) }
        guard let target = module.imports.last(where: { $0.name == first })?.target else { return (module, name) }
        return resolver.definition(target + name.dropFirst(first.count), in: module) ?? (module, name)
    }

    private func runner(_ call: PythonCall, in module: PythonModule) -> RunCall? {
        if let server = AppNames.runners[call.function],
            server != .own || call.method == "serve" || call.method == "run_app"
        {
            return RunCall(call: call, server: server, file: module.path, scope: call.scope)
        }
        // `app.run()` of Flask and those made like it.
        guard call.method == "run", let dot = call.function.lastIndex(of: ".") else { return nil }
        let receiver = String(call.function[..<dot])
        guard let made = resolver.app(named: receiver, in: module) ?? imported(receiver, in: module) else { return nil }
        guard [.flask, .asgi, .wsgi].contains(made.framework) else { return nil }
        return RunCall(
            call: call,
            server: made.framework == .flask ? .flask : .own,
            file: module.path,
            scope: call.scope
        )
    }

    private func imported(_ name: String, in module: PythonModule) -> AppResolver.Made? {
        guard name.contains("."), let found = resolver.definition(name, in: module) else { return nil }
        return resolver.app(named: found.name, in: found.module)
    }

    private func follow(_ call: PythonCall, in module: PythonModule) -> (module: PythonModule, scope: String)? {
        var name = call.function
        if name.hasPrefix("self."), let dot = call.scope.lastIndex(of: ".") {
            name = String(call.scope[..<dot]) + name.dropFirst(4)
        }
        name = name.replacing("()", with: "")
        guard let found = resolver.definition(name, in: module) else { return nil }
        if found.module.functions.contains(where: { $0.name == found.name }) { return (found.module, found.name) }
        // A class: what its initialiser does.
        if found.module.classes.contains(where: { $0.name == found.name }) {
            return (found.module, found.name + ".__init__")
        }
        // An object of a command line, whose functions stand beside it.
        let isObject = found.module.assigns.contains {
            $0.scope.isEmpty && $0.target == found.name && $0.value?.call != nil
        }
        return isObject && found.module.path != module.path ? (found.module, "\(found.name)()") : nil
    }
}
