package import Model

/// Paths of an app that nobody outside may ask for, however they are written: where its Machines tell their numbers.
package struct ClosedPaths: Sendable {
    /// Each as its parts, none of which is empty.
    private let paths: [[[UInt8]]]

    /// Nil when all paths are open.
    ///
    /// The root itself can't be closed: nothing would be left of the app.
    package init?(_ route: Route) {
        let all = (route.closedPaths ?? []).map { Self.parts(of: Array($0.utf8)) }.filter { !$0.isEmpty }
        guard !all.isEmpty else { return nil }
        paths = all
    }

    /// Whether a request's target is such a path or lies below it, in any reading that a server may have: decoded, with
    /// slashes merged, with dots followed or taken as they are.
    package func covers(_ target: some Collection<UInt8>) -> Bool {
        // Decoded before it is taken apart: an escaped slash is one to most servers.
        let path = PercentCode.leniently(target.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        let asked = Self.parts(of: path)
        let followed = Self.followed(asked)
        return paths.contains { asked.starts(with: $0) || followed.starts(with: $0) }
    }

    // MARK: - Private

    private static func parts(of path: [UInt8]) -> [[UInt8]] {
        path.split(separator: UInt8(ascii: "/")).lazy.map(Array.init).filter { $0 != [dot] }
    }

    private static func followed(_ parts: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        for part in parts {
            if part == [dot, dot] { _ = result.popLast() } else { result.append(part) }
        }
        return result
    }

    private static let dot = UInt8(ascii: ".")
}
