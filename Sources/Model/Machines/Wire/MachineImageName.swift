/// How images are named on the wire.
package struct MachineImageName: Equatable, Sendable {
    package var registry: String
    package var repository: String
    /// Nil when a digest names it.
    package var tag: String?
    /// `sha256:…`.
    package var digest: String?

    /// The registry of images that this host made, and that no other has.
    package static let local = "roost"

    /// Takes a name as Docker knows it; short names are Docker Hub's.
    ///
    /// > Source: distribution/reference, `ParseNormalizedNamed`.
    package init?(_ text: String) {
        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        let slash = rest.lastIndex(of: "/")
        if let colon = rest.lastIndex(of: ":"), slash.map({ colon > $0 }) ?? true {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.allSatisfy({ !$0.isEmpty }), tag != "", digest != "",
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        if parts.count > 1,
            first.contains(".") || first.contains(":") || first == "localhost" || first == Self.local[...]
        {
            registry = first == "docker.io" || first == "index.docker.io" ? Self.hub : String(first)
            repository = parts.dropFirst().joined(separator: "/")
        } else {
            registry = Self.hub
            repository = parts.joined(separator: "/")
        }
        if registry == Self.hub, !repository.contains("/") { repository = "library/\(repository)" }
        if tag == nil, digest == nil { tag = "latest" }
    }

    /// In full: `registry-1.docker.io/library/ubuntu:latest`.
    package var text: String {
        "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// What a registry's client takes: Docker Hub answers to another name there.
    package var pullable: String {
        guard registry == Self.hub else { return text }
        var copy = self
        copy.registry = "docker.io"
        return copy.text
    }

    /// The image as the API names it: as its writer did, in full, else as this host does.
    static func shown(_ config: MachineConfig) -> String {
        guard let given = config.document?.value["image"]?.string, let name = Self(given) else { return config.image }
        return name.text
    }

    /// The `image_ref` of a Machine.
    static func reference(_ config: MachineConfig) -> JSONValue {
        let digest = config.imageDigest
        guard let name = Self(shown(config)) else { return .object(["digest": .string(digest)]) }
        let release = config.metadata[MachineConfig.releaseKey].map { "v\($0)" }
        return .object([
            "registry": .string(name.registry), "repository": .string(name.repository),
            "tag": .string(name.tag ?? release ?? ""), "digest": .string(digest), "labels": .object([:]),
        ])
    }

    private static let hub = "registry-1.docker.io"
}
