/// Finds modules by their dotted names, as Python would with certain folders on `sys.path`.
package struct PythonIndex: Sendable {
    private let modules: [String: PythonModule]
    /// What a dotted name can start with: most names are of libraries, and need not be looked for in every folder.
    private let starts: Set<Substring>

    package init(_ sources: PythonSources) {
        modules = Dictionary(sources.modules.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        starts = sources.modules.reduce(into: []) { names, module in
            for part in module.path.split(separator: "/") {
                names.insert(part.hasSuffix(".py") ? part.dropLast(3) : part)
            }
        }
    }

    /// The module in a file.
    package func module(at path: String) -> PythonModule? { modules[path] }

    /// The module of a dotted name: `app.main` below the folder `backend` is `backend/app/main.py`, or its package.
    package func module(named name: String, in root: String) -> PythonModule? {
        guard !name.isEmpty else { return nil }
        let base = (root.isEmpty ? "" : root + "/") + name.split(separator: ".").joined(separator: "/")
        return modules[base + ".py"] ?? modules[base + "/__init__.py"]
    }

    /// The module that defines a dotted name, and what is left: `app.core.config.settings` gives the module
    /// `app.core.config` and `settings`; the first of the folders that knows it counts.
    package func find(_ name: String, in roots: [String]) -> (module: PythonModule, rest: String)? {
        let end = name.utf8.firstIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        // Most names are of libraries.
        guard end == name.startIndex || starts.contains(name[..<end]) else { return nil }
        let parts = name.split(separator: ".")
        guard let first = parts.first, starts.contains(first) else { return nil }
        var heads: [String] = []
        for part in parts { heads.append(heads.last.map { "\($0)/\(part)" } ?? String(part)) }
        for root in roots {
            let folder = root.isEmpty ? "" : root + "/"
            for (count, head) in heads.enumerated().reversed() {
                guard let module = modules[folder + head + ".py"] ?? modules[folder + head + "/__init__.py"] else {
                    continue
                }
                return (module, parts.dropFirst(count + 1).joined(separator: "."))
            }
        }
        return nil
    }

    /// Follows a name through re-exports to the module that assigns or defines it.
    ///
    /// - Parameters:
    ///   - name: dotted, from one of the folders on.
    ///   - roots: the folders that are on `sys.path`.
    ///   - depth: how many imports to follow; cycles end there.
    /// - Returns: the module, and the name within it.
    package func definition(
        of name: String,
        in roots: [String],
        depth: Int = 6
    ) -> (module: PythonModule, name: String)? {
        guard let (module, rest) = find(name, in: roots), !rest.isEmpty else { return nil }
        let first = rest.prefix { $0 != "." }
        let isOwn =
            module.assigns.contains { $0.scope.isEmpty && $0.target == first }
            || module.functions.contains { $0.name == first } || module.classes.contains { $0.name == first }
        if isOwn || depth == 0 { return (module, rest) }
        guard let imported = module.imports.first(where: { $0.name == first }) else { return nil }
        let target = imported.target + rest.dropFirst(first.count)
        return target == name ? nil : definition(of: target, in: roots, depth: depth - 1)
    }
}
