extension NameIndex {
    /// What is answered to a question about our own names.
    ///
    /// A name that exists without a record of that type is told from one that does not exist: musl gives up on the
    /// whole name when it hears the latter.
    ///
    /// - Parameters:
    ///   - query: the question.
    ///   - caller: who asks; nil for somebody who is in no network.
    ///   - answersIPv4: Machines' IPv4 addresses are told as well.
    /// - Returns: nil for a name that others have to be asked about.
    package func answer(_ query: DNSQuery, for caller: Caller?, answersIPv4: Bool) -> DNSAnswer? {
        guard query.type != DNSType.any else { return DNSAnswer(.notImplemented) }
        let labels = query.name.labels
        let zone = labels.last.flatMap { DNSName($0) }
        var answer: DNSAnswer
        switch find(labels, for: caller) {
        case .elsewhere: return nil
        case .unknown: answer = DNSAnswer(.noName, zone: zone)
        case .known(let addresses, let texts, let pointers):
            answer = DNSAnswer(.noError, zone: zone)
            switch query.type {
            case DNSType.aaaa: answer.records = addresses.compactMap { Self.record($0.ipv6, bytes: 16, query.type) }
            case DNSType.a where answersIPv4:
                answer.records = addresses.compactMap { Self.record($0.ipv4, bytes: 4, query.type) }
            case DNSType.txt: answer.records = texts.map { .text($0) }
            case DNSType.ptr:
                answer.records = pointers.compactMap { DNSName($0) }.map { .init(type: DNSType.ptr, data: $0.wire) }
            default: break
            }
        }
        answer.serial = UInt32(truncatingIfNeeded: revision)
        return answer
    }

    private static func record(_ address: String, bytes: Int, _ type: UInt16) -> DNSAnswer.Record? {
        IPAddress(address).flatMap { $0.bytes.count == bytes ? .init(type: type, data: $0.bytes) : nil }
    }
}
