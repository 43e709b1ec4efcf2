import Model
import Toolkit

/// The Dockerfile that an app's production image is built from, with the stages that take part in it.
struct ProductionDockerfile: Sendable {
    var file: Dockerfile
    /// The stage that becomes the image.
    var target: Dockerfile.Stage
    /// The target, what it is built from and what it copies from, in the order of the file.
    var stages: [Dockerfile.Stage]

    /// The one that an earlier detector chose, else the one that looks most like it.
    static func choose(in context: ScanContext) -> ProductionDockerfile? {
        if let path = context.facts.existing.dockerfile,
            let file = context.dockerfiles.first(where: { $0.path == path })
        {
            return published(instead: path, in: context)
                ?? ProductionDockerfile(file, target: context.facts.existing.dockerTarget)
        }
        let named = namedFiles(in: context)
        let ranked = context.dockerfiles.compactMap { file -> (rank: Int, choice: ProductionDockerfile)? in
            guard let choice = ProductionDockerfile(file, target: nil), choice.isPython else { return nil }
            guard let rank = rank(file, in: context) else { return nil }
            return (named.contains(file.path) ? rank - 100 : rank, choice)
        }
        return ranked.min { ($0.rank, $0.choice.file.path) < ($1.rank, $1.choice.file.path) }?.choice
    }

    /// All `RUN` instructions of the stages.
    var runs: [Dockerfile.Instruction] { stages.flatMap(\.instructions).filter { $0.word == "RUN" } }

    /// The files of the tree that a path in the image may be a copy of, relative to the build's context.
    func sources(of path: String) -> [String] {
        let name = TreePath.name(of: path)
        let parts = path.split(separator: "/").filter { $0 != "." }
        var result: [String] = []
        var inFolders: [String] = []
        for copy in stages.flatMap(\.instructions) where ["COPY", "ADD"].contains(copy.word) {
            guard !copy.flags.contains(where: { $0.name == "from" }) else { continue }
            let words = copy.exec ?? ShellText.commands(in: copy.text).first ?? []
            guard words.count > 1, let destination = words.last else { continue }
            for source in words.dropLast() {
                let same = TreePath.name(of: source) == name
                if TreePath.name(of: destination) == name || same { result.append(TreePath.joined("", source)) }
                // A folder was copied, and the file with it.
                for count in stride(from: parts.count, through: 1, by: -1) {
                    inFolders.append(
                        TreePath.joined(TreePath.joined("", source), parts.suffix(count).joined(separator: "/"))
                    )
                }
            }
        }
        return result + inFolders
    }

    // MARK: - Private

    private init?(_ file: Dockerfile, target: String?) {
        let production: Set<String> = ["prod", "production", "runtime", "final", "release", "server"]
        let named = file.stages.last { production.contains($0.name?.lowercased() ?? "") }
        guard let stage = target.flatMap({ file.stage(target: $0) }) ?? named ?? file.stages.last else { return nil }
        self.file = file
        self.target = stage
        var waiting = [stage]
        var lines: Set<Int> = []
        while let next = waiting.popLast() {
            for part in file.lineage(of: next) where lines.insert(part.line).inserted {
                for copy in part.instructions {
                    for flag in copy.flags where flag.name == "from" || flag.name == "mount" {
                        waiting += Self.stages(named: flag, in: file)
                    }
                }
            }
        }
        stages = file.stages.filter { lines.contains($0.line) }
    }

    /// The stages that `--from=x` or `--mount=…,from=x` names.
    private static func stages(named flag: (name: String, value: String), in file: Dockerfile) -> [Dockerfile.Stage] {
        let parts = flag.name == "from" ? [flag.value[...]] : flag.value.split(separator: ",").map { $0[...] }
        let names = parts.compactMap { part -> String? in
            if flag.name == "from" { return part.lowercased() }
            return part.hasPrefix("from=") ? part.dropFirst(5).lowercased() : nil
        }
        return names.flatMap { name in
            if let index = Int(name) { return file.stages.indices.contains(index) ? [file.stages[index]] : [] }
            return file.stages.filter { $0.name?.lowercased() == name }
        }
    }

    private var isPython: Bool {
        let tools = ["pip", "python", "uv ", "poetry", "pdm", "conda", "uvicorn", "gunicorn"]
        return stages.contains { stage in
            ["python", "uv:", "conda", "uvicorn", "mamba"].contains { stage.base.contains($0) }
                || stage.instructions.contains { item in
                    item.word == "RUN" && tools.contains { item.text.contains($0) }
                }
        }
    }

    /// Dockerfiles that the files of platforms point to.
    private static func namedFiles(in context: ScanContext) -> Set<String> {
        var result: Set<String> = []
        for (path, documents) in context.documents {
            let folder = TreePath.folder(of: path)
            guard let root = documents.first,
                TreePath.lies(context.root, in: folder) || TreePath.lies(folder, in: context.root)
            else {
                continue
            }
            switch TreePath.name(of: path) {
            case "render.yaml":
                for service in root["services"]?.items ?? [] where service["type"]?.string == "web" {
                    if let file = service["dockerfilePath"]?.string {
                        result.insert(TreePath.joined(service["rootDir"]?.string ?? "", file))
                    }
                }
            case "railway.json", "railway.toml":
                if let file = root.at("build", "dockerfilePath")?.string {
                    result.insert(TreePath.joined(folder, file))
                }
            case "fly.toml", "fly.json", "fly.yaml":
                if let file = root.at("build", "dockerfile")?.string { result.insert(TreePath.joined(folder, file)) }
            default: break
            }
        }
        return result
    }

    /// The one that workflows build and publish, where developers have another at the top; nil when it is that one.
    private static func published(instead path: String, in context: ScanContext) -> ProductionDockerfile? {
        let files = publishedFiles(in: context)
        guard !files.isEmpty, files[path] == nil else { return nil }
        let ranked = context.dockerfiles.compactMap { file -> (rank: Int, choice: ProductionDockerfile)? in
            guard let target = files[file.path], let rank = rank(file, in: context), rank < 12,
                let choice = ProductionDockerfile(file, target: target.isEmpty ? nil : target), choice.isPython
            else { return nil }
            return (rank, choice)
        }
        return ranked.min { ($0.rank, $0.choice.file.path) < ($1.rank, $1.choice.file.path) }?.choice
    }

    /// Dockerfiles that workflows build images from, with the last stage that one of them names; empty for none.
    private static func publishedFiles(in context: ScanContext) -> [String: String] {
        var result: [String: String] = [:]
        for path in context.documents.keys.sorted() where path.hasPrefix(".github/workflows/") {
            let jobs = context.documents[path]?.first?["jobs"]?.entries ?? []
            let steps = jobs.flatMap { $0.node["steps"]?.items ?? [] }
            for step in steps where step["uses"]?.string?.hasPrefix("docker/build-push-action") == true {
                let folder = step.at("with", "context")?.string ?? ""
                let file = step.at("with", "file")?.string ?? TreePath.joined(folder, "Dockerfile")
                guard !file.contains("{{") else { continue }
                let known = result[TreePath.joined("", file)] ?? ""
                result[TreePath.joined("", file)] = step.at("with", "target")?.string ?? known
            }
        }
        return result
    }

    /// The lower the more likely; nil when it is for another part of the tree.
    private static func rank(_ file: Dockerfile, in context: ScanContext) -> Int? {
        let folder = TreePath.folder(of: file.path)
        let name = TreePath.name(of: file.path).lowercased()
        var rank = 0
        if TreePath.lies(folder, in: context.root) {
            let inner = folder.split(separator: "/").count - context.root.split(separator: "/").count
            rank += inner * 2
            let parts = file.path.dropFirst(context.root.count).lowercased().split(separator: "/").dropLast()
            let aside = Vocabulary.testFolders.union(Vocabulary.exampleFolders).union([
                "contrib", ".devcontainer", ".binder",
            ])
            if parts.contains(where: { aside.contains(String($0)) }) { rank += 50 }
        } else {
            // Above the app or beside it: only one that copies the app's folder is about it.
            let last = TreePath.name(of: context.root)
            let copies = file.stages.flatMap(\.instructions).contains { item in
                ["COPY", "ADD", "WORKDIR"].contains(item.word) && item.text.contains(last)
            }
            let isAbove = TreePath.lies(context.root, in: folder)
            guard copies || (isAbove && !hasOwn(context)) || name.contains(last.lowercased()) else { return nil }
            rank += isAbove ? 5 : 10
        }
        let words = name.split { !$0.isLetter }
        let development = Vocabulary.development.union(["debug", "local", "ci"])
        let others: Set<Substring> = [
            "worker", "celery", "client", "frontend", "gpu", "cuda", "nginx", "db", "cron", "beat", "flower", "base",
            "alpine", "lambda", "notebook", "bot", "ui",
        ]
        if words.contains(where: { development.contains(String($0)) }) { rank += 20 }
        if words.contains(where: others.contains) { rank += 12 }
        if words.contains(where: { $0 == "prod" || $0 == "production" }) { rank -= 3 }
        return rank
    }

    /// Whether the app's own folder has a Dockerfile.
    private static func hasOwn(_ context: ScanContext) -> Bool {
        context.dockerfiles.contains { TreePath.lies($0.path, in: context.root) }
    }
}
