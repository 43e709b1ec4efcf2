import Model
import Toolkit

/// Brings images from registries into the store, by skopeo.
///
/// A `fly.toml` that comes with a stranger's project names the registry: so the host's loopback and private neighbours are
/// out of reach, unless the host's owner has named them.
struct ImagePuller: Sendable {
    let store: ImageStore
    /// Proxies and the like.
    let environment: [String: String]
    let isolation: BuildIsolation

    /// Pulls an image by the name that Docker knows it by, `python:3.13-slim` or `ghcr.io/org/app@sha256:…`.
    func pull(_ name: String, _ stage: String, _ trace: BuildTrace) async throws -> Image {
        guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: \.isWhitespace) else {
            throw Fault(.invalidConfig, "\(ConfigNode.quoted(name)) is not the name of an image")
        }
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        // A variable that buildah heeds, but skopeo only as an option.
        let registries = environment["CONTAINERS_REGISTRIES_CONF"].map { ["--registries-conf", $0] } ?? []
        let words =
            ["skopeo"] + registries
            + ["copy", "--retry-times", "2", "docker://\(name)", "oci:\(scratch)/layout:image"]
        let files = ["CONTAINERS_REGISTRIES_CONF", "SSL_CERT_FILE"].compactMap { environment[$0] }
        let last = LastLines()
        let watch = DiskWatch(folders: { [scratch] }, limit: store.limits.layer * 4, what: "the image \(name)")
        let code = try await watch.watching { [isolation, environment] in
            try await isolation.withNetwork(for: name) { network in
                var root = BuilderRoot(place: "\(scratch)-root", isolation: isolation, network: network)
                root.readOnly = files.filter { FileTree.exists($0) }
                root.writable = [scratch]
                root.environment = environment.merging(["TMPDIR": scratch]) { $1 }
                defer { FileTree.discard(root.place) }
                return try await root.stream(words) { line in
                    last.add(line)
                    try await trace.say(stage, line)
                }
            }
        }
        try Task.checkCancellation()
        guard code == 0 else { throw fault(name, code, last) }
        return try await store.importLayout("\(scratch)/layout")
    }

    // MARK: - Private

    private func fault(_ name: String, _ code: Int32, _ last: LastLines) -> Fault {
        var fault = BuildStepRunner.fault("the image \(name) could not be pulled", code, last)
        if !LocalBases.isAnswer(fault.message), let host = BuildIsolation.registry(of: name) {
            fault.hint =
                "is the registry up? One on this host or in its private networks is out of reach unless the host's "
                + "owner names it: [build] registries = [\"\(host)\"] in roost.toml"
        }
        return fault
    }
}
