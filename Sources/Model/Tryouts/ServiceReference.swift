/// The name under which a configuration asks for the image of a service: `roost:service/postgres+postgis`.
///
/// No registry has such a name: a tag takes no slash.
package struct ServiceReference: Equatable, Sendable {
    package var kind: TryoutKind
    /// In order.
    package var extras: [String]

    package init(_ kind: TryoutKind, extras: [String] = []) {
        self.kind = kind
        self.extras = extras.sorted()
    }

    /// Nil for the name of any other image.
    ///
    /// - Throws: ``Fault`` `unsupported` for a service that there is not.
    package init?(_ text: String) throws(Fault) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let words = text.dropFirst(Self.prefix.count).split(separator: "+", omittingEmptySubsequences: false)
        kind = try TryoutKind(String(words.first ?? ""))
        extras = words.dropFirst().map(String.init).sorted()
    }

    package var text: String { Self.prefix + ([kind.rawValue] + extras).joined(separator: "+") }

    private static let prefix = "roost:service/"
}
