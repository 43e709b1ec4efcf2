import Model
package import Toolkit

/// Puts together what all parts of a host tell of themselves.
package struct MetricsDesk: Sendable {
    /// Gives what `viewer` may see.
    package typealias Source = @Sendable (_ viewer: MetricViewer) async -> Exposition

    /// In the order in which they stand on the page.
    private let sources: [Source]
    /// The host, as labels name it.
    let host: String

    package init(host: String, sources: [Source]) {
        self.host = host
        self.sources = sources
    }

    /// The page of one who may see that.
    package func page(for viewer: MetricViewer) async -> Exposition {
        var page = Exposition()
        for source in sources { page.add(await source(viewer)) }
        return page
    }
}

extension MetricViewer {
    /// Whoever sent the request that is being answered: root and the organisation see all, an app's tokens that app.
    static var caller: MetricViewer {
        guard let caller = Caller.current else { return MetricViewer(seesHost: false) { _ in false } }
        let seesHost = caller.scope.map { $0 == .organization } ?? true
        return MetricViewer(seesHost: seesHost) { caller.scope?.sees(app: $0) ?? true }
    }
}
