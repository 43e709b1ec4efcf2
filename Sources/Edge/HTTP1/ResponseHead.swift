/// The head of an app's response.
package struct ResponseHead: Sendable {
    package let fields: Fields
    package let status: Int
    package let reason: Range<Int>
    package private(set) var framing: BodyFraming
    /// The app takes another request on this connection.
    package private(set) var keepAlive: Bool
    package private(set) var nominated: [Range<Int>] = []
    /// It has a length beside its transfer encoding, which then says nothing.
    package private(set) var dropsLength = false
    /// It may say to send the request elsewhere.
    package private(set) var mayReplay = false

    /// Reads a head with its final empty line; after a HEAD request no body follows, whatever the head says.
    ///
    /// > Source: RFC 9112, sections 4 and 6.3.
    package init(_ bytes: [UInt8], isHead: Bool) throws(Malformed) {
        guard bytes.count >= 14, Characters.equal(bytes, 0..<7, "http/1."), bytes[8] == 32,
            let minor = Characters.decimal(bytes, 7..<8), let status = Characters.decimal(bytes, 9..<12),
            (100...599).contains(status)
        else { throw Malformed("bad status line") }
        var index = 12
        while index < bytes.count, Characters.isValue(bytes[index]) { index += 1 }
        guard index + 1 < bytes.count, bytes[index] == 13, bytes[index + 1] == 10,
            index == 12 || bytes[12] == 32
        else { throw Malformed("bad status line") }
        self.status = status
        reason = Characters.trimmed(bytes, 12..<index)
        fields = try Fields(bytes, from: index + 2, maximum: Self.maximumFields)
        keepAlive = minor >= 1
        framing = .untilClose
        try readFraming(minor: minor)
        try readConnection(minor: minor)
        if isHead || status < 200 || status == 204 || status == 304 { framing = .none }
        // An app that says its length in two ways may be wrong about the next answer's beginning too.
        if framing == .untilClose || dropsLength { keepAlive = false }
    }

    /// 1xx, but for the 101 that ends HTTP on the connection.
    package var isInformational: Bool { status < 200 && status != 101 }

    // MARK: - Private

    private static let maximumFields = 256
    private static let replayType: StaticString = "application/vnd.fly.replay+json"

    /// > Source: RFC 9112, section 6.3: the transfer encoding overrides the length, which a gateway takes away.
    private mutating func readFraming(minor: Int) throws(Malformed) {
        var length: Int?
        for line in fields.lines {
            switch line.kind {
            case .contentLength:
                // The same length twice is a common slip of apps, and harms nobody: one is passed on.
                guard let value = Characters.decimal(fields.bytes, line.value), length == nil || length == value else {
                    throw Malformed("a bad length, or two that contradict each other")
                }
                length = value
            case .transferEncoding:
                guard minor >= 1, framing == .untilClose, Characters.equal(fields.bytes, line.value, "chunked") else {
                    throw Malformed("a transfer encoding other than chunked, or two of them")
                }
                framing = .chunked
            case .replay: mayReplay = true
            case .contentType:
                if Characters.equal(fields.bytes, Characters.beforeSemicolon(fields.bytes, line.value), Self.replayType)
                {
                    mayReplay = true
                }
            default: continue
            }
        }
        guard let length else { return }
        if framing == .chunked { dropsLength = true } else { framing = .length(length) }
    }

    private mutating func readConnection(minor: Int) throws(Malformed) {
        for line in fields.lines where line.kind == .connection {
            for member in Characters.list(fields.bytes, line.value) {
                if Characters.equal(fields.bytes, member, "close") {
                    keepAlive = false
                } else if Characters.equal(fields.bytes, member, "keep-alive") {
                    if minor == 0 { keepAlive = true }
                } else if !Characters.equal(fields.bytes, member, "upgrade") {
                    guard nominated.count < 64 else { throw Malformed("too many connection options") }
                    nominated.append(member)
                }
            }
        }
    }
}
