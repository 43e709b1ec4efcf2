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
    ///
    /// Of the common storage also what builds left there when it was each app's own.
    package func sweep() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try FileTree.remove(buildah.options.run)
        try await buildah.prepare()
        try await buildah.command(["rm", "--all"], temporary: temporary).checked()
        try await prune(buildah, kept: [])
        try await removeApps()
        for app in try steps.apps() {
            guard let own = try storageOf(app) else { continue }
            storage.note(app)
            try await removeContainers(own)
        }
    }

    /// Removes cached steps that no app's newest image is made of, and base images that none begins with.
    package func collect() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try await storage.collect {
            try await buildah.prepare()
            // Before base images: what is left of older builds may be made of them.
            for app in storage.noted() {
                guard let own = try storageOf(app) else { continue }
                try await prune(own, kept: try steps.kept(of: app))
            }
            try await bases.collect(used: try steps.usedBases())
        }
    }

    /// Builds by the Dockerfile at a path of the project.
    func build(
        _ project: ManifestFiles,
        dockerfile: String,
        _ request: BuildRequest,
        _ trace: BuildTrace
    ) async throws -> Image {
        try await buildah.prepare()
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        return try await storage.build {
            let cache = AppCache(store: store, app: request.app)
            let own = try buildah.of(request.app, in: cache)
            let id = try await trace.stage("dockerfile") {
                (try await runBuild(own, project, dockerfile, request, in: scratch, trace), cached: false)
            }
            return try await trace.stage("image") { (try await take(id, of: own, in: scratch), cached: false) }
        }
    }

    // MARK: - Private

    private var authorities: BuildAuthorities { BuildAuthorities(environment: buildah.options.environment) }

    private var temporary: String { "\(store.root)/tmp" }

    /// Buildah with the storage of an app; nil when it has none, or none any more.
    private func storageOf(_ app: String) throws(Fault) -> Buildah? {
        let cache = AppCache(store: store, app: app)
        return FileTree.exists(try cache.place(Buildah.storageName)) ? try buildah.of(app, in: cache) : nil
    }

    /// Removes apps' images from the common storage, where versions before the first release kept them by name.
    private func removeApps() async throws {
        let list = buildah.command(["images", "--format", "{{.Name}}:{{.Tag}}"], temporary: temporary)
        let names = try await list.checked().split(separator: "\n").filter { $0.hasPrefix("localhost/roost/") }
        guard !names.isEmpty else { return }
        _ = try await buildah.command(["rmi", "--force"] + names.map(String.init), temporary: temporary).run()
    }

    /// Removes what a build that was ended has left of the line that it was at: files that it wrote, and its secrets.
    private func removeContainers(_ own: Buildah) async throws {
        let list = "\(own.app?.root ?? "")/\(own.options.driver)-containers/containers.json"
        guard let bytes = try FileTree.read(list, limit: 64 << 20), bytes.count > 2 else { return }
        try await own.command(["rm", "--all"], temporary: temporary).checked()
    }

    /// Removes cached steps of a storage that are not among those kept.
    private func prune(_ buildah: Buildah, kept: [String]) async throws {
        let list = buildah.command(
            ["images", "--all", "--no-trunc", "--filter", "dangling=true", "--format", "{{.ID}}"],
            temporary: temporary
        )
        let listed = try await list.checked().split(whereSeparator: \.isWhitespace).map { word in
            word.hasPrefix("sha256:") ? String(word.dropFirst("sha256:".count)) : String(word)
        }
        let unused = DockerfileSteps.unused(listed, kept: kept)
        for start in stride(from: 0, to: unused.count, by: 100) {
            // One that another image is made of stays until that one is gone; it is no failure.
            let part = unused[start..<min(start + 100, unused.count)]
            _ = try await buildah.command(["rmi"] + part, temporary: temporary).run()
        }
    }

    /// - Returns: the image's ID in buildah's storage, 64 hex digits.
    private func runBuild(
        _ own: Buildah,
        _ project: ManifestFiles,
        _ dockerfile: String,
        _ request: BuildRequest,
        in scratch: String,
        _ trace: BuildTrace
    ) async throws -> String {
        let context = "\(scratch)/context"
        try FileTree.makeFolder(context)
        try await sources.checkout(project.manifest, into: context)
        let (text, used) = try await rewritten(dockerfile, project, request, in: scratch, trace)
        try Durable.write(Data(text.utf8), to: "\(scratch)/Dockerfile")
        let options = Self.options(request, project, context) + authorities.options
        let words =
            ["bud", "--layers", "--format", "docker", "--retry", "1"] + (request.ignoresCache ? ["--no-cache"] : [])
            + own.sandbox + options
            + ["--build-context", "\(DockerfileRewrite.context)=\(scratch)/build"]
            + ["--file", "\(scratch)/Dockerfile", context]
        let run = Run(buildah: own, words: words, scratch: scratch, caches: try mountCaches(of: request.app))
        var outcome = try await self.run(run, request, trace)
        if outcome.code != 0, Self.isBroken(outcome.last) {
            try await trace.say("dockerfile", "the app's cached steps can't be used any more: building all of it")
            try FileTree.remove(own.app?.root ?? "")
            try Durable.makeFolder(own.app?.root ?? "", mode: 0o700)
            outcome = try await self.run(run, request, trace)
        }
        guard outcome.code == 0 else { throw Self.fault(dockerfile, outcome.code, outcome.last) }
        // The last word is the image's ID. With a file for it buildah would not tell those of the steps.
        guard let id = outcome.last.all.last(where: { Hex.isDigest($0) }) else {
            throw Fault(
                .toolFailed,
                "buildah did not name the image: \(ConfigNode.quoted(outcome.last.all.last ?? ""))"
            )
        }
        try steps.save(outcome.found.all + [id], bases: used, of: request.app)
        storage.note(request.app)
        return id
    }

    private struct Run {
        var buildah: Buildah
        var words: [String]
        var scratch: String
        /// Where its cache mounts are.
        var caches: String
    }

    /// What buildah said.
    private struct Said: Sendable {
        var code: Int32
        let last = LastLines()
        /// The steps' images.
        let found = LastLines(limit: 10_000)
    }

    private func run(_ run: Run, _ request: BuildRequest, _ trace: BuildTrace) async throws -> Said {
        var said = Said(code: 0)
        let (last, found) = (said.last, said.found)
        let root = run.buildah.app?.root ?? ""
        // Layers are folders of their own: those that are new are of this build.
        let layers = "\(root)/\(run.buildah.options.driver)"
        let before = FileTree.exists(layers) ? Set(try FileTree.names(in: layers)) : []
        let caches = run.caches
        let watch = DiskWatch(
            folders: {
                let names = (try? FileTree.names(in: layers)) ?? []
                return names.filter { !before.contains($0) && $0 != "l" }.map { "\(layers)/\($0)/diff" } + [caches]
            },
            limit: store.limits.layer,
            what: "a layer that the Dockerfile makes"
        )
        do {
            said.code = try await watch.watching { [buildah] in
                try await buildah.options.isolation.withNetwork { network in
                    var call = run.buildah.command(run.words, temporary: run.caches, network: network)
                    call.root.readOnly.append(run.scratch)
                    call.root.secrets = request.secrets.values
                    return try await call.stream { line in
                        if let id = DockerfileSteps.id(in: line) { found.add(id) }
                        last.add(line)
                        try await trace.say("dockerfile", line)
                    }
                }
            }
            // A program that was ended has an exit code too.
            try Task.checkCancellation()
            if said.code != 0 { try await removeContainers(run.buildah) }
        } catch {
            // In a task of its own, for this one was cancelled. What fails here is done again at the next start.
            let (own, builder) = (run.buildah, self)
            _ = await Task { try await builder.removeContainers(own) }.result
            throw error
        }
        return said
    }

    /// Whether buildah fell over its own storage: a base image went that cached steps are made of.
    private static func isBroken(_ last: LastLines) -> Bool {
        ["layer not known", "image not known", "size/digest of layer with ID"].contains(where: last.text.contains)
    }

    /// The Dockerfile in words that the host's buildah knows, and beside it the files that it needs for that.
    private func rewritten(
        _ dockerfile: String,
        _ project: ManifestFiles,
        _ request: BuildRequest,
        in scratch: String,
        _ trace: BuildTrace
    ) async throws -> (text: String, bases: [String]) {
        guard let text = try project.text(dockerfile) else {
            throw Fault(.buildFailed, "the project has no \(dockerfile)")
        }
        guard text.utf8.count <= 1 << 20 else { throw Fault(.tooLarge, "\(dockerfile) has more than 1 MiB") }
        let uses = Dockerfile.parse(text, path: dockerfile)
            .imagesUsed(arguments: request.build.args, target: request.build.target)
        let prepared = try await bases.prepare(uses, of: dockerfile, trace)
        var rewrite = DockerfileRewrite(
            text,
            path: dockerfile,
            manifest: project.manifest,
            arguments: request.build.args,
            bases: prepared.names,
            variables: authorities.variables
        )
        var result = try rewrite.text()
        let lock = project.manifest.files.map(\.path).filter { $0 == "poetry.lock" || $0.hasSuffix("/poetry.lock") }
        if let pinned = OldPoetry.pinned(
            result,
            lock: try lock.min { $0.utf8.count < $1.utf8.count }.flatMap(project.text)
        ) {
            result = pinned
            try await trace.say("dockerfile", OldPoetry.note)
        }
        for note in rewrite.notes { try await trace.say("dockerfile", note) }
        try FileTree.makeFolder("\(scratch)/build")
        for (path, content) in rewrite.files {
            let place = "\(scratch)/build/\(path)"
            try Durable.makeFolder((place as NSString).deletingLastPathComponent)
            try Durable.write(Data(content.text.utf8), to: place, mode: content.isProgram ? 0o755 : 0o644)
        }
        return (result, prepared.used)
    }

    /// Where buildah keeps an app's cache mounts: it has them among its temporary files, the rest of which go.
    private func mountCaches(of app: String) throws(Fault) -> String {
        let folder = try AppCache(store: store, app: app).folder("buildah")
        for name in try FileTree.names(in: folder) where !name.hasPrefix("buildah-cache") {
            try FileTree.remove("\(folder)/\(name)")
        }
        return folder
    }

    private static func options(_ request: BuildRequest, _ project: ManifestFiles, _ context: String) -> [String] {
        var options: [String] = []
        if let target = request.build.target { options += ["--target", target] }
        for (name, value) in request.build.args.sorted(by: { $0.key < $1.key }) {
            options += ["--build-arg", "\(name)=\(value)"]
        }
        for name in request.secrets.values.keys.sorted() {
            options += ["--secret", "id=\(name),src=\(BuilderRoot.secretsFolder)/\(name)"]
        }
        if let ignore = request.build.ignorefile, project.file(ignore) != nil {
            options += ["--ignorefile", "\(context)/\(ignore)"]
        }
        return options
    }

    /// Brings the image into the store; layers that are there already are not even read.
    private func take(_ id: String, of own: Buildah, in scratch: String) async throws -> Image {
        let layout = "\(scratch)/layout"
        let blobs = "\(scratch)/blobs"
        try await Blocking.run { [store] in try store.lend(to: blobs) }
        let copy = own.copy(id, to: "oci:\(layout):image", blobs: blobs, temporary: scratch)
        let outcome = try await copy.run()
        try Task.checkCancellation()
        guard outcome.code == 0 else {
            let last = LastLines()
            for line in outcome.error.split(separator: "\n") { last.add(String(line)) }
            throw BuildStepRunner.fault("the image could not be taken from buildah", outcome.code, last)
        }
        return try await store.importLayout(layout, blobs: blobs)
    }

    private static func fault(_ dockerfile: String, _ code: Int32, _ last: LastLines) -> Fault {
        var fault = BuildStepRunner.fault("\(dockerfile) could not be built", code, last)
        let signs = ["dial tcp", "no such host", "pinging container registry", "initializing source docker://"]
        if fault.hint == nil, signs.contains(where: fault.message.contains) {
            fault.hint =
                "a base image could not be had: this host reaches no registry, or the name is wrong; an image "
                + "that is in buildah's storage already (buildah --root …/images/buildah images) needs no registry"
        }
        return fault
    }
}
