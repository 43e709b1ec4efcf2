import Model

/// An image of a registry whose content is known well enough to make it here: Debian, Python on Debian, uv.
///
/// > Source: hub.docker.com/_/python and /_/debian, "Supported tags"; docs.astral.sh/uv/guides/integration/docker.
struct OfficialImage: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case debian
        /// As much of the version as the tag names; empty for the newest.
        case python(String)
        /// Nothing but the programs.
        case uv
    }

    var kind: Kind
    /// `bookworm`; nil when the tag leaves it open.
    var release: String?
    var isSlim = false
    var hasUV = false
    /// The tag's own version of uv.
    var uvVersion: String?
    /// Named by a digest, which what is made here does not have.
    var isPinned = false

    /// - Returns: nil for images that are no such, or whose kind can't be made here, such as Alpine's.
    init?(_ name: String) {
        var rest = name[...]
        if let at = rest.firstIndex(of: "@") {
            isPinned = true
            rest = rest[..<at]
        }
        for prefix in ["docker.io/library/", "docker.io/", "index.docker.io/library/", "library/"] {
            if rest.hasPrefix(prefix) {
                rest = rest.dropFirst(prefix.count)
                break
            }
        }
        let colon = rest.lastIndex(of: ":")
        let image = colon.map { rest[..<$0] } ?? rest
        let parts = (colon.map { rest[rest.index(after: $0)...] } ?? "latest").split(separator: "-").map(String.init)
        switch image {
        case "python": kind = .python("")
        case "debian": kind = .debian
        case "ghcr.io/astral-sh/uv": kind = .uv
        default: return nil
        }
        for part in parts {
            guard take(part) else { return nil }
        }
        // The image of uv alone is one without a system.
        if image == "ghcr.io/astral-sh/uv", kind != .uv || release != nil { hasUV = true }
        if kind == .uv, hasUV { kind = .debian }
    }

    /// What a Dockerfile is told.
    var title: String {
        switch kind {
        case .debian: "Debian"
        case .python(let version): version.isEmpty ? "Python" : "Python \(version)"
        case .uv: "uv"
        }
    }

    // MARK: - Private

    static let releases = ["trixie": "13", "bookworm": "12", "bullseye": "11", "forky": "14"]

    private mutating func take(_ part: String) -> Bool {
        if part == "debian", kind == .uv {
            (kind, hasUV) = (.debian, true)
            return true
        }
        if part == "latest" { return true }
        if part == "slim" {
            isSlim = true
            return true
        }
        if Self.releases[part] != nil {
            release = part
            return true
        }
        switch kind {
        case .debian:
            if part == "stable" { return true }
            let major = part.prefix { $0 != "." }
            if let found = Self.releases.first(where: { $0.value == major }) {
                release = found.key
                return Self.isVersion(part)
            }
            // A date, as in `bookworm-20250520-slim`.
            return part.count == 8 && part.allSatisfy(\.isNumber)
        case .python:
            guard Self.isVersion(part) else { return false }
            kind = .python(part)
            return true
        case .uv:
            if part.hasPrefix("python"), Self.isVersion(String(part.dropFirst(6))) {
                kind = .python(String(part.dropFirst(6)))
                return true
            }
            uvVersion = part
            return Self.isVersion(part)
        }
    }

    private static func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...3).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.count < 5 && $0.allSatisfy { $0.isASCII && $0.isNumber } }
    }
}
