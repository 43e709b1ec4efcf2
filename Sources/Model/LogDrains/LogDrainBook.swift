/// How far logs were read, and how far each drain has come: kept, so that after a restart nothing is missed.
package struct LogDrainBook: Equatable, Sendable {
    /// Tells these lines from those of a host that was set up anew.
    package var id: String
    /// By Machine.
    package var positions: [String: LogPosition] = [:]
    /// By drain, in bytes of all that was ever kept.
    package var cursors: [String: Int64] = [:]

    package init(id: String) {
        self.id = id
    }

    private struct Place: KeyedForm {
        var machine = ""
        var file: UInt64 = 0
        var offset = 0

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.need("machine", &machine)
            try form.need("file", &file)
            try form.need("offset", &offset)
        }
    }
}

extension LogDrainBook: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: LogDrainBook { LogDrainBook(id: "") }

    package mutating func fields(_ form: inout Form) throws {
        var places = positions.map { Place(machine: $0.key, file: $0.value.file, offset: $0.value.offset) }
            .sorted { $0.machine < $1.machine }
        try form.need("id", &id)
        try form.field("machines", &places)
        try form.field("drains", &cursors)
        positions = Dictionary(places.map { ($0.machine, LogPosition(file: $0.file, offset: $0.offset)) }) { $1 }
    }
}

/// What the API tells of drains.
package struct LogDrainsView: Equatable, Sendable {
    package var drains: [Drain] = []
    /// Bytes of lines that are kept for them, and the most that may be.
    package var kept: Int64 = 0
    package var limit: Int64 = 0

    package init() {}

    /// How one is doing.
    package struct Drain: Equatable, Sendable {
        package var name: String
        package var kind: String
        /// Empty: of all apps.
        package var apps: [String] = []
        /// Bytes of lines that it has not been sent yet, those of other apps among them.
        package var waiting: Int64 = 0
        /// Lines since the daemon began.
        package var sent = 0
        package var refused = 0
        package var dropped = 0
        package var deliveredAt: Timestamp?
        /// Why the last try failed.
        package var error: String?

        package init(name: String, kind: String) {
            (self.name, self.kind) = (name, kind)
        }
    }
}

extension LogDrainsView: KeyedForm {
    package static var blank: LogDrainsView { LogDrainsView() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("drains", &drains)
        try form.field("kept", &kept)
        try form.field("limit", &limit)
    }
}

extension LogDrainsView.Drain: KeyedForm {
    package static var blank: Self { Self(name: "", kind: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("kind", &kind)
        try form.field("apps", &apps)
        try form.field("waiting", &waiting)
        try form.field("sent", &sent)
        try form.field("refused", &refused)
        try form.field("dropped", &dropped)
        try form.field("delivered_at", &deliveredAt)
        try form.field("error", &error)
    }
}
