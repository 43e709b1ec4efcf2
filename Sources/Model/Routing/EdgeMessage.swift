/// What the edge says to `serve` over `edge.sock`: one JSON object a line.
///
/// Two versions of the daemons understand each other: a line of a kind that one end does not know is skipped there, an
/// unknown key is ignored, and what needs both ends to know it is sent only to one that said so in its first line.
package enum EdgeReport: Equatable, Sendable {
    /// First line of a connection; `can` names what the edge understands beside whole tables.
    case hello(pid: Int32, can: [String]? = nil)
    /// This revision is in force, and these Machines still have requests in flight. Sent after each route table, and
    /// whenever a draining Machine has no request left but streams.
    case applied(revision: Int64, inFlight: [Machine.ID: Int], news: EdgeNews? = nil)
    /// A request waits for this sleeping Machine.
    case wake(app: String, machine: Machine.ID)
    /// Load of all Machines with any, sent each second while it changes; for autostop and status.
    case load(inFlight: [Machine.ID: Int], news: EdgeNews? = nil)
    /// These certificates and challenges are in force, and kept for the next start.
    case secured(revision: Int64)
    /// Changes came that do not fit what is in force: the whole table is needed.
    case lost(revision: Int64)
    /// The same of private names.
    case namesLost(revision: Int64)
    /// What it has counted since it began, for who watches.
    case figures(EdgeCounts)

    /// What an edge of this version says that it can: take ``EdgeOrder/changes(_:)``, and several routes of one app.
    package static let capabilities = [changes, names, figures]
    /// The word for it in ``hello(pid:can:)``.
    package static let changes = "changes"
    /// The word for taking ``EdgeOrder/names(_:)``.
    package static let names = "names"
    /// The word for answering ``EdgeOrder/figures``.
    package static let figures = "figures"
}

/// What an edge tells beside the load; each part is absent when there is nothing to say.
package struct EdgeNews: Equatable, Sendable {
    /// Of the requests in flight, those whose end nobody waits for: WebSockets, event streams, answers without a length
    /// that have been under way for a while.
    package var streams: [Machine.ID: Int]?
    /// Of the requests in flight, those that have taken long already and are no streams.
    package var long: [Machine.ID: Int]?
    /// Machines that were sent requests since the last report, and how many.
    package var begun: [Machine.ID: Int]?
    /// What requests of an app have met since the edge began.
    package var tallies: [String: EdgeTally]?
    /// Requests that the edge answered with an error by itself.
    package var troubles: [EdgeTrouble]?
    /// What each Machine of an app with a canary has answered since the edge began.
    package var answers: [Machine.ID: AnswerTally]?

    package init(
        streams: [Machine.ID: Int]? = nil,
        long: [Machine.ID: Int]? = nil,
        begun: [Machine.ID: Int]? = nil,
        tallies: [String: EdgeTally]? = nil,
        troubles: [EdgeTrouble]? = nil
    ) {
        self.streams = streams
        self.long = long
        self.begun = begun
        self.tallies = tallies
        self.troubles = troubles
    }
}

/// Counts of an app's requests since an edge began.
package struct EdgeTally: Equatable, Sendable {
    /// Requests that had to wait for a Machine.
    package var held: Int
    /// Milliseconds that they waited, all together.
    package var heldMilliseconds: Int
    /// Requests that the edge answered with an error by itself, or whose answer it had to cut off.
    package var failed: Int

    /// What apps answered; nil from an edge that does not count it.
    package var answers: AnswerTally?

    package init(held: Int = 0, heldMilliseconds: Int = 0, failed: Int = 0, answers: AnswerTally? = nil) {
        self.held = held
        self.heldMilliseconds = heldMilliseconds
        self.failed = failed
        self.answers = answers
    }

    /// What both have counted.
    package static func + (left: Self, right: Self) -> Self {
        Self(
            held: left.held + right.held,
            heldMilliseconds: left.heldMilliseconds + right.heldMilliseconds,
            failed: left.failed + right.failed,
            answers: left.answers.map { $0 + (right.answers ?? AnswerTally()) } ?? right.answers
        )
    }

    /// Takes in what was answered.
    package mutating func add(_ tally: AnswerTally) { answers = (answers ?? AnswerTally()) + tally }

    /// What came since; never below zero, also where an edge began to count anew in between.
    package static func - (left: Self, right: Self) -> Self {
        Self(
            held: max(0, left.held - right.held),
            heldMilliseconds: max(0, left.heldMilliseconds - right.heldMilliseconds),
            failed: max(0, left.failed - right.failed),
            answers: left.answers.map { $0 - (right.answers ?? AnswerTally()) }
        )
    }
}

/// A request that the edge answered with an error by itself, told for the log of its app.
package struct EdgeTrouble: Equatable, Sendable {
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
package enum EdgeOrder: Equatable, Sendable {
    /// Replaces everything that the edge knew.
    case routes(RouteTable)
    /// Replaces some routes; only for an edge that can take it.
    case changes(RouteChanges)
    /// The wake failed; those who wait for it get 503. The reason is for the log, never for the client.
    case wakeFailed(machine: Machine.ID, reason: String)
    /// What has changed about certificates.
    case certificates(CertificateNews)
    /// Asks for what was counted up to now.
    case count
    /// Ends the streams of a Machine that is about to stop: WebSockets with a close frame, events at an event's end.
    case endStreams(machine: Machine.ID)
    /// What is new about private names; only for an edge that answers to them.
    case names(NameChanges)
    /// Asks for all that was counted; only for an edge that can say it.
    case figures
}
