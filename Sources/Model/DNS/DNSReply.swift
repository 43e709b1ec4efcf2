/// What another server has answered, read as far as it has to be to pass it on and to keep it.
///
/// > Source: RFC 1035, section 4; RFC 2308 for answers without records.
package struct DNSReply: Equatable, Sendable {
    package let id: UInt16
    package let code: UInt16
    /// It was too long for UDP.
    package let isTruncated: Bool
    package let name: DNSName
    package let type: UInt16
    /// Seconds for which it may be kept.
    package let lifetime: Int
    /// It says that there is no such record, or no such name.
    package let isNegative: Bool
    /// The message without its additional records: those are about this one exchange, or nobody's question.
    private let body: [UInt8]
    /// Where each lifetime stands.
    private let lifetimes: [Int]

    /// "There is none" is believed so long at most, whatever it says.
    static let longestNegative = 30
    static let longest = 3600

    struct Record {
        var type: UInt16
        /// The class; of EDNS a size.
        var kind: UInt16
        var ttl: UInt32
        /// Where the lifetime stands.
        var ttlPlace: Int
        /// Where its data begin.
        var start: Int
        var end: Int
    }

    /// Nil for what is no answer to one question.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, bytes[2] & 0x80 != 0, bytes[2] & 0x78 == 0, bytes.word(4) == 1,
            let name = DNSName(bytes, at: 12), bytes.count >= 16 + name.wire.count,
            bytes.word(14 + name.wire.count) == 1
        else { return nil }
        id = bytes.word(0)
        isTruncated = bytes[2] & 0x02 != 0
        self.name = name
        type = bytes.word(12 + name.wire.count)
        code = bytes.word(2) & 0xf
        var place = 16 + name.wire.count
        var all: [Record] = []
        let (answers, authority) = (Int(bytes.word(6)), Int(bytes.word(8)))
        for _ in 0..<answers + authority {
            guard let record = Self.record(in: bytes, at: place) else {
                // What was cut off need not be whole.
                guard isTruncated else { return nil }
                break
            }
            all.append(record)
            place = record.end
        }
        isNegative = !all.prefix(answers).contains { [type] in $0.type == type }
        lifetimes = all.map(\.ttlPlace)
        lifetime = Self.lifetime(all, answers, bytes, isNegative: isNegative)
        var body = Array(bytes[..<place])
        (body[10], body[11]) = (0, 0)
        self.body = body
    }

    /// In bytes.
    var size: Int { body.count }

    /// It answers just this question, letter by letter.
    package func answers(_ query: DNSQuery) -> Bool {
        id == query.id && name == query.name && type == query.type
    }

    /// The message for a client, its lifetimes shortened by the seconds since it came.
    ///
    /// - Parameters:
    ///   - query: the client's question, which it repeats as it was written.
    ///   - limit: in bytes; a longer message is cut to its head.
    ///   - age: in seconds.
    ///   - stale: it is older than it should be, and all that there is.
    /// - Returns: the message as it is sent.
    package func bytes(to query: DNSQuery, limit: Int, age: Int = 0, stale: Bool = false) -> [UInt8] {
        var bytes = body
        (bytes[0], bytes[1]) = (UInt8(query.id >> 8), UInt8(query.id & 0xff))
        // Not authoritative, not checked, whatever it was for us.
        bytes[2] = bytes[2] & ~0x07 | (query.recursionDesired ? 1 : 0)
        bytes[3] = 0x80 | UInt8(code)
        bytes.replaceSubrange(12..<12 + query.name.wire.count, with: query.name.wire)
        for place in lifetimes {
            let left = stale ? 1 : UInt32(clamping: max(0, Int(bytes.long(place)) - age))
            for (offset, shift) in [24, 16, 8, 0].enumerated() { bytes[place + offset] = UInt8(left >> shift & 0xff) }
        }
        let option = query.edns == nil ? [] : DNSQuery.EDNS(udpSize: DNSQuery.udpSize).record(code: 0)
        if bytes.count + option.count > limit {
            bytes = Array(bytes[..<(16 + name.wire.count)])
            bytes[2] |= 0x02
            for place in 6...9 { bytes[place] = 0 }
        }
        if !option.isEmpty { bytes[11] = 1 }
        return bytes + option
    }

    /// A record's head, from `place` on; nil when it does not fit in.
    static func record(in bytes: [UInt8], at place: Int) -> Record? {
        guard let head = endOfName(bytes, place), bytes.count >= head + 10 else { return nil }
        let end = head + 10 + Int(bytes.word(head + 8))
        guard end <= bytes.count else { return nil }
        return Record(
            type: bytes.word(head),
            kind: bytes.word(head + 2),
            ttl: bytes.long(head + 4),
            ttlPlace: head + 4,
            start: head + 10,
            end: end
        )
    }

    // MARK: - Private

    /// Behind a name, which may end in a pointer; where that leads to does not matter here.
    private static func endOfName(_ bytes: [UInt8], _ start: Int) -> Int? {
        var place = start
        while place < bytes.count {
            switch bytes[place] {
            case 0: return place + 1
            case 1...63: place += 1 + Int(bytes[place])
            case 0xc0...: return place + 2
            default: return nil
            }
        }
        return nil
    }

    private static func lifetime(_ records: [Record], _ answers: Int, _ bytes: [UInt8], isNegative: Bool) -> Int {
        guard isNegative else {
            return min(Int(records.prefix(answers).map(\.ttl).min() ?? 0), longest)
        }
        // Without a start of the zone nobody says how long: then not at all.
        guard let soa = records.dropFirst(answers).first(where: { $0.type == DNSType.soa }), soa.end - soa.start >= 22
        else { return 0 }
        let chain = records.prefix(answers).map(\.ttl).min() ?? .max
        return min(Int(min(soa.ttl, bytes.long(soa.end - 4), chain)), longestNegative)
    }
}
