import Model
import Toolkit

/// Finds the files for deployment that a project has already, and which Dockerfile is for production.
enum ExistingFiles {
    static func find(_ context: ScanContext, chosen: EntryCandidate?, search: EntrySearch) -> Facts.Existing {
        var existing = Facts.Existing()
        let root = context.root
        let above = TreePath.ancestors(of: root)
        if let image = dockerfile(context, chosen: chosen, search: search) {
            existing.dockerfile = image.file.path
            existing.dockerContext = image.context
            if image.stage.line != image.file.stages.last?.line { existing.dockerTarget = image.stage.name }
            let own = [image.file.path + ".dockerignore", TreePath.joined(image.context, ".dockerignore")]
            existing.dockerignore = own.first { context.project.has($0) }
        }
        existing.dockerignore = existing.dockerignore ?? first([".dockerignore"], in: above, context)
        existing.flyConfig = first(FlyFile.names, in: above, context) { FlyFile.isConfig($0, context.document($0)) }
        existing.procfile = first(["Procfile"], in: above, context)
        let examples = [
            ".env.example", ".env.sample", ".env.template", "env.example", ".env.dist", ".env.local.example",
            ".env-example",
        ]
        existing.environmentExample = first(examples, in: above, context)
        let files = context.project.files.filter { !$0.contains("{{") }
        existing.compose = files.filter { path in
            let folder = TreePath.folder(of: path)
            return ComposeFile.isOne(path)
                && (TreePath.lies(folder, in: root) || above.contains(folder) || isBeside(folder, root))
        }
        existing.kubernetes = context.documents.filter { path, documents in
            !path.hasPrefix(".github/") && documents.contains { $0["apiVersion"] != nil && $0["kind"] != nil }
        }.keys.sorted()
        existing.workflows = files.filter { path in
            path.hasPrefix(".github/workflows/") && (path.hasSuffix(".yml") || path.hasSuffix(".yaml"))
        }
        return existing
    }

    // MARK: - Private

    /// `docker/` or `deploy/` at the top, for an app in another folder of it.
    private static func isBeside(_ folder: String, _ root: String) -> Bool {
        let name = TreePath.name(of: folder)
        return ["docker", "deploy", "deployment", "infra", "ops"].contains(name)
            && TreePath.lies(root, in: TreePath.folder(of: folder))
    }

    private static func first(
        _ names: [String],
        in folders: [String],
        _ context: ScanContext,
        where isWanted: (String) -> Bool = { _ in true }
    ) -> String? {
        let paths = folders.lazy.flatMap { folder in names.map { TreePath.joined(folder, $0) } }
        return paths.first { context.project.has($0) && isWanted($0) }
    }

    /// The image that starts the chosen app, else one that holds it.
    private static func dockerfile(
        _ context: ScanContext,
        chosen: EntryCandidate?,
        search: EntrySearch
    ) -> DockerImages.Image? {
        let same = search.found.candidates.filter { $0.key == chosen?.key && !$0.isDevelopment && $0.aside < 2 }
        for candidate in same.sorted(by: EntryCandidate.isBefore) {
            guard let path = candidate.command?.dockerfile,
                let file = context.dockerfiles.first(where: { $0.path == path })
            else {
                continue
            }
            guard !ProductionStage.isAsidePath(path) else { continue }
            let stage = file.stage(target: candidate.command?.stage)
            if let stage { return search.images.image(of: file, stage: stage) }
        }
        // Without an app in Python, only one that stands where a build would look for it.
        guard let file = chosen?.file else {
            guard context.facts.kind == .app else { return nil }
            let near = ["Dockerfile", "Containerfile", "docker/Dockerfile"].map { context.path($0) }
            let docker = near.lazy.compactMap { path in context.dockerfiles.first { $0.path == path } }.first
            guard let docker, let stage = ProductionStage.choose(in: docker) else { return nil }
            return search.images.image(of: docker, stage: stage)
        }
        let ranked = context.dockerfiles.compactMap { docker -> (rank: Int, image: DockerImages.Image)? in
            guard !ProductionStage.isAsidePath(docker.path), !docker.path.contains("{{"),
                AppNames.asideLevel(docker.path, in: context.root) < 2
            else { return nil }
            guard let stage = ProductionStage.choose(in: docker) else { return nil }
            let image = search.images.image(of: docker, stage: stage)
            let holds = image.files.pairs.contains { TreePath.lies(file, in: $0.project) }
            let isNear = TreePath.lies(TreePath.folder(of: docker.path), in: context.root)
            guard holds || TreePath.folder(of: docker.path) == context.root else { return nil }
            let name = TreePath.name(of: docker.path).lowercased()
            let words = name.split { !$0.isLetter }
            let others = [
                "worker", "celery", "client", "frontend", "nginx", "db", "cron", "beat", "flower", "gpu", "lambda",
                "docs",
            ]
            var rank = words.contains { others.contains(String($0)) } ? 10 : 0
            if words.contains(where: { $0 == "prod" || $0 == "production" }) { rank -= 2 }
            if !isNear { rank += 3 }
            return (rank + docker.path.split(separator: "/").count, image)
        }
        return ranked.min { ($0.rank, $0.image.file.path) < ($1.rank, $1.image.file.path) }?.image
    }
}
