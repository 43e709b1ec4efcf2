/// How long each layer waits when a process is to end, so that the outer one never cuts the inner one short.
package struct ShutdownLadder: Equatable, Sendable {
    /// Before the signal: no new traffic is sent.
    package var drainSeconds = 5
    /// The server lets requests end.
    package var serverSeconds = 20
    /// gunicorn waits for its workers.
    package var masterSeconds: Int { serverSeconds + 5 }
    /// From the signal to the kill.
    package var killSeconds: Int { serverSeconds + 10 }
    /// An idle connection stays open for longer than the proxy before it keeps it.
    package var keepAliveSeconds = 75

    /// - Parameters:
    ///   - longRequests: streams, uploads or websockets, which may take minutes.
    ///   - limitSeconds: the platform kills after this long whatever was asked for; Cloud Run after 10.
    package init(longRequests: Bool = false, limitSeconds: Int? = nil) {
        if longRequests { serverSeconds = 110 }
        if let limitSeconds {
            drainSeconds = 0
            serverSeconds = max(1, min(serverSeconds, limitSeconds - (limitSeconds > 10 ? 10 : 2)))
        }
    }

    /// The ladder for a project.
    package init(_ facts: Facts, limitSeconds: Int? = nil) {
        let traits = facts.traits
        self.init(longRequests: traits.streaming || traits.uploads || traits.websockets, limitSeconds: limitSeconds)
    }
}
