/// `GET /path HTTP/1.1`, taken apart.
struct RequestLine {
    let method: String
    /// In origin form; of an absolute target the part from the path on, empty when it has none.
    let target: Range<Int>
    /// The host of an absolute target.
    let authority: Range<Int>?
    let minor: Int
    /// Where the first field begins.
    let end: Int

    init(_ bytes: [UInt8], maximum: Int) throws(Malformed) {
        var index = 0
        while index < bytes.count, Characters.isToken(bytes[index]) { index += 1 }
        guard index > 0, index <= 32, index < bytes.count, bytes[index] == 32 else { throw Malformed("bad method") }
        method = String(decoding: bytes[..<index], as: UTF8.self)
        index += 1
        let start = index
        while index < bytes.count, bytes[index] > 32, bytes[index] < 127 { index += 1 }
        guard index > start, index < bytes.count, bytes[index] == 32 else { throw Malformed("bad target") }
        guard index - start <= maximum else { throw Malformed(414, "target of \(index - start) bytes") }
        minor = try Self.version(bytes, at: index + 1)
        end = index + 11
        (authority, target) = try Self.split(bytes, start..<index, method)
    }

    private static func version(_ bytes: [UInt8], at start: Int) throws(Malformed) -> Int {
        guard start + 10 <= bytes.count, Characters.equal(bytes, start..<start + 5, "http/"), bytes[start] == 72 else {
            throw Malformed("bad version")
        }
        guard bytes[start + 6] == 46, bytes[start + 8] == 13, bytes[start + 9] == 10 else {
            throw Malformed("bad version")
        }
        guard bytes[start + 5] == 49, (48...57).contains(bytes[start + 7]) else {
            throw Malformed(505, "not HTTP/1.0 or 1.1")
        }
        // RFC 9110, 2.5: a higher minor version is read as the highest that is known.
        return min(Int(bytes[start + 7] - 48), 1)
    }

    private static func split(
        _ bytes: [UInt8],
        _ target: Range<Int>,
        _ method: String
    ) throws(Malformed) -> (authority: Range<Int>?, target: Range<Int>) {
        // A TRACE would tell the app's client all that is added to a request on its way (RFC 9110, 9.3.8).
        if method == "CONNECT" || method == "TRACE" { throw Malformed(405, method) }
        if bytes[target.lowerBound] == 47 { return (nil, target) }
        if target.count == 1, bytes[target.lowerBound] == 42, method == "OPTIONS" { return (nil, target) }
        for scheme: StaticString in ["http://", "https://"] {
            let length = scheme.utf8CodeUnitCount
            let prefix = target.lowerBound..<target.lowerBound + length
            guard target.count > length, Characters.equal(bytes, prefix, scheme) else { continue }
            let host = prefix.upperBound
            let path = bytes[host..<target.upperBound].firstIndex { $0 == 47 || $0 == 63 } ?? target.upperBound
            guard path > host else { break }
            return (host..<path, path..<target.upperBound)
        }
        throw Malformed("target in no known form")
    }
}
