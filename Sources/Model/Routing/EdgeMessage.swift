/// What the edge says to `serve` over `edge.sock`: one JSON object a line.
package enum EdgeReport: Codable, Equatable, Sendable {
    /// First line of a connection.
    case hello(pid: Int32)
    /// This revision is in force, and these Machines still have requests in flight. Sent after each route table, and
    /// whenever a draining Machine has no request left but streams.
    case applied(revision: Int64, inFlight: [Machine.ID: Int], news: EdgeNews? = nil)
    /// A request waits for this sleeping Machine.
    case wake(app: String, machine: Machine.ID)
    /// Load of all Machines with any, sent each second while it changes; for autostop and status.
    case load(inFlight: [Machine.ID: Int], news: EdgeNews? = nil)
}

/// What an edge tells beside the load; each part is absent when there is nothing to say.
package struct EdgeNews: Codable, Equatable, Sendable {
    /// Of the requests in flight, those whose end nobody waits for: WebSockets, event streams, answers without a length
    /// that have been under way for a while.
    package var streams: [Machine.ID: Int]?
    /// Of the requests in flight, those that have taken long already and are no streams.
    package var long: [Machine.ID: Int]?
    /// What requests of an app have met since the edge began.
    package var tallies: [String: EdgeTally]?
    /// Requests that the edge answered with an error by itself.
    package var troubles: [EdgeTrouble]?

    package init(
        streams: [Machine.ID: Int]? = nil,
        long: [Machine.ID: Int]? = nil,
        tallies: [String: EdgeTally]? = nil,
        troubles: [EdgeTrouble]? = nil
    ) {
        self.streams = streams
        self.long = long
        self.tallies = tallies
        self.troubles = troubles
    }
}

/// Counts of an app's requests since an edge began.
package struct EdgeTally: Codable, Equatable, Sendable {
    /// Requests that had to wait for a Machine.
    package var held: Int
    /// Milliseconds that they waited, all together.
    package var heldMilliseconds: Int
    /// Requests that the edge answered with an error by itself, or whose answer it had to cut off.
    package var failed: Int

    package init(held: Int = 0, heldMilliseconds: Int = 0, failed: Int = 0) {
        self.held = held
        self.heldMilliseconds = heldMilliseconds
        self.failed = failed
    }

    package static func + (left: Self, right: Self) -> Self {
        Self(
            held: left.held + right.held,
            heldMilliseconds: left.heldMilliseconds + right.heldMilliseconds,
            failed: left.failed + right.failed
        )
    }

    package static func - (left: Self, right: Self) -> Self {
        Self(
            held: left.held - right.held,
            heldMilliseconds: left.heldMilliseconds - right.heldMilliseconds,
            failed: left.failed - right.failed
        )
    }

    /// The line for a deploy's story; nil when nobody was held up.
    package var summary: String? {
        var parts: [String] = []
        if held > 0 {
            let average = Double(heldMilliseconds) / Double(held) / 1000
            let tenths = (average * 10).rounded() / 10
            parts.append("\(held) \(held == 1 ? "request" : "requests") had to wait, \(tenths) s on average")
        }
        if failed > 0 { parts.append("\(failed) \(failed == 1 ? "request" : "requests") failed") }
        return parts.isEmpty ? nil : "during the roll-out " + parts.joined(separator: "; ")
    }
}

/// A request that the edge answered with an error by itself, told for the log of its app.
package struct EdgeTrouble: Codable, Equatable, Sendable {
    package var app: String
    /// The Machine that it was sent to, if it came that far.
    package var machine: Machine.ID?
    /// Nil when the answer had begun and was cut off.
    package var status: Int?
    /// Method and path, without the query: that may hold secrets.
    package var request: String
    package var reason: String
    /// How many others of the app were not told since the last one.
    package var omitted: Int

    package init(app: String, machine: Machine.ID?, status: Int?, request: String, reason: String, omitted: Int = 0) {
        self.app = app
        self.machine = machine
        self.status = status
        self.request = request
        self.reason = reason
        self.omitted = omitted
    }

    /// The line of the app's log.
    package var text: String {
        let what = status.map { "\($0) \(request)" } ?? "\(request) cut off"
        let more = omitted > 0 ? " (\(omitted) more were not logged)" : ""
        return "edge: \(what): \(reason)\(more)"
    }
}

/// What `serve` says to the edge, one JSON object a line.
package enum EdgeOrder: Codable, Equatable, Sendable {
    /// Replaces everything that the edge knew.
    case routes(RouteTable)
    /// The wake failed; those who wait for it get 503. The reason is for the log, never for the client.
    case wakeFailed(machine: Machine.ID, reason: String)
}
