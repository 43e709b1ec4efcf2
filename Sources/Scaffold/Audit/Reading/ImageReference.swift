/// The name of an image taken apart: `ghcr.io/acme/shop:1.2@sha256:…`.
///
/// > Source: github.com/distribution/reference, `reference.go`.
struct ImageReference: Equatable, Sendable {
    /// `ghcr.io`; nil for Docker Hub.
    var registry: String?
    /// Without the registry and without `library/`: `python`, `acme/shop`.
    var repository: String
    var tag: String?
    var digest: String?

    /// Nil for an empty name and for one that still has variables in it.
    init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        guard !rest.isEmpty, !rest.contains("$"), !rest.contains("{"), !rest.contains("<"), !rest.contains(" ") else {
            return nil
        }
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        let slash = rest.lastIndex(of: "/")
        if let colon = rest.lastIndex(of: ":"), slash.map({ colon > $0 }) ?? true {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        let parts = rest.split(separator: "/")
        guard let first = parts.first else { return nil }
        if parts.count > 1, first.contains(".") || first.contains(":") || first == "localhost" {
            registry = String(first)
            rest = rest.dropFirst(first.count + 1)
        }
        if registry == "docker.io" || registry == "index.docker.io" { registry = nil }
        // The public mirror of the official images has the same content.
        if registry == "public.ecr.aws", rest.hasPrefix("docker/") {
            registry = nil
            rest = rest.dropFirst("docker/".count)
        }
        repository = String(rest.hasPrefix("library/") ? rest.dropFirst("library/".count) : rest).lowercased()
    }

    /// An official image of Docker Hub: `python`, `postgres`.
    var isOfficial: Bool { registry == nil && !repository.contains("/") }

    /// The tag moves with every release: `latest`, or none at all.
    var isFloating: Bool { digest == nil && (tag == nil || tag == "latest") }

    /// The numbers that the tag begins with: `[3, 12, 4]` of `v3.12.4-slim`.
    var version: [Int] {
        guard let tag else { return [] }
        let plain = tag.hasPrefix("v") ? tag.dropFirst() : tag[...]
        return plain.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
    }

    /// The words of the tag: `3.12`, `slim`, `bookworm`.
    var words: [Substring] { (tag ?? "").split { $0 == "-" || $0 == "_" } }
}
