/// Offers one `lifespan` instead of `on_event` handlers, which are deprecated and which a lifespan would silence.
enum LifespanPatch {
    /// Nil unless all handlers of the project are plain functions of the app's own module.
    static func make(_ site: AppSite, _ python: PythonSources) -> CodePatch? {
        guard site.scope.isEmpty, site.call["lifespan"] == nil, site.call["on_startup"] == nil,
            site.call["on_shutdown"] == nil, site.call["**"] == nil, let handlers = handlers(site, python)
        else { return nil }
        let known = Set(
            site.module.functions.map(\.name) + site.module.assigns.map(\.target) + site.module.imports.map(\.name)
        )
        guard let name = ["lifespan", "app_lifespan"].first(where: { !known.contains($0) }) else { return nil }
        var edit = PythonEdit(site.source)
        let type = site.call.function.split(separator: ".").last.map(String.init) ?? "FastAPI"
        let isNamed = site.module.imports.contains { $0.name == type && $0.target == site.call.function }
        edit.addImports(
            ["from collections.abc import AsyncIterator", "from contextlib import asynccontextmanager"],
            known: site.module
        )
        let line = firstLine(site)
        let blank = (1...2).count { line - $0 > 0 && site.source.content(ofLine: line - $0).isEmpty }
        let gap = Array(repeating: "", count: line > 1 ? 2 - blank : 0)
        edit.insert(
            gap + function(name, type: isNamed ? type : "object", handlers) + ["", ""],
            beforeLine: line
        )
        edit.addArgument("lifespan=\(name)", open: site.open, close: site.close)
        for handler in handlers { for lines in handler.decorators { edit.removeLines(lines) } }
        return CodePatch.make("lifespan instead of on_event", ["A11"], path: site.path, edit)
    }

    // MARK: - Private

    private struct Handler {
        var name: String
        var isAsync: Bool
        var isShutdown: Bool
        var decorators: [Range<Int>]
    }

    /// A comment that stands right above the app stays with it.
    private static func firstLine(_ site: AppSite) -> Int {
        var line = site.line
        while line > 1, site.source.content(ofLine: line - 1).hasPrefix("#") { line -= 1 }
        return line
    }

    /// In the order of the file; nil when there are none, or one that can't be moved.
    private static func handlers(_ site: AppSite, _ python: PythonSources) -> [Handler]? {
        let event = "\(site.name).on_event"
        var total = 0
        for module in python.modules {
            for call in module.calls where ["on_event", "add_event_handler"].contains(call.method) {
                guard module.path == site.path, call.function == event else { return nil }
                total += 1
            }
        }
        var handlers: [Handler] = []
        for function in site.module.functions where !function.name.contains(".") {
            let events = function.decorators.compactMap(\.call).filter { $0.function == event }
            guard !events.isEmpty else { continue }
            guard function.parameters.isEmpty, function.isGenerator != true else { return nil }
            for call in events {
                let moment = call.arguments.first?.text ?? call["event_type"]?.text
                guard moment == "startup" || moment == "shutdown", let lines = decorator(call, site.source) else {
                    return nil
                }
                let isShutdown = moment == "shutdown"
                handlers.append(
                    Handler(name: function.name, isAsync: function.isAsync, isShutdown: isShutdown, decorators: [lines])
                )
            }
        }
        return handlers.isEmpty || handlers.count != total ? nil : handlers
    }

    /// The lines of a decorator; nil when it does not begin its line.
    private static func decorator(_ call: PythonCall, _ source: SourceLines) -> Range<Int>? {
        guard source.content(ofLine: call.line).hasPrefix("@") else { return nil }
        return call.line..<source.lineAfterStatement(at: call.line)
    }

    private static func function(_ name: String, type: String, _ handlers: [Handler]) -> [String] {
        func calls(_ handlers: [Handler], _ indent: String) -> [String] {
            handlers.map { "\(indent)\($0.isAsync ? "await " : "")\($0.name)()" }
        }
        let ends = handlers.filter(\.isShutdown)
        var lines = ["@asynccontextmanager", "async def \(name)(_: \(type)) -> AsyncIterator[None]:"]
        lines += calls(handlers.filter { !$0.isShutdown }, "    ")
        if ends.isEmpty { return lines + ["    yield"] }
        return lines + ["    try:", "        yield", "    finally:"] + calls(ends, "        ")
    }
}
