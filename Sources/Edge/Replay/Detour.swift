package import Model

/// What a request that was sent elsewhere says of that, and what its app wanted changed.
package struct Detour: Sendable {
    /// Whole header lines that are added.
    package var lines: [UInt8] = []
    /// In place of path and query.
    package var path: String?
    /// Names in lower case, as bytes.
    private var deleted: Set<[UInt8]> = []

    package init() {}

    /// Adds a header line.
    package mutating func add(_ name: String, _ value: String) {
        lines += Array("\(name): \(value)\r\n".utf8)
    }

    /// Takes what an app wants changed; what frames, routes or vouches stays the edge's.
    package mutating func take(_ transform: ReplayOrder.Transform) {
        path = transform.path ?? path
        for name in transform.deleted { deleted.insert(Array(name.utf8)) }
        for header in transform.set where Self.isOpen(header.name) {
            deleted.insert(header.name.utf8.map(Characters.lowered))
            add(header.name, header.value)
        }
    }

    /// Whether a field of the request is left out.
    package func drops(_ name: ArraySlice<UInt8>) -> Bool {
        !deleted.isEmpty && deleted.contains(name.map(Characters.lowered))
    }

    /// A name that apps may set and take away.
    static func isOpen(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        switch FieldKind(bytes, 0..<bytes.count) {
        case .other, .contentType, .contentEncoding, .trace: return true
        default: return false
        }
    }
}
