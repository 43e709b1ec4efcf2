/// A sandbox on this host whose Machine has no record here.
///
/// The store may have lost it, so it runs on until somebody says what is to become of it.
package struct Stranger: Equatable, Sendable {
    package var id: Machine.ID
    /// `running`, `suspended`, `ended` or `prepared`.
    package var state: String
    /// Nil when it has ended.
    package var process: Machine.Process?
    package var address: Machine.Address?
    /// The Machine as it was when it was started; nil when that was not noted.
    package var machine: Machine?

    package init(
        id: Machine.ID,
        state: String,
        process: Machine.Process? = nil,
        address: Machine.Address? = nil,
        machine: Machine? = nil
    ) {
        self.id = id
        self.state = state
        self.process = process
        self.address = address
        self.machine = machine
    }

    /// Something of it runs.
    package var isAlive: Bool { process != nil }

    /// What may be removed without asking: what has ended, unless others run that the store does not know either.
    ///
    /// Then it is the store that is not to be trusted.
    package static func removable(_ all: [Stranger]) -> [Stranger] {
        all.contains(where: \.isAlive) ? [] : all
    }
}

extension Stranger: KeyedForm {
    package static var blank: Stranger { Stranger(id: .none, state: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("state", &state)
        try form.field("process", &process)
        try form.field("address", &address)
        try form.field("machine", &machine)
    }
}
