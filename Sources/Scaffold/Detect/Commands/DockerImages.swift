import Model
import Toolkit

/// The images that a project's Dockerfiles make, with the folder that each is built from.
struct DockerImages: Sendable {
    struct Image: Sendable {
        var file: Dockerfile
        var stage: Dockerfile.Stage
        var facts: Dockerfile.Image
        var files: ImageFiles
        /// The folder that `COPY` starts from.
        var context: String
        var isDevelopment: Bool
        /// The stage that is meant for production.
        var isProduction: Bool

        /// The folder of the project that the image's working directory is a copy of.
        var folder: String? { files.folder(facts.workingDirectory) }
    }

    let tree: ProjectTree
    private let dockerfiles: [Dockerfile]
    /// Folders that other files name as a Dockerfile's context.
    private let declared: [String: [String]]

    init(_ context: ScanContext, tree: ProjectTree) {
        self.tree = tree
        dockerfiles = context.dockerfiles
        declared = DeclaredBuilds.find(in: context).reduce(into: [:]) {
            $0[$1.dockerfile, default: []].append($1.context)
        }
    }

    /// The folder that a Dockerfile's `COPY` lines start from: where most of what they name exists.
    func context(of file: Dockerfile) -> String {
        let own = TreePath.folder(of: file.path)
        var candidates = declared[file.path] ?? []
        for folder in TreePath.ancestors(of: own) where !candidates.contains(folder) { candidates.append(folder) }
        let sources = sources(of: file)
        func score(_ folder: String) -> Int {
            guard !sources.isEmpty else { return 0 }
            return sources.count { tree.has(TreePath.joined(folder, $0)) } * 2
        }
        var best = candidates.first ?? own
        for folder in candidates where score(folder) > score(best) { best = folder }
        return best
    }

    func image(of file: Dockerfile, stage: Dockerfile.Stage, context: String? = nil) -> Image {
        let folder = context ?? self.context(of: file)
        let isAside = ProductionStage.isAsidePath(file.path) || ProductionStage.isAside(stage.name ?? "")
        return Image(
            file: file,
            stage: stage,
            facts: file.image(of: stage),
            files: ImageFiles(tree, of: stage, in: file, context: folder),
            context: folder,
            isDevelopment: isAside,
            isProduction: !isAside && ProductionStage.choose(in: file)?.line == stage.line
        )
    }

    /// The image that a Compose service or a platform builds.
    func image(path: String, target: String?, context: String?) -> Image? {
        guard let file = dockerfiles.first(where: { $0.path == path }) else { return nil }
        guard let stage = target.flatMap({ file.stage(target: $0) }) ?? file.stages.last else { return nil }
        return image(of: file, stage: stage, context: context)
    }

    // MARK: - Private

    private func sources(of file: Dockerfile) -> [String] {
        var result: [String] = []
        for item in file.stages.flatMap(\.instructions) where item.word == "COPY" || item.word == "ADD" {
            guard item.heredocs.isEmpty, !item.flags.contains(where: { $0.name == "from" }) else { continue }
            let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
            for word in words.dropLast() where !word.contains("*") && !word.contains("$") && !word.contains("://") {
                let plain = TreePath.joined("", word)
                if !plain.isEmpty { result.append(plain) }
            }
        }
        return result
    }
}

/// A Dockerfile with the folder it is built from, as another file says.
struct DeclaredBuild {
    var dockerfile: String
    var context: String
    var target: String?
    /// The service, when a Compose file says it.
    var service: String?
    var isDevelopment = false
    var place: Place
}
