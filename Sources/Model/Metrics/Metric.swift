/// A family of numbers that Roost serves to Prometheus.
///
/// Declared once, written by whoever has the numbers, listed in docs/metrics.md.
package struct Metric: Hashable, Sendable {
    package var name: String
    package var kind: Kind
    package var help: String
    /// In their order; none of them holds what a client can make up.
    package var labels: [String]

    package init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// What kind of number a family holds.
    package enum Kind: String, CaseIterable, Sendable {
        case counter
        case gauge
        case histogram
        case summary
        case untyped
    }

    /// All that is served, beside what apps say of themselves.
    package static let all = edge + instance + volume + platform + host

    /// Names that begin so are the platform's: an app that has such a one is not believed.
    package static let ownPrefixes = ["fly_", "roost_"]

    /// Labels that say where a number is from; an app's own of that name give way.
    package static let placeLabels = ["app", "region", "host", "instance"]
}
