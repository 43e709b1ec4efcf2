/// A call that its client may send again, known by the key that came with it (`Idempotency-Key`).
///
/// > Source: draft-ietf-httpapi-idempotency-key-header-06; `pains-machines-network`, row 10.
package struct KeyedCall: Equatable, Sendable {
    /// Tells its method, path, query and body from those of any other, in hex.
    package var digest: String
    package var at: Timestamp
    /// What the names of whatever it makes are drawn from, so that carried out again it makes the same.
    package var seed: String
    /// How it was answered; nil until it was.
    package var answer: Answer?

    package init(digest: String, at: Timestamp, seed: String) {
        self.digest = digest
        self.at = at
        self.seed = seed
    }

    /// An answer that was given.
    package struct Answer: Equatable, Sendable {
        package var status: Int
        /// The body, in base64, sealed to the key, which only its client has.
        package var sealed: String

        package init(status: Int, sealed: String) {
            self.status = status
            self.sealed = sealed
        }
    }

    /// How long a key stands for its call.
    package static let life = Duration.seconds(86_400)
    /// The most keys that are kept; the oldest go first.
    package static let maximumCount = 10_000
    /// The most bytes of their answers together.
    package static let maximumBytes = 64 << 20

    /// Whether the key still stands for it.
    package func isKept(at now: Timestamp) -> Bool { now.since(at) < Self.life }

    /// What is wrong with a key; nil when nothing is.
    package static func objection(to key: String) -> String? {
        let isPlain = key.utf8.allSatisfy { (33...126).contains($0) }
        guard isPlain, (1...255).contains(key.utf8.count) else {
            return "Idempotency-Key: expected 1 to 255 printable characters without blanks"
        }
        return nil
    }
}

extension KeyedCall: KeyedForm {
    package static var blank: KeyedCall { KeyedCall(digest: "", at: Timestamp(milliseconds: 0), seed: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("digest", &digest)
        try form.need("at", &at)
        try form.need("seed", &seed)
        try form.field("answer", &answer)
    }
}

extension KeyedCall.Answer: KeyedForm {
    package static var blank: KeyedCall.Answer { KeyedCall.Answer(status: 0, sealed: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("status", &status)
        try form.need("sealed", &sealed)
    }
}
