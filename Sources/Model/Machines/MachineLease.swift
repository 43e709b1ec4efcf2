/// A promise that nobody else changes a Machine for a while.
///
/// > Source: `machines-api`, section 7.
package struct MachineLease: Equatable, Sendable {
    /// Who shows it may change the Machine.
    package var nonce: String
    package var expiresAt: Timestamp
    package var owner: String
    package var description: String
    /// The Machine's instance when it was taken.
    package var version: String

    package init(nonce: String, expiresAt: Timestamp, owner: String, description: String, version: String) {
        self.nonce = nonce
        self.expiresAt = expiresAt
        self.owner = owner
        self.description = description
        self.version = version
    }

    /// How long a lease holds whose writer named no time, in seconds.
    package static let defaultSeconds = 30
    /// The longest lease, in seconds.
    package static let maximumSeconds = 86_400

    /// Whether its holder may still rely on it.
    package func isHeld(at now: Timestamp) -> Bool { expiresAt > now }

    /// Whether a change may go ahead.
    ///
    /// - Parameters:
    ///   - lease: the Machine's, if it has one.
    ///   - nonce: what the request showed.
    ///   - id: the Machine.
    ///   - now: the time.
    /// - Throws: ``Fault`` `leaseHeld` in the words that clients look for.
    package static func admit(
        _ lease: MachineLease?,
        nonce: String?,
        to id: Machine.ID,
        now: Timestamp
    ) throws(Fault) {
        guard let lease, lease.isHeld(at: now), lease.nonce != nonce else { return }
        throw Fault(
            .leaseHeld,
            "aborted: machine ID \(id) lease currently held by \(lease.owner), expires at \(lease.expiresAt.rfc3339)",
            hint: "wait until it ends, or end it: roost machine leases clear \(id)"
        )
    }

    /// As the API shows it.
    package var wire: JSONValue {
        .object([
            "nonce": .string(nonce), "expires_at": .int(expiresAt.milliseconds / 1000), "owner": .string(owner),
            "description": .string(description), "version": .string(version),
        ])
    }
}

extension MachineLease: KeyedForm {
    package static var blank: MachineLease {
        MachineLease(nonce: "", expiresAt: Timestamp(milliseconds: 0), owner: "", description: "", version: "")
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("nonce", &nonce)
        try form.need("expiresAt", &expiresAt)
        try form.field("owner", &owner)
        try form.field("description", &description)
        try form.field("version", &version)
    }
}
