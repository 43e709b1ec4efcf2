import Foundation
package import Model
import Toolkit

/// Builds projects with a Dockerfile, by buildah.
///
/// Each line of a Dockerfile that was built before, on the same files, comes from buildah's own cache.
package struct DockerfileBuilder: Sendable {
    private let store: ImageStore
    private let sources: SourceStore
    private let buildah: Buildah
    private let bases: LocalBases
    private let steps: DockerfileSteps
    private let storage = StorageUse()

    package init(store: ImageStore, sources: SourceStore, options: DockerfileOptions, bases: PythonBaseMaker) {
        self.store = store
        self.sources = sources
        buildah = Buildah(options: options)
        self.bases = LocalBases(store: store, buildah: buildah, bases: bases)
        steps = DockerfileSteps(store: store)
    }

    /// How this host comes by images that a Dockerfile names, asked before anything is uploaded.
    package func bases(_ names: [String]) async throws -> [BaseImageView] {
        try await bases.views(names)
    }

    /// Removes what builds left that were ended by force; for the start of a daemon, before its first build.
    package func sweep() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try FileTree.remove(buildah.options.run)
        try buildah.prepare()
        try await buildah.command(["rm", "--all"], temporary: temporary).checked()
    }

    /// Removes cached steps that no app's newest image is made of.
    package func collect() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try await storage.collect {
            try buildah.prepare()
            let list = try buildah.command(
                ["images", "--all", "--no-trunc", "--filter", "dangling=true", "--format", "{{.ID}}"],
                temporary: temporary
            )
            let listed = try await list.checked().split(whereSeparator: \.isWhitespace).map { word in
                word.hasPrefix("sha256:") ? String(word.dropFirst("sha256:".count)) : String(word)
            }
            let unused = DockerfileSteps.unused(listed, kept: try steps.all())
            for start in stride(from: 0, to: unused.count, by: 100) {
                // One that another image is made of stays until that one is gone; it is no failure.
                let part = unused[start..<min(start + 100, unused.count)]
                _ = try await buildah.command(["rmi"] + part, temporary: temporary).run()
            }
        }
    }

    /// Builds by the Dockerfile at a path of the project.
    func build(
        _ project: ProjectFiles,
        dockerfile: String,
        _ request: BuildRequest,
        _ trace: BuildTrace
    ) async throws -> Image {
        try buildah.prepare()
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        return try await storage.build {
            let id = try await trace.stage("dockerfile") {
                (try await runBuild(project, dockerfile, request, in: scratch, trace), cached: false)
            }
            return try await trace.stage("image") { (try await take(id, in: scratch), cached: false) }
        }
    }

    // MARK: - Private

    private var authorities: BuildAuthorities { BuildAuthorities(environment: buildah.options.environment) }

    private var temporary: String { "\(store.root)/tmp" }

    /// - Returns: the image's ID in buildah's storage, 64 hex digits.
    private func runBuild(
        _ project: ProjectFiles,
        _ dockerfile: String,
        _ request: BuildRequest,
        in scratch: String,
        _ trace: BuildTrace
    ) async throws -> String {
        let context = "\(scratch)/context"
        try FileTree.makeFolder(context)
        try await sources.checkout(project.manifest, into: context)
        let text = try await rewritten(dockerfile, project, request, in: scratch, trace)
        try Durable.write(Data(text.utf8), to: "\(scratch)/Dockerfile")
        let options = Self.options(request, project, context) + authorities.options
        let caches = try mountCaches(of: request.app)
        // In Docker's own format: the other has no place for SHELL, and buildah then runs what follows it without.
        let command = try buildah.command(
            ["bud", "--layers", "--format", "docker", "--retry", "1"] + Buildah.sandbox + options
                + ["--build-context", "\(DockerfileRewrite.context)=\(scratch)/build"]
                + ["--file", "\(scratch)/Dockerfile", context],
            temporary: caches
        )
        let last = LastLines()
        let found = LastLines(limit: 10_000)
        let code = try await command.stream { line in
            if let id = DockerfileSteps.id(in: line) { found.add(id) }
            last.add(line)
            try await trace.say("dockerfile", line)
        }
        // A program that was ended has an exit code too.
        try Task.checkCancellation()
        guard code == 0 else { throw Self.fault(dockerfile, code, last) }
        // The last word is the image's ID. With a file for it buildah would not tell those of the steps.
        guard let id = last.all.last(where: { Hex.isDigest($0) }) else {
            throw Fault(.toolFailed, "buildah did not name the image: \(ConfigNode.quoted(last.all.last ?? ""))")
        }
        try steps.save(found.all + [id], of: request.app)
        return id
    }

    /// The Dockerfile in words that the host's buildah knows, and beside it the files that it needs for that.
    private func rewritten(
        _ dockerfile: String,
        _ project: ProjectFiles,
        _ request: BuildRequest,
        in scratch: String,
        _ trace: BuildTrace
    ) async throws -> String {
        guard let text = try project.text(dockerfile) else {
            throw Fault(.buildFailed, "the project has no \(dockerfile)")
        }
        guard text.utf8.count <= 1 << 20 else { throw Fault(.tooLarge, "\(dockerfile) has more than 1 MiB") }
        let uses = Dockerfile.parse(text, path: dockerfile)
            .imagesUsed(arguments: request.build.args, target: request.build.target)
        var rewrite = DockerfileRewrite(
            text,
            path: dockerfile,
            manifest: project.manifest,
            arguments: request.build.args,
            bases: try await bases.prepare(uses, of: dockerfile, trace),
            variables: authorities.variables
        )
        let result = try rewrite.text()
        for note in rewrite.notes { try await trace.say("dockerfile", note) }
        try FileTree.makeFolder("\(scratch)/build")
        for (path, content) in rewrite.files {
            let place = "\(scratch)/build/\(path)"
            try Durable.makeFolder((place as NSString).deletingLastPathComponent)
            try Durable.write(Data(content.text.utf8), to: place, mode: content.isProgram ? 0o755 : 0o644)
        }
        return result
    }

    /// Where buildah keeps an app's cache mounts: it has them among its temporary files, the rest of which go.
    private func mountCaches(of app: String) throws(Fault) -> String {
        let folder = try AppCache(store: store, app: app).folder("buildah")
        for name in try FileTree.names(in: folder) where !name.hasPrefix("buildah-cache") {
            try FileTree.remove("\(folder)/\(name)")
        }
        return folder
    }

    private static func options(_ request: BuildRequest, _ project: ProjectFiles, _ context: String) -> [String] {
        var options: [String] = []
        if let target = request.build.target { options += ["--target", target] }
        for (name, value) in request.build.args.sorted(by: { $0.key < $1.key }) {
            options += ["--build-arg", "\(name)=\(value)"]
        }
        if let ignore = request.build.ignorefile, project.file(ignore) != nil {
            options += ["--ignorefile", "\(context)/\(ignore)"]
        }
        return options
    }

    /// Brings the image into the store; layers that are there already are not even read.
    private func take(_ id: String, in scratch: String) async throws -> Image {
        let layout = "\(scratch)/layout"
        let copy = try buildah.copy(id, to: "oci:\(layout):image", blobs: "\(store.root)/blobs", temporary: scratch)
        let outcome = try await copy.run()
        try Task.checkCancellation()
        guard outcome.code == 0 else {
            let last = LastLines()
            for line in outcome.error.split(separator: "\n") { last.add(String(line)) }
            throw StepRunner.fault("the image could not be taken from buildah", outcome.code, last)
        }
        return try await store.importLayout(layout, blobsInPlace: true)
    }

    private static func fault(_ dockerfile: String, _ code: Int32, _ last: LastLines) -> Fault {
        var fault = StepRunner.fault("\(dockerfile) could not be built", code, last)
        let signs = ["dial tcp", "no such host", "pinging container registry", "initializing source docker://"]
        if fault.hint == nil, signs.contains(where: fault.message.contains) {
            fault.hint =
                "a base image could not be had: this host reaches no registry, or the name is wrong; an image "
                + "that is in buildah's storage already (buildah --root …/images/buildah images) needs no registry"
        }
        return fault
    }
}
