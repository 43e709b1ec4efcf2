import Model
import Toolkit

/// Brings images from registries into the store, by skopeo.
struct ImagePuller: Sendable {
    let store: ImageStore
    /// Proxies and the like.
    let environment: [String: String]

    /// Pulls an image by the name that Docker knows it by, `python:3.13-slim` or `ghcr.io/org/app@sha256:…`.
    func pull(_ name: String, _ stage: String, _ trace: BuildTrace) async throws -> Image {
        guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: \.isWhitespace) else {
            throw Fault(.invalidConfig, "\(ConfigNode.quoted(name)) is not the name of an image")
        }
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        // A variable that buildah heeds, but skopeo only as an option.
        let registries = environment["CONTAINERS_REGISTRIES_CONF"].map { ["--registries-conf", $0] } ?? []
        let arguments = registries + ["copy", "--retry-times", "2", "docker://\(name)", "oci:\(scratch)/layout:image"]
        let last = LastLines()
        let code = try await Command("skopeo", arguments, environment: environment).stream { line in
            last.add(line)
            try await trace.say(stage, line)
        }
        try Task.checkCancellation()
        guard code == 0 else { throw StepRunner.fault("the image \(name) could not be pulled", code, last) }
        return try await store.importLayout("\(scratch)/layout")
    }
}
