import Foundation
import Model
import Toolkit

/// Builds projects with a Dockerfile, by buildah.
///
/// Each line of a Dockerfile that was built before, on the same files, comes from buildah's own cache.
package struct DockerfileBuilder: Sendable {
    private let store: ImageStore
    private let sources: SourceStore
    private let buildah: Buildah

    package init(store: ImageStore, sources: SourceStore, options: DockerfileOptions) {
        self.store = store
        self.sources = sources
        buildah = Buildah(options: options)
    }

    /// Removes what builds left that were ended by force; for the start of a daemon, before its first build.
    package func sweep() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try FileTree.remove(buildah.options.run)
        try buildah.prepare()
        try await buildah.command(["rm", "--all"], temporary: "\(store.root)/tmp").checked()
    }

    /// Removes cached steps that no app's newest image is made of; base images stay until nothing is made of them.
    package func collect() async throws {
        guard FileTree.exists(buildah.options.storage), Command.find("buildah") != nil else { return }
        try buildah.prepare()
        try await buildah.command(["rmi", "--prune"], temporary: "\(store.root)/tmp").checked()
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
        let id = try await trace.stage("dockerfile") {
            (try await runBuild(project, dockerfile, request, in: scratch, trace), cached: false)
        }
        return try await trace.stage("image") { (try await take(id, in: scratch), cached: false) }
    }

    // MARK: - Private

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
        try Self.soften("\(context)/\(dockerfile)")
        let options = Self.options(request, project, context)
        let command = try buildah.command(
            ["bud", "--layers", "--format", "oci", "--retry", "1"] + Buildah.sandbox + options
                + ["--tag", "localhost/roost/\(request.app)", "--iidfile", "\(scratch)/id"]
                + ["--file", "\(context)/\(dockerfile)", context],
            temporary: scratch
        )
        let last = LastLines()
        let code = try await command.stream { line in
            last.add(line)
            try await trace.say("dockerfile", line)
        }
        // A program that was ended has an exit code too.
        try Task.checkCancellation()
        guard code == 0 else { throw Self.fault(dockerfile, code, last) }
        let text = String(decoding: try FileTree.read("\(scratch)/id", limit: 1024) ?? [], as: UTF8.self)
        guard let id = Hex.digits(of: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Fault(.toolFailed, "buildah named the image \(ConfigNode.quoted(text))")
        }
        return id
    }

    /// Takes `--start-interval` out of health checks, which buildah before 1.34 refuses as an unknown flag.
    ///
    /// Nothing is lost: an image in OCI format carries no health check, the checks of `fly.toml` count.
    private static func soften(_ path: String) throws {
        guard let bytes = try FileTree.read(path, limit: 1 << 20) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("--start-interval") else { return }
        let softer = text.replacing(/--start-interval(=|\s+)[^\s\\]+/, with: "")
        // A new file in the old one's place: the old one may be linked to the store of sources.
        try Data(softer.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
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
