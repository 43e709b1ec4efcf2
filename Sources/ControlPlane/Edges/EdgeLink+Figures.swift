import Model
package import Toolkit

/// Tells an edge's process from the one that it follows: an app's counts begin anew with each.
enum EdgeColor: String, Sendable {
    case blue
    case green

    var other: EdgeColor { self == .blue ? .green : .blue }
}

/// When edges are asked for what they have counted, and how their processes are told apart.
struct FigureAsking {
    /// Whoever may ask for numbers can't make the edges count without pause.
    private static let pause = Duration.milliseconds(500)

    private var askedAt: ContinuousClock.Instant?
    private var colors: [Int32: EdgeColor] = [:]
    private var lastColor = EdgeColor.green

    /// Whether to ask now, which is noted then.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        if let askedAt, now - askedAt < Self.pause { return false }
        askedAt = now
        return true
    }

    /// The one that the process before it had not.
    mutating func color(of pid: Int32) -> EdgeColor {
        if let color = colors[pid] { return color }
        if colors.count > 100 { colors = [:] }
        lastColor = lastColor.other
        colors[pid] = lastColor
        return lastColor
    }
}

/// What edges have counted, for who watches.
extension EdgeLink {
    /// What edges say now, and what this daemon has counted of their wakes.
    ///
    /// An edge that does not answer in time is told as it was when it last did.
    package func metrics(for viewer: MetricViewer, region: String, host: String) async -> Exposition {
        await askForFigures(limit: .seconds(2))
        var page = Exposition()
        let place = [("region", region), ("host", host)]
        var told: Set<EdgeColor> = []
        // The newest of a colour: of more than two at once nobody could be told apart.
        for (_, edge) in edges.sorted(by: { $0.key > $1.key }) {
            guard let figures = edge.figures, told.insert(edge.color).inserted else { continue }
            figures.write(to: &page, from: place + [("proxy_id", edge.color.rawValue)], for: viewer)
        }
        let known = Set(knownApps)
        counts.prune(known.contains)
        counts.write(to: &page, from: place, for: viewer)
        return page
    }

    /// The color of an edge's process: the one that the process before it had not.
    func color(of pid: Int32) -> EdgeColor {
        figures.color(of: pid)
    }

    // MARK: - Private

    private func askForFigures(limit: Duration) async {
        guard figures.isDue(at: .now) else { return }
        let before = edges.filter(\.value.tellsFigures).mapValues(\.figureReports)
        for number in before.keys { edges[number]?.orders.yield(.figures) }
        guard !before.isEmpty else { return }
        try? await withTimeout(limit, "the edges' figures") {
            for await _ in await self.follow() {
                let now = await self.edges
                if before.allSatisfy({ number, reports in (now[number]?.figureReports ?? .max) > reports }) { return }
            }
        }
    }
}
