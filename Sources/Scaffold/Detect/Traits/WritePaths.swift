import Model
import Toolkit

/// Folders that the app writes to while it runs.
struct WritePaths {
    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// Sorted, each once, without those that lie in another of them; `.` is the folder that the app runs in.
    func all(uploads: Bool) -> [String] {
        var found = called { _ in true }
        for module in resolver.modules where resolver.code.isReached(module) {
            for assign in module.assigns {
                found.formUnion(logFiles(in: assign.value, NameResolver.Scope(module.path, assign.scope)))
            }
            if module.calls.contains(where: { $0.function.hasPrefix("tempfile.") }) { found.insert("/tmp") }
        }
        if uploads { found.insert("/tmp") }
        found.formUnion(volumes())
        found.formUnion(LoggingFiles.folders(context))
        if let database = context.facts.database, database.engine == .sqlite, let file = database.file,
            !file.contains(":memory:")
        {
            let folder = TreePath.folder(of: TreePath.joined("", file.drop { $0 == "/" }))
            if !folder.isEmpty {
                found.insert(file.hasPrefix("/") ? "/" + folder : folder)
            } else if !file.hasPrefix("/"), database.variable == nil, !file.contains(where: { "{}<>$%".contains($0) }) {
                // No variable leads it elsewhere.
                found.insert(".")
            }
        }
        let plain = found.filter { !$0.isEmpty && !$0.contains("{") && !$0.contains("$") && $0.utf8.count < 200 }
        let sorted = gathered(plain).sorted()
        return sorted.filter { path in
            !sorted.contains { $0 != path && $0 != "." && path.hasPrefix($0 + "/") && !isAmongCode($0) }
        }
    }

    /// Those of `paths` that the code makes and, as far as can be told, writes no file to.
    func madeOnly(_ paths: [String]) -> [String] {
        let made = called { $0 }
        let filled = called { !$0 }.union(volumes())
        return paths.filter { path in
            func isIn(_ other: String) -> Bool { other == path || other.hasPrefix(path + "/") }
            return made.contains(where: isIn) && !filled.contains(where: isIn)
        }
    }

    /// What calls write to, of folders alone or of files alone.
    private func called(_ isWanted: (_ isFolder: Bool) -> Bool) -> Set<String> {
        var found: Set<String> = []
        for module in resolver.modules where resolver.code.isReached(module) {
            for call in module.calls where !call.inMainGuard {
                guard let (value, isFolder) = target(of: call, in: module), isWanted(isFolder) else { continue }
                let scope = NameResolver.Scope(module.path, call.scope)
                if let path = resolver.path(value, in: scope) { insert(path, isFolder: isFolder, &found) }
            }
        }
        return found
    }

    /// With the folder that holds several of them in their place: who makes `/storage/users` and `/storage/files` makes others
    /// there too.
    private func gathered(_ paths: Set<String>) -> Set<String> {
        let groups = Dictionary(grouping: paths.filter { $0 != "." }) { TreePath.folder(of: $0) }
        var all = paths
        for (parent, inner) in groups where inner.count > 1 && isForData(parent) {
            all.subtract(inner)
            all.insert(parent)
        }
        return all
    }

    /// Whether nothing of the project or of the system lies in a folder.
    private func isForData(_ folder: String) -> Bool {
        let parts = folder.split(separator: "/")
        guard let first = parts.first else { return false }
        if folder.hasPrefix("/") {
            return parts.count > 1
                || !["app", "etc", "home", "mnt", "opt", "root", "srv", "tmp", "usr", "var"].contains(first)
        }
        let marks: Set<String> = [".gitkeep", ".gitignore", ".keep", ".placeholder"]
        return context.project.files(under: TreePath.joined(context.root, folder)).allSatisfy {
            marks.contains(TreePath.name(of: $0))
        }
    }

    /// Whether modules lie in a folder of ``all(uploads:)`` or below it, be they imported by name or found by the app itself.
    func isAmongCode(_ path: String) -> Bool {
        guard !path.hasPrefix("/") else { return false }
        let folder = TreePath.joined(context.root, path) + "/"
        return context.python.modules.contains { $0.path.hasPrefix(folder) }
    }

    /// Whether files of the project lie in such a folder that the app needs: its code names them, or serves the folder.
    ///
    /// A volume would hide them from it; one over what only came along, as samples do, keeps what the app writes.
    func isAmongFiles(_ path: String) -> Bool {
        guard !path.hasPrefix("/") else { return false }
        let folder = TreePath.joined(context.root, path)
        let kept = [
            "db", "db3", "sqlite", "sqlite3", "log", "gitkeep", "gitignore", "keep", "placeholder", "md", "png", "jpg",
            "jpeg", "gif", "svg", "webp", "ico", "pdf", "mp3", "mp4", "wav", "webm",
        ]
        let files = context.project.files(under: folder).filter { file in
            let name = TreePath.name(of: file).lowercased()
            return !kept.contains(String(name.split(separator: ".").last ?? ""))
        }
        guard !files.isEmpty else { return false }
        let isServed = context.facts.statics.contains { TreePath.joined(context.root, $0.directory) == folder }
        return isServed || isNamed(Set(files.prefix(200).map { TreePath.name(of: $0) }))
    }

    // MARK: - Private

    /// Whether one of such files is spoken of in the app's code.
    private func isNamed(_ names: Set<String>) -> Bool {
        resolver.modules.contains { module in
            guard resolver.code.isReached(module), let text = context.project.text(module.path) else { return false }
            return names.contains(where: text.contains)
        }
    }

    private func insert(_ found: (path: CodePath, isWhole: Bool), isFolder: Bool, _ paths: inout Set<String>) {
        var path = found.path
        // Of a path that ends in what only a request knows, the folder is what is known.
        if !isFolder, found.isWhole { path.path = TreePath.folder(of: path.path) }
        guard path.base != .absolute || !["", "dev", "proc", "sys"].contains(path.path) else { return }
        let written = path.written(in: context)
        paths.insert(written.isEmpty ? "." : written)
    }

    /// What a call writes to, and whether that is a folder.
    private func target(of call: PythonCall, in module: PythonModule) -> (value: PythonValue, isFolder: Bool)? {
        let base = String(call.function.dropLast(min(call.method.count + 1, call.function.count)))
        switch call.function {
        case "open", "aiofiles.open", "io.open", "anyio.open_file", "gzip.open", "codecs.open":
            return writes(call.argument(1, "mode")) ? call.argument(0, "file").map { ($0, false) } : nil
        case "os.makedirs", "os.mkdir", "aiofiles.os.makedirs", "aiofiles.os.mkdir":
            return call.argument(0, "name").map { ($0, true) }
        case "shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move":
            return call.argument(1, "dst").map { ($0, false) }
        case "zipfile.ZipFile", "tarfile.open":
            return writes(call.argument(1, "mode")) ? call.arguments.first.map { ($0, false) } : nil
        case "logging.FileHandler", "logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler",
            "logging.handlers.WatchedFileHandler":
            return call.argument(0, "filename").map { ($0, false) }
        case "logging.basicConfig": return call["filename"].map { ($0, false) }
        case "loguru.logger.add", "logger.add":
            guard let first = call.arguments.first, first.text?.contains(".") == true || first.name == nil else {
                return nil
            }
            return (first, false)
        case "sqlite3.connect", "aiosqlite.connect":
            return call.arguments.first.flatMap { $0.text?.contains(":memory:") == true ? nil : ($0, false) }
        case "joblib.dump", "torch.save", "numpy.savez": return call.argument(1, "filename").map { ($0, false) }
        case "numpy.save": return call.arguments.first.map { ($0, false) }
        case "diskcache.Cache": return call.argument(0, "directory").map { ($0, true) }
        default: break
        }
        guard !base.isEmpty else { return nil }
        switch call.method {
        case "mkdir" where !base.hasPrefix("os"): return receiver(base, call, module).map { ($0, true) }
        case "write_text", "write_bytes", "touch": return receiver(base, call, module).map { ($0, false) }
        case "open" where writes(call.arguments.first ?? call["mode"]) && base.contains("Path()"):
            return receiver(base, call, module).map { ($0, false) }
        case "to_csv", "to_parquet", "to_excel", "to_json", "to_pickle", "savefig":
            guard let first = call.arguments.first, first.text?.contains("/") == true else { return nil }
            return (first, false)
        default: return nil
        }
    }

    /// What a method is called on; of `Path("a", "b").mkdir()` the words are in a call of the same line.
    private func receiver(_ base: String, _ call: PythonCall, _ module: PythonModule) -> PythonValue? {
        guard base.hasSuffix("Path()") else { return base.contains("()") ? nil : .name(base) }
        return module.calls.first { $0.line == call.line && $0.scope == call.scope && $0.function + "()" == base }.map {
            .call($0)
        }
    }

    private func writes(_ mode: PythonValue?) -> Bool {
        guard let text = mode?.text else { return false }
        return text.contains { "wax+".contains($0) }
    }

    /// `"filename"` of a handler in a dictionary for `logging.config.dictConfig`.
    private func logFiles(in value: PythonValue?, _ scope: NameResolver.Scope) -> Set<String> {
        guard case .dict(let pairs)? = value, pairs.contains(where: { $0.key.text == "handlers" }) else { return [] }
        var found: Set<String> = []
        for handler in pairs where handler.key.text == "handlers" {
            guard case .dict(let handlers) = handler.value else { continue }
            for case .dict(let options) in handlers.map(\.value) {
                for option in options where option.key.text == "filename" {
                    if let path = resolver.path(option.value, in: scope) { insert(path, isFolder: false, &found) }
                }
            }
        }
        return found
    }

    /// Volumes of the image, and those that a Compose file keeps for the app.
    private func volumes() -> Set<String> {
        var found: Set<String> = []
        let chosen = ProductionDockerfile.choose(in: context)
        let image = chosen.map { $0.file.image(of: $0.target) }
        for path in image?.volumes ?? [] where path.hasPrefix("/") {
            found.insert(inProject(path, image?.workingDirectory))
        }
        let apps = ComposeFiles(context).apps
        for app in apps {
            let service = context.document(app.file)?["services"]?[app.name]
            // Another image of the same folder: a front end, a proxy.
            if let name = service?["build"]?["dockerfile"]?.string, let chosen {
                guard TreePath.name(of: chosen.file.path) == TreePath.name(of: name) else { continue }
            }
            // What the app wants to keep: by a name, or in a folder of the host's that is for nothing else.
            for volume in app.volumes
            where volume.isNamed && volume.source?.contains("$") == false || isKept(volume, of: app.file) {
                let target = volume.target
                guard target.hasPrefix("/"), !target.contains("node_modules"), !target.contains("venv") else {
                    continue
                }
                let folder = inProject(target, image?.workingDirectory)
                if folder != "." { found.insert(folder) }
            }
        }
        return found
    }

    /// Whether a folder of the host is mounted for what the app writes: `./uploads:/app/uploads`.
    private func isKept(_ volume: Compose.Volume, of file: String) -> Bool {
        guard volume.isBind, !volume.isReadOnly, let source = volume.source, source.hasPrefix("."),
            !source.contains("$"), !TreePath.name(of: source).contains(".")
        else { return false }
        let path = TreePath.joined(TreePath.folder(of: file), source)
        let words = Set(path.lowercased().split { !$0.isLetter }.map(String.init))
        let aside: Set<String> = [
            "log", "logs", "conf", "config", "configs", "nginx", "cert", "certs", "ssl", "key", "keys", "secret",
            "secrets",
            "script", "scripts", "test", "tests", "migrations", "alembic", "src", "app", "code", "backend", "tmp",
            "cache",
        ]
        guard !path.isEmpty, words.isDisjoint(with: aside) else { return false }
        let marks: Set<String> = [".gitkeep", ".gitignore", ".keep", ".placeholder"]
        return context.project.files(under: path).allSatisfy { marks.contains(TreePath.name(of: $0)) }
    }

    /// A path in the image, relative when it lies in the folder that the app runs in.
    private func inProject(_ path: String, _ folder: String?) -> String {
        let plain = "/" + TreePath.joined("", path.drop { $0 == "/" })
        guard let folder, folder != "/" else { return plain }
        if plain == folder { return "." }
        return plain.hasPrefix(folder + "/") ? String(plain.dropFirst(folder.count + 1)) : plain
    }
}
