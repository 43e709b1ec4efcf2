// The form of what the two daemons say to each other: an object a line, its one key the kind. A line of a kind that a
// reader does not know is passed over, at both ends.

extension EdgeReport: Codable {
    private enum Key: String, CodingKey {
        case hello, applied, wake, load, lost, secured, namesLost, figures
    }

    private struct Hello: KeyedForm {
        var pid: Int32 = 0
        var can: [String]?

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("pid", &pid)
            try form.field("can", &can)
        }
    }

    private struct Counts: KeyedForm {
        var revision: Int64?
        var inFlight: [Machine.ID: Int] = [:]
        var news: EdgeNews?

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("revision", &revision)
            try form.field("inFlight", &inFlight)
            try form.field("news", &news)
        }
    }

    private struct Mark: KeyedForm {
        var revision: Int64 = 0

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("revision", &revision)
        }
    }

    private struct Wake: KeyedForm {
        var app = ""
        var machine = Machine.ID.none

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("app", &app)
            try form.need("machine", &machine)
        }
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let hello = try values.decodeIfPresent(Hello.self, forKey: .hello) {
            self = .hello(pid: hello.pid, can: hello.can)
        } else if let counts = try values.decodeIfPresent(Counts.self, forKey: .applied) {
            self = .applied(revision: counts.revision ?? 0, inFlight: counts.inFlight, news: counts.news)
        } else if let counts = try values.decodeIfPresent(Counts.self, forKey: .load) {
            self = .load(inFlight: counts.inFlight, news: counts.news)
        } else if let lost = try values.decodeIfPresent(Mark.self, forKey: .lost) {
            self = .lost(revision: lost.revision)
        } else if let lost = try values.decodeIfPresent(Mark.self, forKey: .namesLost) {
            self = .namesLost(revision: lost.revision)
        } else if let secured = try values.decodeIfPresent(Mark.self, forKey: .secured) {
            self = .secured(revision: secured.revision)
        } else if let counts = try values.decodeIfPresent(EdgeCounts.self, forKey: .figures) {
            self = .figures(counts)
        } else if let wake = try values.decodeIfPresent(Wake.self, forKey: .wake) {
            self = .wake(app: wake.app, machine: wake.machine)
        } else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "unknown kind"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .hello(let pid, let can): try values.encode(Hello(pid: pid, can: can), forKey: .hello)
        case .lost(let revision): try values.encode(Mark(revision: revision), forKey: .lost)
        case .figures(let counts): try values.encode(counts, forKey: .figures)
        case .namesLost(let revision): try values.encode(Mark(revision: revision), forKey: .namesLost)
        case .secured(let revision): try values.encode(Mark(revision: revision), forKey: .secured)
        case .applied(let revision, let inFlight, let news):
            try values.encode(Counts(revision: revision, inFlight: inFlight, news: news), forKey: .applied)
        case .wake(let app, let machine): try values.encode(Wake(app: app, machine: machine), forKey: .wake)
        case .load(let inFlight, let news): try values.encode(Counts(inFlight: inFlight, news: news), forKey: .load)
        }
    }
}

extension EdgeOrder: Codable {
    private enum Key: String, CodingKey {
        case routes, changes, wakeFailed, certificates, endStreams, count, names, figures
    }

    private struct Failure: KeyedForm {
        var machine = Machine.ID.none
        var reason = ""

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.need("machine", &machine)
            try form.field("reason", &reason)
        }
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let table = try values.decodeIfPresent(Bare<RouteTable>.self, forKey: .routes) {
            self = .routes(table.value)
        } else if let changes = try values.decodeIfPresent(RouteChanges.self, forKey: .changes) {
            self = .changes(changes)
        } else if let news = try values.decodeIfPresent(CertificateNews.self, forKey: .certificates) {
            self = .certificates(news)
        } else if let names = try values.decodeIfPresent(NameChanges.self, forKey: .names) {
            self = .names(names)
        } else if let end = try values.decodeIfPresent(Failure.self, forKey: .endStreams) {
            self = .endStreams(machine: end.machine)
        } else if values.contains(.count) {
            self = .count
        } else if values.contains(.figures) {
            self = .figures
        } else if let failure = try values.decodeIfPresent(Failure.self, forKey: .wakeFailed) {
            self = .wakeFailed(machine: failure.machine, reason: failure.reason)
        } else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "unknown kind"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .routes(let table):
            // Labelled as in version 0.1, whose edges may still run when a newer `serve` begins.
            var label = values.nestedContainer(keyedBy: Form.Key.self, forKey: .routes)
            try label.encode(table, forKey: Form.Key(stringValue: "_0"))
        case .changes(let changes): try values.encode(changes, forKey: .changes)
        case .certificates(let news): try values.encode(news, forKey: .certificates)
        case .count: try values.encode(true, forKey: .count)
        case .figures: try values.encode(true, forKey: .figures)
        case .endStreams(let machine): try values.encode(["machine": machine], forKey: .endStreams)
        case .names(let names): try values.encode(names, forKey: .names)
        case .wakeFailed(let machine, let reason):
            try values.encode(Failure(machine: machine, reason: reason), forKey: .wakeFailed)
        }
    }
}

extension EdgeNews: KeyedForm {
    package static var blank: EdgeNews { EdgeNews() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("streams", &streams)
        try form.field("long", &long)
        try form.field("begun", &begun)
        try form.field("tallies", &tallies)
        try form.field("troubles", &troubles)
        try form.field("answers", &answers)
    }
}

extension EdgeTally: KeyedForm {
    package static var blank: EdgeTally { EdgeTally() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("held", &held)
        try form.field("heldMilliseconds", &heldMilliseconds)
        try form.field("failed", &failed)
        try form.field("answers", &answers)
    }
}

extension EdgeTrouble: KeyedForm {
    package static var blank: EdgeTrouble { EdgeTrouble(app: "", machine: nil, status: nil, request: "", reason: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.field("machine", &machine)
        try form.field("status", &status)
        try form.field("request", &request)
        try form.field("reason", &reason)
        try form.field("omitted", &omitted)
    }
}
