/// Why a Machine gets no new requests, and who said so: whoever set it ends it.
///
/// A Machine may have several at once, and is routed again when the last is gone.
package struct Hold: Equatable, Sendable {
    /// Tells it from all others: `rollout 01J…`.
    package var owner: String
    /// For people: `a deploy of ada@laptop replaces it`.
    package var reason: String
    package var since: Timestamp
    /// It outlives the daemon; else whoever set it has ended with it, and nobody would end it.
    package var isLasting: Bool

    package init(owner: String, reason: String, since: Timestamp, isLasting: Bool = false) {
        self.owner = owner
        self.reason = reason
        self.since = since
        self.isLasting = isLasting
    }
}

extension Hold: KeyedForm {
    package static var blank: Hold { Hold(owner: "", reason: "", since: Timestamp(milliseconds: 0)) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("owner", &owner)
        try form.field("reason", &reason)
        try form.field("since", &since)
        try form.field("lasting", &isLasting)
    }
}

extension [Hold] {
    /// Sets it, in the place of an earlier one of the same owner, whose beginning stays.
    package mutating func set(_ hold: Hold) {
        guard let place = firstIndex(where: { $0.owner == hold.owner }) else { return append(hold) }
        var hold = hold
        hold.since = self[place].since
        self[place] = hold
    }

    /// Ends what that owner has set; that of others stays.
    package mutating func end(owner: String) { removeAll { $0.owner == owner } }

    /// Ends what nobody is left to end, at the start of a daemon.
    package mutating func endPassing() { removeAll { !$0.isLasting } }
}
