/// A path that code puts together: from the folder the process runs in, from the file it stands in, or absolute.
struct CodePath: Equatable {
    enum Base: Equatable {
        /// The folder that the process is started in.
        case working
        /// The scanned folder: the path starts from a file of the project.
        case project
        case absolute
    }

    var base: Base
    /// Parts joined by `/`, without one in front.
    var path: String

    /// As an absolute path, or relative to the app's folder.
    func written(in context: ScanContext) -> String {
        switch base {
        case .absolute: "/" + path
        case .project: TreePath.relative(path, to: context.root)
        case .working: path.isEmpty ? "." : path
        }
    }
}

extension NameResolver {
    /// The path that an expression makes, as far as it can be told; what only a request knows ends it.
    ///
    /// - Returns: the path, and whether it is whole: `f"uploads/{name}"` gives `uploads`, which is not.
    func path(_ value: PythonValue, in scope: Scope, depth: Int = 0) -> (path: CodePath, isWhole: Bool)? {
        guard depth < 8 else { return nil }
        switch value {
        case .string(let text): return text.isEmpty ? nil : (Self.plain(text), true)
        case .name("__file__"): return (CodePath(base: .project, path: scope.path), true)
        case .name(let name): return path(named: name, in: scope, depth)
        case .call(let call): return path(of: call, in: scope, depth)
        case .binary(let left, "Div", let right):
            return path(left, in: scope, depth: depth + 1).map { joined($0, right, in: scope, depth) }
        case .binary(let left, "Add", let right):
            guard let head = path(left, in: scope, depth: depth + 1) else { return nil }
            guard let tail = text(right, in: scope) else { return cut(head) }
            let isPart = tail.hasPrefix("/") || head.path.path.isEmpty
            let end = isPart ? TreePath.joined(head.path.path, tail.drop { $0 == "/" }) : head.path.path + tail
            return (CodePath(base: head.path.base, path: end), head.isWhole)
        case .binary(.string(let format), "Mod", let right):
            return path(filling: format, right.elements ?? [right], in: scope, depth)
        case .subscripted(.name(let name), .integer(let count))
        where name.hasSuffix(".parents") && name.contains("Path()"):
            return (ancestor(of: scope.path, count: Int(count) + 1), true)
        case .formatted(let format): return path(formatted: format, in: scope, depth)
        case .or(let values): return values.lazy.compactMap { path($0, in: scope, depth: depth + 1) }.first
        case .conditional(let yes, let no, _):
            return path(yes, in: scope, depth: depth + 1) ?? path(no, in: scope, depth: depth + 1)
        default: return nil
        }
    }

    // MARK: - Private

    private static func plain(_ text: String) -> CodePath {
        let isAbsolute = text.hasPrefix("/")
        return CodePath(base: isAbsolute ? .absolute : .working, path: TreePath.joined("", text.drop { $0 == "/" }))
    }

    private func ancestor(of file: String, count: Int) -> CodePath {
        var folder = file
        for _ in 0..<min(max(count, 0), 40) { folder = TreePath.folder(of: folder) }
        return CodePath(base: .project, path: folder)
    }

    /// A path that ends before a part that can't be told: the folder that it is in.
    private func cut(_ found: (path: CodePath, isWhole: Bool)) -> (path: CodePath, isWhole: Bool) {
        (found.path, false)
    }

    private func joined(
        _ head: (path: CodePath, isWhole: Bool),
        _ tail: PythonValue,
        in scope: Scope,
        _ depth: Int
    ) -> (path: CodePath, isWhole: Bool) {
        guard head.isWhole else { return head }
        guard let next = path(tail, in: scope, depth: depth + 1) else { return cut(head) }
        guard next.path.base == .working else { return next }
        return (CodePath(base: head.path.base, path: TreePath.joined(head.path.path, next.path.path)), next.isWhole)
    }

    private func path(named name: String, in scope: Scope, _ depth: Int) -> (path: CodePath, isWhole: Bool)? {
        if let range = name.firstRange(of: "Path()") ?? name.firstRange(of: "PurePath()") {
            // Of `Path(__file__).resolve().parent` only the names are left; nothing else is asked for its parent.
            let parents = name[range.upperBound...].split(separator: ".").count { $0 == "parent" }
            return parents > 0 ? (ancestor(of: scope.path, count: parents), true) : nil
        }
        if name.hasSuffix(".parent"), let inner = path(named: String(name.dropLast(7)), in: scope, depth + 1),
            inner.isWhole
        {
            return (CodePath(base: inner.path.base, path: TreePath.folder(of: inner.path.path)), true)
        }
        for target in targets(of: name, in: scope).prefix(3) {
            switch target {
            case .assign(let item, let path):
                if let value = item.value, let found = self.path(value, in: Scope(path, item.scope), depth: depth + 1) {
                    return found
                }
            case .field(let field, let klass, let path):
                if let value = field.value, let found = self.path(value, in: Scope(path, klass.name), depth: depth + 1)
                {
                    return found
                }
            case .function(let function, let path):
                for result in function.results {
                    if let found = self.path(result.value, in: Scope(path, function.name), depth: depth + 1) {
                        return found
                    }
                }
            case .parameter(let function, let index, let path):
                if let value = function.parameters[index].value, value != .none {
                    return self.path(value, in: Scope(path), depth: depth + 1)
                }
            default: continue
            }
        }
        return nil
    }

    private func path(of call: PythonCall, in scope: Scope, _ depth: Int) -> (path: CodePath, isWhole: Bool)? {
        func first(_ place: Int = 0) -> (path: CodePath, isWhole: Bool)? {
            call.arguments[at: place].flatMap { path($0, in: scope, depth: depth + 1) }
        }
        func rest(from head: (path: CodePath, isWhole: Bool), _ start: Int) -> (path: CodePath, isWhole: Bool) {
            call.arguments.dropFirst(start).reduce(head) { joined($0, $1, in: scope, depth) }
        }
        switch call.function {
        case "os.getcwd", "pathlib.Path.cwd", "Path.cwd": return (CodePath(base: .working, path: ""), true)
        case "os.path.dirname":
            return first().map { (CodePath(base: $0.path.base, path: TreePath.folder(of: $0.path.path)), $0.isWhole) }
        case "os.path.join": return first().map { rest(from: $0, 1) }
        case "tempfile.gettempdir", "tempfile.mkdtemp": return (CodePath(base: .absolute, path: "tmp"), true)
        case "importlib.resources.files", "pkg_resources.resource_filename":
            guard let name = call.arguments.first?.text, let found = index.find(name, in: roots(for: scope.path)) else {
                return nil
            }
            return rest(from: (CodePath(base: .project, path: TreePath.folder(of: found.module.path)), true), 1)
        default: break
        }
        switch call.method {
        case "Path", "PurePath", "AsyncPath", "PosixPath":
            guard !call.arguments.isEmpty else { return (CodePath(base: .working, path: ""), true) }
            return first().map { rest(from: $0, 1) }
        case "abspath", "realpath", "normpath", "expanduser", "str", "fspath", "DirectoryPath", "FilePath":
            if call.function.hasPrefix("os.path.") || !call.function.contains(".") || call.function == "os.fspath" {
                return first()
            }
        case "Field": return call["default"].flatMap { path($0, in: scope, depth: depth + 1) } ?? first()
        default: break
        }
        if ["resolve", "absolute", "as_posix", "expanduser", "joinpath", "rstrip", "strip"].contains(call.method) {
            let base = String(call.function.dropLast(call.method.count + 1))
            let head =
                base.hasSuffix("Path()")
                ? start(of: call, base, in: scope, depth) : path(named: base, in: scope, depth + 1)
            return call.method == "joinpath" ? head.map { rest(from: $0, 0) } : head
        }
        if let text = text(.call(call), in: scope) { return text.isEmpty ? nil : (Self.plain(text), true) }
        guard case .function(let function, let file)? = targets(of: call.function, in: scope).first,
            function.results.count == 1
        else {
            return nil
        }
        return path(function.results[0].value, in: Scope(file, function.name), depth: depth + 1)
    }

    /// What `Path(x)` is in `Path(x).resolve()`: a call of its own on the same line; the file when there is none to be found.
    private func start(
        of call: PythonCall,
        _ base: String,
        in scope: Scope,
        _ depth: Int
    ) -> (path: CodePath, isWhole: Bool)? {
        let inner = calls(in: scope).first {
            $0.line == call.line && $0.function + "()" == base && !$0.arguments.isEmpty
        }
        guard let inner else { return (CodePath(base: .project, path: scope.path), true) }
        return path(.call(inner), in: scope, depth: depth + 1)
    }

    /// `"%s/media/%s" % (BASE, name)`: as ``path(formatted:in:_:)``, with the values beside the text.
    private func path(
        filling format: String,
        _ values: [PythonValue],
        in scope: Scope,
        _ depth: Int
    ) -> (path: CodePath, isWhole: Bool)? {
        guard format.hasPrefix("%s"), let first = values.first, var head = path(first, in: scope, depth: depth + 1)
        else {
            return nil
        }
        var rest = String(format.dropFirst(2))
        for value in values.dropFirst() {
            guard let mark = rest.firstRange(of: "%s"), let text = text(value, in: scope) else { break }
            rest.replaceSubrange(mark, with: text)
        }
        if rest.contains("%") {
            rest = TreePath.folder(of: String(rest.prefix { $0 != "%" }))
            head.isWhole = false
        }
        head.path.path = TreePath.joined(head.path.path, rest.drop { $0 == "/" })
        return head
    }

    /// `f"{BASE}/uploads/{name}"`: a base that is known, then text up to what only a request knows.
    private func path(formatted format: String, in scope: Scope, _ depth: Int) -> (path: CodePath, isWhole: Bool)? {
        var text = format[...]
        var head: (path: CodePath, isWhole: Bool)?
        if text.hasPrefix("{"), let close = text.firstIndex(of: "}") {
            let name = String(text[text.index(after: text.startIndex)..<close])
            head = path(named: imported(name, in: scope.path), in: scope, depth + 1)
            guard head != nil else { return nil }
            text = text[text.index(after: close)...].drop { $0 == "/" }
        }
        let isWhole = !text.contains("{")
        // Only whole parts count: of `data/log-{day}` the folder.
        let known = isWhole ? String(text) : TreePath.folder(of: String(text.prefix { $0 != "{" }))
        let isAbsolute = head == nil && known.hasPrefix("/")
        let base = head?.path ?? CodePath(base: isAbsolute ? .absolute : .working, path: "")
        let path = TreePath.joined(base.path, known.drop { $0 == "/" })
        return path.isEmpty && base.base != .project ? nil : (CodePath(base: base.base, path: path), isWhole)
    }
}
