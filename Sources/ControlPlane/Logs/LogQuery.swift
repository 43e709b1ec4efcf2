import Hummingbird
import Model

/// What a request wants of an app's log.
struct LogQuery: Equatable, Sendable {
    /// Lines of the past.
    var tail: Int
    var follows: Bool
    /// With lines of health checks that pass.
    var checks: Bool
    var filter = LogFilter()
    var region: String?
    var group: String?

    /// The most lines of the past that can be asked for.
    static let maximumTail = 10_000
    /// The most lines of a Machine that are looked through.
    private static let maximumRead = 1_000_000

    /// - Throws: what of it can't be read.
    init(_ request: Request) throws {
        let wanted = request.query("tail").flatMap(Int.init)
        follows = request.query("follow") == "true"
        checks = request.query("checks") == "true"
        filter.since = try Self.moment("since", request)
        filter.until = try Self.moment("until", request)
        if let word = request.query("level") {
            guard let level = LogLevel(named: word) else {
                let names = LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(.invalidRequest, "level \"\(word)\" is none", hint: "one of \(names)")
            }
            filter.level = level
        }
        filter.text = request.query("grep").flatMap { $0.isEmpty ? nil : $0 }
        region = request.query("region")
        group = request.query("group")
        // Who says from when on wants all of it.
        tail = min(max(wanted ?? (filter.since == nil ? 100 : Self.maximumTail), 0), Self.maximumTail)
    }

    /// Lines to read of a Machine: more than are asked for where some will be left out.
    var read: Int {
        if tail == 0 { return 0 }
        return filter.isEmpty ? (checks ? tail : Self.maximumTail) : Self.maximumRead
    }

    /// Whether that Machine's lines are asked for.
    func wants(_ machine: Machine) -> Bool {
        (region.map { $0 == machine.region } ?? true)
            && (group.map { $0 == machine.group } ?? true)
    }

    private static func moment(_ name: String, _ request: Request) throws -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw Fault(.invalidRequest, "\(name) \"\(text)\" is no time", hint: "write 2026-11-21T07:48:42Z")
        }
        return moment
    }
}

/// A Machine's lines on their way to who asked for them.
struct MachineSieve: Sendable {
    let machine: Machine
    private let noise: CheckLines?
    private var sieve: LogSieve

    init(_ machine: Machine, _ query: LogQuery) {
        self.machine = machine
        noise = query.checks ? nil : CheckLines(machine.spec.config)
        sieve = LogSieve(query.filter)
    }

    /// What is wanted now that this line has come.
    mutating func take(_ line: LogLine) -> [LogLine] {
        if noise?.contains(line.text) == true { return [] }
        var line = line
        line.machine = machine.id
        return sieve.take(line)
    }
}
