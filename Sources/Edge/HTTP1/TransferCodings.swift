/// What the value of `Transfer-Encoding` asks for.
enum TransferCodings {
    case chunked
    /// Names of codings, at least one of which the edge does not know: 501, not 400 (RFC 9112, section 6.1).
    case unknown

    /// Nil for a value that is no list of names, or that repeats `chunked`.
    init?(_ bytes: [UInt8], _ value: Range<Int>) {
        if Characters.equal(bytes, value, "chunked") {
            self = .chunked
            return
        }
        let members = Characters.list(bytes, value)
        let names = members.map { member in
            Characters.trimmed(bytes, member.lowerBound..<(member.first { bytes[$0] == 59 } ?? member.upperBound))
        }
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && bytes[$0].allSatisfy(Characters.isToken) }),
            names.contains(where: { !Characters.equal(bytes, $0, "chunked") })
        else { return nil }
        self = .unknown
    }
}
