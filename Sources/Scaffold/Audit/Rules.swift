import Toolkit

/// All rules, by area.
package enum Rules {
    /// In the order of their ids.
    package static let all = (container + deploy + server + application + database + notes).sorted { $0.id < $1.id }

    /// The rule of an id.
    package static func named(_ id: String) -> Rule? { byID[id] }

    // MARK: - Private

    private static let byID = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
}
