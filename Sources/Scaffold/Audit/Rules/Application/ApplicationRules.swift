/// Rules on the application's own code.
package enum ApplicationRules {
    /// In the order of their ids.
    package static let all: [Rule] = [
        debug, docs, crossOrigin, originLists, tuple, noHealth, liveAsks, readyAsks, swallowed, blocking, lifespan,
        hosts,
        headers, baseMiddleware, outermost, exposure, metricNames, logging, prints, limits, tokens, literals, defaults,
        truthyText, wholeUploads, ephemeral, sockets, looseBodies, tracking, timeouts,
        unparsed,
    ]
}

extension Rules {
    package static let application = ApplicationRules.all
}
