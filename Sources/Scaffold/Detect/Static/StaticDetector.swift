import Model

/// Finds the folders that the app serves or renders from, and a front end that is built for it.
package enum StaticDetector {
    /// Sets ``Facts/statics`` and ``Facts/frontend``.
    package static func detect(_ context: inout ScanContext) {
        detect(&context, context.routes)
    }

    /// The same with routes that are known already.
    package static func detect(_ context: inout ScanContext, _ table: AppRoutes) {
        let tree = ProjectTree(context.project)
        var finder = StaticFinder(context, table, tree)
        finder.run()
        context.facts.statics = finder.statics
        context.facts.frontend = FrontendFinder(context, tree, statics: finder.statics).find()
    }
}

/// Goes through mounts, templates and the defaults of frameworks.
private struct StaticFinder {
    private let context: ScanContext
    private let table: AppRoutes
    private let tree: ProjectTree
    private let resolver: NameResolver
    private(set) var statics: [Facts.Static] = []

    init(_ context: ScanContext, _ table: AppRoutes, _ tree: ProjectTree) {
        self.context = context
        self.table = table
        self.tree = tree
        resolver = table.resolver
    }

    mutating func run() {
        for mount in table.mounts where mount.isReached { add(mount) }
        let known = Set(statics.compactMap(\.place))
        for module in resolver.modules where resolver.code.isReached(module) {
            for call in module.calls {
                let scope = NameResolver.Scope(module.path, call.scope)
                let place = Place(module.path, call.line)
                if let folder = templates(call) {
                    add(folder, path: "", kind: "templates", at: place, in: scope)
                } else if isStaticFiles(call, in: module.path), !known.contains(where: { isNear($0, place) }) {
                    // Mounted on something that could not be followed.
                    if let folder = call.argument(0, "directory") {
                        add(folder, path: "", kind: "StaticFiles", at: place, in: scope)
                    }
                }
                if call.function == "flask.Flask" || call.function == "quart.Quart" { addDefaults(call, module, scope) }
            }
        }
        addDjango()
        var seen: Set<String> = []
        statics = statics.filter { seen.insert("\($0.kind) \($0.path) \($0.directory)").inserted }
            .sorted { ($0.kind, $0.path, $0.directory) < ($1.kind, $1.path, $1.directory) }
    }

    // MARK: - Private

    private func isNear(_ left: Place, _ right: Place) -> Bool {
        left.file == right.file && abs((left.line ?? 0) - (right.line ?? 0)) < 8
    }

    private func isStaticFiles(_ call: PythonCall, in path: String) -> Bool {
        if call.method == "StaticFiles" || call.method == "create_static_files_router" { return true }
        guard call.method.first?.isUppercase == true else { return false }
        return resolver.targets(of: call.function, in: NameResolver.Scope(path, call.scope)).contains { target in
            guard case .klass(let klass, let file) = target else { return false }
            return resolver.bases(of: klass, in: file).contains { $0.name.hasSuffix("StaticFiles") }
        }
    }

    private mutating func add(_ mount: AppRoute.Mount) {
        let scope = NameResolver.Scope(mount.place.file, mount.scope)
        guard let (call, inner) = call(mount.value, in: scope) else { return }
        if call.method == "frontend" {
            if let folder = call["directory"] ?? call.arguments[at: 1] {
                add(folder, path: mount.path, kind: "app.frontend", at: mount.place, in: inner)
            }
            return
        }
        guard isStaticFiles(call, in: inner.path) else { return }
        if let folder = call.argument(0, "directory") {
            add(folder, path: mount.path, kind: "StaticFiles", at: mount.place, in: inner)
        } else if let package = call["packages"]?.elements?.first {
            // The files of an installed library are in the image anyway.
            _ = package
        } else if let folder = ownFolder(call, inner) {
            statics.append(Facts.Static(path: mount.path, directory: folder, kind: "StaticFiles", place: mount.place))
        }
    }

    /// The call that a mounted value is, also one that a variable holds.
    private func call(_ value: PythonValue, in scope: NameResolver.Scope) -> (PythonCall, NameResolver.Scope)? {
        if case .call(let call) = value { return (call, scope) }
        guard case .name(let name) = value else { return nil }
        for case .assign(let item, let path) in resolver.targets(of: name, in: scope) {
            if case .call(let call)? = item.value { return (call, NameResolver.Scope(path, item.scope)) }
        }
        return nil
    }

    /// A class of the project that names its folder in its own constructor.
    private func ownFolder(_ call: PythonCall, _ scope: NameResolver.Scope) -> String? {
        for case .klass(let klass, let path) in resolver.targets(of: call.function, in: scope) {
            for inner in resolver.calls(in: NameResolver.Scope(path, "\(klass.name).__init__"))
            where inner.method == "__init__" {
                let place = NameResolver.Scope(path, "\(klass.name).__init__")
                if let folder = inner["directory"].flatMap({ resolver.path($0, in: place) }) {
                    return located(folder.path)
                }
            }
        }
        return nil
    }

    private func templates(_ call: PythonCall) -> PythonValue? {
        switch call.method {
        case "Jinja2Templates", "Jinja2Blocks", "TemplateEngine": return call.argument(0, "directory")
        case "FileSystemLoader": return call.argument(0, "searchpath")
        default: return nil
        }
    }

    private mutating func add(
        _ value: PythonValue,
        path: String,
        kind: String,
        at place: Place,
        in scope: NameResolver.Scope
    ) {
        for item in value.elements ?? [value] {
            guard let found = resolver.path(item, in: scope) else { continue }
            statics.append(Facts.Static(path: path, directory: located(found.path), kind: kind, place: place))
        }
    }

    /// Relative to the app's folder, by where such a folder is when the code only says how to get there from its own.
    private func located(_ path: CodePath) -> String {
        guard path.base == .working else { return path.written(in: context) }
        let importRoot = TreePath.joined(context.root, context.facts.entry?.importRoot ?? "")
        let entry = context.facts.entry.flatMap { resolver.index.find($0.module, in: resolver.code.roots)?.module.path }
        let roots = [context.root, importRoot, entry.map { TreePath.folder(of: $0) } ?? context.root]
        let found = roots.map { TreePath.joined($0, path.path) }.first {
            tree.folders.contains($0) && !path.path.isEmpty
        }
        return found.map { TreePath.relative($0, to: context.root) } ?? path.written(in: context)
    }

    /// Flask serves `static` and renders from `templates` beside the module, when these are there.
    private mutating func addDefaults(_ call: PythonCall, _ module: PythonModule, _ scope: NameResolver.Scope) {
        let folder = TreePath.folder(of: module.path)
        let place = Place(module.path, call.line)
        for (keyword, usual, kind) in [
            ("static_folder", "static", "StaticFiles"), ("template_folder", "templates", "templates"),
        ] {
            let named = call[keyword].flatMap { resolver.path($0, in: scope)?.path }
            if let named, named.base != .working {
                statics.append(
                    Facts.Static(
                        path: kind == "templates" ? "" : "/static",
                        directory: located(named),
                        kind: kind,
                        place: place
                    )
                )
                continue
            }
            let whole = TreePath.joined(folder, named?.path ?? usual)
            guard tree.folders.contains(whole) || named != nil else { continue }
            let address =
                kind == "templates" ? "" : call["static_url_path"].flatMap { resolver.text($0, in: scope) } ?? "/static"
            statics.append(
                Facts.Static(
                    path: address,
                    directory: TreePath.relative(whole, to: context.root),
                    kind: kind,
                    place: place
                )
            )
        }
    }

    private mutating func addDjango() {
        guard context.facts.framework == .django else { return }
        for module in resolver.modules {
            guard let item = module.assigns.last(where: { $0.target == "STATIC_ROOT" }), let value = item.value else {
                continue
            }
            let scope = NameResolver.Scope(module.path)
            guard let found = resolver.path(value, in: scope) else { continue }
            let address =
                module.assigns.last { $0.target == "STATIC_URL" }?.value.flatMap { resolver.text($0, in: scope) }
                ?? "/static/"
            let path = address.hasPrefix("/") || address.contains("://") ? address : "/" + address
            let place = Place(module.path, item.line)
            statics.append(
                Facts.Static(path: path, directory: located(found.path), kind: "collectstatic", place: place)
            )
        }
    }
}
