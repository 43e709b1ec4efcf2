import Toolkit

extension Records {
    /// All objects that can be read, as one look has found them.
    package struct Look: Sendable {
        /// In the order of their names.
        package fileprivate(set) var values: [Value] = []
        /// By key; nil for one that can't be read.
        fileprivate var seen: [String: (revision: Int64, value: Value?)] = [:]

        /// Nothing has been looked at yet.
        package init() {}
    }

    /// Looks again, and takes apart only what was written since the look before.
    ///
    /// For whoever looks often at many: most of them are as they were.
    package func look(after before: Look) async throws -> Look {
        var look = Look()
        for entry in try await entries() {
            var found = (revision: entry.revision, value: Value?.none)
            if let known = before.seen[entry.key], known.revision == entry.revision {
                found = known
            } else {
                found.value = try? JSON.decode(Value.self, from: entry.value, what: entry.key)
            }
            look.seen[entry.key] = found
            if let value = found.value { look.values.append(value) }
        }
        return look
    }
}
