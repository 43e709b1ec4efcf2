/// What is counted of traffic, by one event loop or by all of them.
package struct EdgeCounts: Equatable, Sendable {
    package var apps: [String: App] = [:]
    package var common = Common()

    package init() {}

    /// Of one app.
    package struct App: Equatable, Sendable {
        /// By status.
        package var answers: [Int: TimeBuckets] = [:]
        package var connects = 0
        package var disconnects = 0
        package var bytesIn = 0
        package var bytesOut = 0
        package var rateLimited = 0
        /// What its requests had to wait, and how many failed at the edge; filled in when the counts are asked for.
        package var tally = EdgeTally()
        /// Requests and connections that wait now; filled in likewise.
        package var waiting = 0
        package var workers: [Machine.ID: Worker] = [:]

        package init() {}

        /// Takes in a request that was answered, or whose answer began, after so many seconds.
        package mutating func answered(_ status: Int, after time: Double) {
            answers[EdgeCounts.label(status), default: TimeBuckets()].add(time)
        }
    }

    /// Of one Machine.
    package struct Worker: Equatable, Sendable {
        /// By status.
        package var answers: [Int: TimeBuckets] = [:]
        /// What it took to open connections to it.
        package var connectTimes = TimeBuckets()
        package var connects = 0
        package var disconnects = 0
        /// Requests and connections there now; filled in when the counts are asked for.
        package var open = 0

        package init() {}

        /// Takes in an answer that began so many seconds after its request was sent.
        package mutating func answered(_ status: Int, after time: Double) {
            answers[EdgeCounts.label(status), default: TimeBuckets()].add(time)
        }
    }

    /// What belongs to no app.
    package struct Common: Equatable, Sendable {
        /// Requests for hosts that nobody has, and nonsense.
        package var refused = 0
        package var handshakes = 0
        package var failedHandshakes = 0
        package var handshakeTimes = TimeBuckets()
        /// Client connections that are open; filled in when the counts are asked for.
        package var connections = 0
        /// The routes in force; filled in likewise.
        package var revision: Int64 = 0
        package var routes = 0

        package init() {}
    }

    /// Takes in what another event loop has counted.
    package mutating func add(_ other: EdgeCounts) {
        for (name, app) in other.apps { apps[name, default: App()].add(app) }
        common.refused += other.common.refused
        common.handshakes += other.common.handshakes
        common.failedHandshakes += other.common.failedHandshakes
        common.handshakeTimes.add(other.common.handshakeTimes)
        common.connections += other.common.connections
    }

    /// Apps may make statuses up; each would be a series for ever.
    fileprivate static func label(_ status: Int) -> Int {
        let known = [100...103, 200...208, 300...308, 400...431, 451...451, 500...511]
        return known.contains { $0.contains(status) } ? status : status / 100 * 100
    }
}

extension EdgeCounts.App {
    fileprivate mutating func add(_ other: Self) {
        answers.merge(other.answers) { mine, theirs in mine + theirs }
        connects += other.connects
        disconnects += other.disconnects
        bytesIn += other.bytesIn
        bytesOut += other.bytesOut
        rateLimited += other.rateLimited
        for (machine, worker) in other.workers {
            workers[machine, default: EdgeCounts.Worker()].add(worker)
        }
    }
}

extension EdgeCounts.Worker {
    fileprivate mutating func add(_ other: Self) {
        answers.merge(other.answers) { mine, theirs in mine + theirs }
        connectTimes.add(other.connectTimes)
        connects += other.connects
        disconnects += other.disconnects
    }
}

extension TimeBuckets {
    fileprivate static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.add(right)
        return sum
    }
}

extension EdgeCounts: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("apps", &apps)
        try form.field("common", &common)
    }
}

extension EdgeCounts.App: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("answers", &answers)
        try form.field("connects", &connects)
        try form.field("disconnects", &disconnects)
        try form.field("in", &bytesIn)
        try form.field("out", &bytesOut)
        try form.field("rateLimited", &rateLimited)
        try form.field("tally", &tally)
        try form.field("waiting", &waiting)
        try form.field("workers", &workers)
    }
}

extension EdgeCounts.Worker: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("answers", &answers)
        try form.field("times", &connectTimes)
        try form.field("connects", &connects)
        try form.field("disconnects", &disconnects)
        try form.field("open", &open)
    }
}

extension EdgeCounts.Common: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("refused", &refused)
        try form.field("handshakes", &handshakes)
        try form.field("failedHandshakes", &failedHandshakes)
        try form.field("handshakeTimes", &handshakeTimes)
        try form.field("connections", &connections)
        try form.field("revision", &revision)
        try form.field("routes", &routes)
    }
}
