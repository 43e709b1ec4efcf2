/// Kinds of records that are looked at here; any other number passes through.
///
/// > Source: IANA, "Domain Name System (DNS) Parameters".
package enum DNSType {
    /// An IPv4 address.
    package static let a: UInt16 = 1
    /// Another name.
    package static let cname: UInt16 = 5
    /// Where a zone begins; says how long a denial holds.
    package static let soa: UInt16 = 6
    /// The name of an address.
    package static let ptr: UInt16 = 12
    /// Text.
    package static let txt: UInt16 = 16
    /// An IPv6 address.
    package static let aaaa: UInt16 = 28
    /// What EDNS adds to a message; no record of a name.
    package static let opt: UInt16 = 41
    /// A question for all there is.
    package static let any: UInt16 = 255
}

/// How a question went.
package enum DNSCode: UInt16, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    case noName = 3
    case notImplemented = 4
    case refused = 5
    case badVersion = 16
}

/// One question, as a client asks it.
///
/// > Source: RFC 1035, section 4; RFC 6891 for EDNS.
package struct DNSQuery: Equatable, Sendable {
    package var id: UInt16
    package var name: DNSName
    package var type: UInt16
    package var recursionDesired: Bool
    /// What it said of EDNS; nil for a client that does not know it.
    package var edns: EDNS?

    /// What a client can do beyond the messages of 1987.
    package struct EDNS: Equatable, Sendable {
        /// The longest answer that it takes by UDP.
        package var udpSize: Int
        package var version: UInt8 = 0

        package init(udpSize: Int, version: UInt8 = 0) {
            self.udpSize = udpSize
            self.version = version
        }
    }

    /// What came of reading a message.
    package enum Reading: Equatable, Sendable {
        case query(DNSQuery)
        /// To be told so, and no more: there is no question to repeat.
        case wrong(id: UInt16, DNSCode)
        /// An answer, or too short to say to whom something would be answered: nothing is.
        case nothing
    }

    /// As long an answer as crosses every network whole.
    ///
    /// > Source: DNS Flag Day 2020.
    package static let udpSize = 1232

    package init(id: UInt16, name: DNSName, type: UInt16, recursionDesired: Bool = true, edns: EDNS? = nil) {
        self.id = id
        self.name = name
        self.type = type
        self.recursionDesired = recursionDesired
        self.edns = edns
    }

    /// The longest answer by UDP.
    package var limit: Int { edns.map { min(max($0.udpSize, 512), Self.udpSize) } ?? 512 }

    /// Reads a message from a client.
    package static func read(_ bytes: [UInt8]) -> Reading {
        guard bytes.count >= 12, bytes[2] & 0x80 == 0 else { return .nothing }
        let id = bytes.word(0)
        guard bytes[2] & 0x78 == 0 else { return .wrong(id: id, .notImplemented) }
        // Other counts than one question are used by nobody.
        guard bytes.word(4) == 1, bytes.word(6) == 0, let name = DNSName(bytes, at: 12) else {
            return .wrong(id: id, .formatError)
        }
        let end = 12 + name.wire.count
        guard bytes.count >= end + 4 else { return .wrong(id: id, .formatError) }
        var query = DNSQuery(id: id, name: name, type: bytes.word(end), recursionDesired: bytes[2] & 1 == 1)
        guard bytes.word(end + 2) == 1 else { return .wrong(id: id, .refused) }
        var place = end + 4
        for _ in 0..<min(Int(bytes.word(8)) + Int(bytes.word(10)), 8) {
            guard let record = DNSReply.record(in: bytes, at: place) else { return .wrong(id: id, .formatError) }
            if record.type == DNSType.opt {
                // Twice, or of a name, is against the rules.
                guard query.edns == nil, bytes[place] == 0 else { return .wrong(id: id, .formatError) }
                query.edns = EDNS(udpSize: Int(record.kind), version: UInt8(record.ttl >> 16 & 0xff))
            }
            place = record.end
        }
        return .query(query)
    }

    /// The message that asks it.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(word: id)
        bytes.append(word: recursionDesired ? 0x0100 : 0)
        for count in [1, 0, 0, edns == nil ? 0 : 1] as [UInt16] { bytes.append(word: count) }
        bytes += name.wire
        bytes.append(word: type)
        bytes.append(word: 1)
        if let edns { bytes += edns.record(code: 0) }
        return bytes
    }
}

extension DNSQuery.EDNS {
    /// The record that says so, with the upper bits of an answer's code.
    func record(code: UInt16) -> [UInt8] {
        var bytes: [UInt8] = [0]
        bytes.append(word: DNSType.opt)
        bytes.append(word: UInt16(clamping: udpSize))
        bytes += [UInt8(code >> 4 & 0xff), version, 0, 0, 0, 0]
        return bytes
    }
}

extension [UInt8] {
    /// Two bytes, the higher one first.
    func word(_ index: Int) -> UInt16 { UInt16(self[index]) << 8 | UInt16(self[index + 1]) }

    /// Four bytes, the highest first.
    func long(_ index: Int) -> UInt32 { UInt32(word(index)) << 16 | UInt32(word(index + 2)) }

    mutating func append(word: UInt16) {
        append(UInt8(word >> 8))
        append(UInt8(word & 0xff))
    }

    mutating func append(long: UInt32) {
        append(word: UInt16(long >> 16))
        append(word: UInt16(long & 0xffff))
    }
}
