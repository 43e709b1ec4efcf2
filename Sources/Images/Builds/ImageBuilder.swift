import Foundation
import Model
import Toolkit

/// Makes an image of a project, by the way that fits it.
///
/// Builds of different apps go on at once; those of one app one after the other. Cancelling a build ends its programs
/// and removes what they made, but for the caches.
package struct ImageBuilder: Sendable {
    private let store: ImageStore
    private let sources: SourceStore
    private let python: PythonBuilder
    private let dockerfile: DockerfileBuilder
    private let puller: ImagePuller
    private let locks = KeyedLock()

    /// The environment is what programs that reach the outside need, such as `HTTPS_PROXY`.
    package init(
        store: ImageStore,
        sources: SourceStore,
        python: PythonBuilder,
        dockerfile: DockerfileBuilder,
        environment: [String: String],
        isolation: BuildIsolation = BuildIsolation()
    ) {
        self.store = store
        self.sources = sources
        self.python = python
        self.dockerfile = dockerfile
        puller = ImagePuller(store: store, environment: environment, isolation: isolation)
    }

    /// Builds it.
    ///
    /// - Parameters:
    ///   - request: what to build; all of its files have been uploaded.
    ///   - report: is given each line as it comes; when it throws, the build ends.
    /// - Returns: the image, which is in the store.
    /// - Throws: ``Fault`` `buildFailed` for what is wrong with the project, `diskFull`, `toolMissing`.
    package func build(
        _ request: BuildRequest,
        report: @escaping @Sendable (BuildProgress) async throws -> Void
    ) async throws -> BuildResult {
        try request.secrets.check()
        let secrets = request.secrets
        let trace = BuildTrace { progress in
            try await report(BuildProgress(stage: progress.stage, line: secrets.redacted(progress.line)))
        }
        let onWait = { try await trace.say("queue", "waits for another build of \(request.app) to end") }
        return try await locks.withLock(request.app, onWait: onWait) {
            let image = try await limited(request, trace)
            try BuiltImages(store: store, app: request.app).add(image.digest)
            let ports = try store.exposedPorts(of: image.digest)
            return BuildResult(image: image, exposedPorts: ports, stages: trace.stages)
        }
    }

    /// Removes the caches of an app that is gone.
    package func forget(app: String) async throws {
        try await locks.withLock(app) {
            let images = try BuiltImages(store: store, app: app).all()
            try AppCache(store: store, app: app).remove()
            for digest in images { try store.release(image: digest) }
        }
    }

    /// Empties what the builds of all apps keep for their next ones, but of those that go on.
    package func emptyCaches() async throws {
        for app in try AppCache.all(in: store) where !locks.isHeld(app) {
            try await locks.withLock(app) {
                try await Blocking.finish { try AppCache(store: store, app: app).trim(to: 0) }
            }
        }
    }

    // MARK: - Private

    /// Makes the image, for as long as a build may take; what it left in its caches beyond their limit goes.
    private func limited(_ request: BuildRequest, _ trace: BuildTrace) async throws -> Image {
        let limit = store.limits
        let cache = AppCache(store: store, app: request.app)
        if request.ignoresCache { try await Blocking.finish { try cache.remove() } }
        let result: Result<Image, any Error>
        do {
            let image = try await withTimeout(limit.time, "the build") {
                try await store.withLease { try await make(request, trace) }
            }
            result = .success(image)
        } catch let fault as Fault {
            var fault = fault
            fault.message = request.secrets.redacted(fault.message)
            if fault.code == .timedOut, fault.hint == nil {
                fault.hint = "the host's owner may allow more: [build] time_limit in roost.toml"
            }
            result = .failure(fault)
        } catch {
            result = .failure(error)
        }
        try await Blocking.finish { try cache.trim(to: limit.appCache) }
        return try result.get()
    }

    /// How a project becomes an image.
    private enum Way {
        case image(String)
        case service(ServiceReference)
        case dockerfile(String)
        case python(PythonBuild)
    }

    private func make(_ request: BuildRequest, _ trace: BuildTrace) async throws -> Image {
        let project = try ManifestFiles(request.manifest, in: sources)
        switch try way(request, project) {
        case .image(let name):
            // A digest names an image of this host, such as that of an earlier release.
            if Hex.digits(of: name) != nil { return try store.image(name) }
            return try await trace.stage("image") {
                (try await puller.pull(name, "image", trace), cached: false)
            }
        case .service(let reference): return try await python.services.make(reference, trace)
        case .dockerfile(let path):
            try await checkUploads(request.manifest)
            return try await build(project, by: path, request, trace)
        case .python(let build):
            try await checkUploads(request.manifest)
            return try await python.build(project, build, request, trace)
        }
    }

    /// By the Dockerfile; where that can't be built and never could be for this app, as the client read the project.
    ///
    /// Files of some years ago name what is no longer there. Whoever has it built for the first time wants the app; once it
    /// has worked, a Dockerfile that doesn't is a fault to be told.
    private func build(
        _ project: ManifestFiles,
        by path: String,
        _ request: BuildRequest,
        _ trace: BuildTrace
    ) async throws -> Image {
        let past = DockerfilePast(cache: AppCache(store: store, app: request.app))
        let text = try project.text(path) ?? ""
        guard let instead = request.instead, !past.hasWorked else {
            let image = try await dockerfile.build(project, dockerfile: path, request, trace)
            try past.worked()
            return image
        }
        do {
            if let cause = past.failure(of: text) {
                throw Fault(.buildFailed, cause)
            }
            let image = try await dockerfile.build(project, dockerfile: path, request, trace)
            if let absent = try ImagePrograms(image, in: store).absent(request.programs) {
                throw Fault(.buildFailed, "\(path) makes an image without '\(absent)', which fly.toml starts")
            }
            try past.worked()
            return image
        } catch let fault as Fault where fault.code == .buildFailed {
            let cause = DockerfilePast.cause(fault.message, path)
            try past.failed(text, because: cause)
            try await trace.say(BuildProgress.notice, "\(cause): building without it, as roost deploy --native does")
            do {
                return try await python.build(project, instead, request, trace)
            } catch let second as Fault where second.code == .buildFailed {
                throw Fault(.buildFailed, fault.message, hint: "nor without it: \(second.message)")
            }
        }
    }

    private func way(_ request: BuildRequest, _ project: ManifestFiles) throws(Fault) -> Way {
        let build = request.build
        if let image = build.image {
            if let service = try ServiceReference(image) { return .service(service) }
            return .image(image)
        }
        if let python = request.python { return .python(python) }
        if build.builder == "python" { throw Self.noPlan }
        if let builder = build.builder ?? build.buildpacks.first {
            throw Fault(
                .unsupported,
                "the builder \(builder) is not handled",
                hint: "write a Dockerfile, or set builder = \"python\" for a Python project"
            )
        }
        if let path = build.dockerfile {
            let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
            guard project.file(plain) != nil else {
                throw Fault(.buildFailed, "fly.toml names the Dockerfile \(path), which the project does not hold")
            }
            return .dockerfile(plain)
        }
        for name in ["Dockerfile", "dockerfile"] where project.file(name) != nil { return .dockerfile(name) }
        throw Self.noPlan
    }

    /// The client reads projects, and says how one is built.
    private static let noPlan = Fault(
        .buildFailed,
        "the project has no Dockerfile, and nothing says how to build it without one",
        hint:
            "deploy with a client of this version, write a Dockerfile, or name an image: [build] image = \"…\" in fly.toml"
    )

    private func checkUploads(_ manifest: SourceManifest) async throws {
        let missing = try await sources.missing(of: manifest)
        guard let first = missing.first else { return }
        let path = manifest.files.first { $0.sha256 == first }?.path ?? first
        let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        throw Fault(.invalidRequest, "\(path)\(others) was not uploaded", hint: "deploy again")
    }
}
