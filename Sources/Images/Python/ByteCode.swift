import Foundation
import Glibc
import Model
import Toolkit

/// Compiles an app's own modules, so that no Machine has to do it at each start.
///
/// What was compiled once is kept by content: a deploy that changes one file compiles one file, and one that changes
/// none starts no program.
struct ByteCode: Sendable {
    let store: ImageStore
    let steps: BuildStepRunner
    let app: String
    let base: PythonBase

    /// The largest module that is compiled, in bytes.
    static let sourceLimit: Int64 = 4 << 20
    private static let resultLimit = 32 << 20

    /// Puts the compiled form of each module beside it.
    ///
    /// A module that does not compile is told of and left alone: it may be a template, or for another Python. The step
    /// sees the folder at `/app`.
    func compile(_ manifest: SourceManifest, in folder: String, _ trace: BuildTrace) async throws {
        let cache = try AppCache(store: store, app: app).folder("bytecode")
        let modules = manifest.files.compactMap { Module($0, base) }
        let missing = try await Blocking.run {
            try modules.filter { module in try !module.place("\(cache)/\(module.key)", in: folder) }
        }
        guard !missing.isEmpty else { return }
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        try await run(missing, app: folder, results: scratch, trace)
        try await Blocking.run {
            for (number, module) in missing.enumerated() {
                // Read with care: the folder was another user's to write to.
                let result = "\(scratch)/\(number).pyc"
                guard let bytes = try FileTree.read(result, limit: Self.resultLimit) else { continue }
                let temporary = "\(scratch)/keep"
                try Data(bytes).write(to: URL(fileURLWithPath: temporary))
                try FileTree.rename(temporary, to: "\(cache)/\(module.key)")
                _ = try module.place("\(cache)/\(module.key)", in: folder)
            }
        }
    }

    // MARK: - Private

    private struct Module: Sendable {
        var path: String
        /// Where its compiled form belongs.
        var compiled: String
        var key: String

        init?(_ entry: SourceManifest.Entry, _ base: PythonBase) {
            guard entry.kind == .file, entry.size <= ByteCode.sourceLimit, entry.path.hasSuffix(".py"),
                !entry.path.contains(where: \.isNewline)
            else { return nil }
            path = entry.path
            let folder = (path as NSString).deletingLastPathComponent
            let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
            compiled = "\(folder.isEmpty ? "" : "\(folder)/")__pycache__/\(name).\(base.tag).pyc"
            // The path is part of it: tracebacks show it.
            key = Hex.digest(of: "1\n\(base.version)\n\(base.tag)\n\(path)\n\(entry.sha256)")
        }

        /// Copies the compiled form to its place; false when there is none yet.
        func place(_ cached: String, in root: String) throws(Fault) -> Bool {
            guard FileTree.exists(cached) else { return false }
            let target = "\(root)/\(compiled)"
            let folder = (target as NSString).deletingLastPathComponent
            try FileTree.makeFolder(folder)
            // The project may have a link of that name, which we must not follow; then nothing is compiled for it.
            guard let status = try FileTree.status(folder), status.st_mode & S_IFMT == S_IFDIR else { return true }
            unlink(target)
            try FileTree.copy(cached, to: target, mode: 0o644)
            try FileTree.setChanged(target, LayerPacker.fixedTime)
            try FileTree.touch(cached)
            return true
        }
    }

    /// Compiled files carry their source's hash, not its time, and Python compares it at import.
    ///
    /// So an edit on a running Machine counts. For an app's few modules that costs next to nothing.
    private static let script = """
        import py_compile, sys
        place, mode = sys.argv[1], py_compile.PycInvalidationMode.CHECKED_HASH
        with open(place + "/list", encoding="utf-8") as names:
            for number, name in enumerate(names.read().split("\\n")):
                path = "/app/" + name
                try:
                    py_compile.compile(path, f"{place}/{number}.pyc", path, True, invalidation_mode=mode)
                except Exception as error:
                    print(f"{name} does not compile: {error}")
        """

    private func run(_ modules: [Module], app: String, results: String, _ trace: BuildTrace) async throws {
        let place = "\(BuildStepRunner.place)/compiled"
        try Durable.write(Data(modules.map(\.path).joined(separator: "\n").utf8), to: "\(results)/list")
        try FileTree.give(results, to: BuildStepRunner.userID)
        var step = try steps.step(
            on: base,
            command: [base.python, "-I", "-S", "-B", "-W", "ignore", "-c", Self.script, place]
        )
        step.mounts = [
            .init(source: app, destination: "/app", readOnly: true),
            .init(source: results, destination: place),
        ]
        let last = LastLines()
        let code = try await steps.run(step) { line in
            last.add(line)
            try await trace.say("app", line)
        }
        guard code == 0 else { throw BuildStepRunner.fault("the app's modules could not be compiled", code, last) }
    }
}
