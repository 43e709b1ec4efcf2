/// A change of a Machine's metadata, which takes effect at once and makes no new version.
package struct MetadataChange: Codable, Equatable, Sendable {
    /// Values to be set; nil removes a key.
    package var values: [String: String?]
    /// Takes all keys away that are not named.
    package var replacesAll: Bool
    /// Only when the Machine still has that instance.
    package var instance: String?
    /// Only when the record was last written at that time, in RFC 3339.
    package var updatedAt: String?

    package init(
        _ values: [String: String?],
        replacesAll: Bool = false,
        instance: String? = nil,
        updatedAt: String? = nil
    ) {
        self.values = values
        self.replacesAll = replacesAll
        self.instance = instance
        self.updatedAt = updatedAt
    }

    /// Keys that start so are the platform's.
    package static let reservedPrefix = "roost_"
    /// A Machine may have so many.
    package static let maximumKeys = 100
    /// In bytes.
    package static let maximumValue = 4096

    /// The metadata after the change.
    ///
    /// - Throws: ``Fault`` `preconditionFailed`, or `invalidRequest` for what is too much.
    package func apply(to machine: Machine) throws(Fault) -> [String: String] {
        if let instance, instance != machine.spec.instance {
            throw Fault(
                .preconditionFailed,
                "Machine \(machine.id) is at version \(machine.spec.instance), not \(instance)"
            )
        }
        if let updatedAt, updatedAt != machine.status.updatedAt.rfc3339 {
            throw Fault(
                .preconditionFailed,
                "Machine \(machine.id) was updated at \(machine.status.updatedAt.rfc3339), not \(updatedAt)"
            )
        }
        let now = machine.spec.config.metadata
        var next = replacesAll ? now.filter { $0.key.hasPrefix(Self.reservedPrefix) } : now
        for (key, value) in values where !key.hasPrefix(Self.reservedPrefix) { next[key] = value }
        try Self.check(next)
        return next
    }

    /// The metadata of a new configuration: the platform's own keys stay as they are.
    package static func merge(_ wanted: [String: String], over now: [String: String]) throws(Fault) -> [String: String]
    {
        let next = wanted.filter { !$0.key.hasPrefix(reservedPrefix) }
            .merging(now.filter { $0.key.hasPrefix(reservedPrefix) }) { $1 }
        try check(next)
        return next
    }

    private static func check(_ metadata: [String: String]) throws(Fault) {
        guard metadata.count <= maximumKeys else {
            throw Fault(.invalidRequest, "metadata: expected at most \(maximumKeys) keys, found \(metadata.count)")
        }
        for (key, value) in metadata {
            guard !key.isEmpty, key.utf8.count <= 256 else {
                throw Fault(.invalidRequest, "metadata: a key has 1 to 256 bytes, found \(key.utf8.count)")
            }
            guard value.utf8.count <= maximumValue else {
                throw Fault(
                    .invalidRequest,
                    "metadata.\(key): expected at most \(maximumValue) bytes, found \(value.utf8.count)"
                )
            }
        }
    }
}
