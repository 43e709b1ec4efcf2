/// An answer of our own.
package struct DNSAnswer: Equatable, Sendable {
    package var code: DNSCode
    /// About the name that was asked for, all of them.
    package var records: [Record] = []
    /// The zone that has it; an answer without records then says how long that may be believed.
    package var zone: DNSName?
    /// Grows with each change of the zone.
    package var serial: UInt32 = 0

    /// A record of the answer.
    package struct Record: Equatable, Sendable {
        package var type: UInt16
        package var data: [UInt8]

        package init(type: UInt16, data: [UInt8]) {
            self.type = type
            self.data = data
        }

        /// Texts of 255 bytes at most, as many as it takes.
        ///
        /// > Source: RFC 1035, section 3.3.14.
        package static func text(_ text: String) -> Record {
            let bytes = Array(text.utf8)
            let pieces = stride(from: 0, to: max(bytes.count, 1), by: 255).map { start in
                bytes[start..<min(start + 255, bytes.count)]
            }
            return Record(type: DNSType.txt, data: pieces.flatMap { [UInt8($0.count)] + $0 })
        }
    }

    /// Seconds that an address may be kept; Fly's own.
    package static let lifetime: UInt32 = 5
    /// Seconds that "there is none" may be kept: who waits for a Machine asks again and again.
    static let negativeLifetime: UInt32 = 1

    package init(_ code: DNSCode, zone: DNSName? = nil) {
        self.code = code
        self.zone = zone
    }

    /// The message, shortened to its head where it would be longer than `limit`: the client then asks by TCP.
    ///
    /// - Parameters:
    ///   - query: what it answers, and repeats as it was written.
    ///   - limit: in bytes.
    ///   - turn: which of the records stands first, so that not all go to the same Machine.
    /// - Returns: the message as it is sent.
    package func bytes(to query: DNSQuery, limit: Int, turn: Int = 0) -> [UInt8] {
        let whole = bytes(to: query, turn: turn, isShort: false)
        return whole.count <= limit ? whole : bytes(to: query, turn: turn, isShort: true)
    }

    /// The answer to a message without a question that could be read.
    package static func refusal(id: UInt16, _ code: DNSCode) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(word: id)
        bytes.append(word: 0x8000 | code.rawValue)
        return bytes + [UInt8](repeating: 0, count: 8)
    }

    // MARK: - Private

    private func bytes(to query: DNSQuery, turn: Int, isShort: Bool) -> [UInt8] {
        let authority = isShort || !records.isEmpty ? nil : zone
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + query.name.wire.count + (isShort ? 0 : records.count * 28))
        bytes.append(word: query.id)
        // An answer, which may be recursive; authoritative for what is ours.
        var flags: UInt16 = 0x8080 | code.rawValue & 0xf
        if zone != nil { flags |= 0x0400 }
        if isShort { flags |= 0x0200 }
        if query.recursionDesired { flags |= 0x0100 }
        bytes.append(word: flags)
        bytes.append(word: 1)
        bytes.append(word: isShort ? 0 : UInt16(clamping: records.count))
        bytes.append(word: authority == nil ? 0 : 1)
        bytes.append(word: query.edns == nil ? 0 : 1)
        bytes += query.name.wire
        bytes.append(word: query.type)
        bytes.append(word: 1)
        if !isShort {
            for index in records.indices {
                let record = records[(index + turn) % records.count]
                // The question's own name, by a pointer to it.
                bytes.append(word: 0xc00c)
                Self.append(record, lifetime: Self.lifetime, to: &bytes)
            }
        }
        if let authority {
            bytes += authority.wire
            Self.append(start(of: authority), lifetime: Self.negativeLifetime, to: &bytes)
        }
        if query.edns != nil { bytes += DNSQuery.EDNS(udpSize: DNSQuery.udpSize).record(code: code.rawValue) }
        return bytes
    }

    private static func append(_ record: Record, lifetime: UInt32, to bytes: inout [UInt8]) {
        bytes.append(word: record.type)
        bytes.append(word: 1)
        bytes.append(long: lifetime)
        bytes.append(word: UInt16(clamping: record.data.count))
        bytes += record.data
    }

    /// Where a zone begins, whose last number is how long "there is none" may be believed.
    ///
    /// > Source: RFC 2308, section 4.
    private func start(of zone: DNSName) -> Record {
        var data: [UInt8] = [2, 110, 115] + zone.wire + [4, 114, 111, 111, 116] + zone.wire
        for number in [serial, 60, 60, 60, Self.negativeLifetime] { data.append(long: number) }
        return Record(type: DNSType.soa, data: data)
    }
}
