import Synchronization

/// The keys of a record that its reader did not know, so that who writes it back can keep them.
///
/// Given to a decoder by its `userInfo`; each ``KeyedForm`` that is read leaves here what it did not ask for.
package final class Leftovers: Sendable {
    struct Rest: Sendable {
        /// The objects and lists above it: names, and numbers of places.
        var path: [String]
        var key: String
        var value: ConfigValue
    }

    /// Under which a decoder has it; nil never happens.
    package static let key = CodingUserInfoKey(rawValue: "roost.leftovers")

    private let all = Mutex<[Rest]>([])

    package init() {}

    /// Every key was known.
    package var isEmpty: Bool { all.withLock(\.isEmpty) }

    /// Puts them back into what is written now.
    ///
    /// A part that is gone takes its unknown keys along, and so does a place in a list that holds something else now.
    ///
    /// - Parameters:
    ///   - before: what was read, as it would have been written at once.
    ///   - after: what is to be written.
    /// - Returns: what is to be written instead.
    package func merged(before: ConfigValue, into after: ConfigValue) -> ConfigValue {
        all.withLock { $0 }.reduce(after) { Self.put($1, $1.path[...], before, $0) }
    }

    func add(_ rest: Rest) { all.withLock { $0.append(rest) } }

    // MARK: - Private

    private static func put(
        _ rest: Rest,
        _ path: ArraySlice<String>,
        _ before: ConfigValue?,
        _ after: ConfigValue
    ) -> ConfigValue {
        guard let step = path.first else {
            guard case .table(var table) = after, table[rest.key] == nil else { return after }
            table[rest.key] = rest.value
            return .table(table)
        }
        switch after {
        case .table(var table):
            guard let next = table[step] else { return after }
            var old: ConfigValue?
            if case .table(let before)? = before { old = before[step] }
            table[step] = put(rest, path.dropFirst(), old, next)
            return .table(table)
        case .array(var list):
            guard let place = Int(step.drop { !$0.isNumber }), list.indices.contains(place),
                case .array(let old)? = before, old.indices.contains(place), known(old[place], in: list[place])
            else { return after }
            list[place] = put(rest, path.dropFirst(), old[place], list[place])
            return .array(list)
        default: return after
        }
    }

    /// Whether all that `old` says still holds; more may have come to it meanwhile.
    private static func known(_ old: ConfigValue, in now: ConfigValue) -> Bool {
        switch (old, now) {
        case (.table(let old), .table(let now)):
            old.allSatisfy { key, value in now[key].map { known(value, in: $0) } ?? false }
        case (.array(let old), .array(let now)):
            old.count == now.count && zip(old, now).allSatisfy { known($0, in: $1) }
        default: old == now
        }
    }
}

extension Decoder {
    var leftovers: Leftovers? { Leftovers.key.flatMap { userInfo[$0] as? Leftovers } }
}
