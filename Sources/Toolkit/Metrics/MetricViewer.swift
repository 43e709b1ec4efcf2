/// Who looks at numbers, and which of them are his to see.
package struct MetricViewer: Sendable {
    /// Whether those of an app are.
    package var sees: @Sendable (_ app: String) -> Bool
    /// Whether those of the host are.
    package var seesHost: Bool

    package init(seesHost: Bool, sees: @escaping @Sendable (String) -> Bool) {
        self.sees = sees
        self.seesHost = seesHost
    }

    /// For whom nothing is closed.
    package static let all = MetricViewer(seesHost: true) { _ in true }
}
