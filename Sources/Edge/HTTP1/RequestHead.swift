/// The head of a request that keeps all rules: anything doubtful was refused when it was read.
package struct RequestHead: Sendable {
    package let fields: Fields
    package let method: String
    /// In origin form, `/path?query`, or `*`.
    package let target: Range<Int>
    /// 0 or 1, of HTTP/1.
    package let minor: Int
    /// Who is meant, as the client wrote it: from the target when that is absolute, else from `Host`.
    package private(set) var authority: Range<Int>
    package private(set) var framing = BodyFraming.none
    /// The client can take another response on this connection.
    package private(set) var keepAlive: Bool
    /// The value of `Upgrade`, when the client asked for one that we pass on.
    package private(set) var upgrade: Range<Int>?
    package private(set) var acceptsTrailers = false
    /// It has a `traceparent`.
    package private(set) var isTraced = false
    /// It says where it should go.
    package private(set) var isRouted = false
    /// Names that `Connection` declares to be of this hop only, beside the well-known ones.
    package private(set) var nominated: [Range<Int>] = []

    /// What may be asked of the head's size.
    package struct Bounds: Sendable {
        /// Bytes of the target.
        package var target: Int
        package var fields: Int

        package init(target: Int, fields: Int) {
            self.target = target
            self.fields = fields
        }
    }

    /// Reads a head with its final empty line.
    ///
    /// > Source: RFC 9112, sections 2 to 6 and 11.2; RFC 9110, section 7.2.
    package init(_ bytes: [UInt8], bounds: Bounds) throws(Malformed) {
        let line = try RequestLine(bytes, maximum: bounds.target)
        fields = try Fields(bytes, from: line.end, maximum: bounds.fields)
        method = line.method
        minor = line.minor
        keepAlive = line.minor == 1
        target = line.target
        authority = try Self.authority(fields, line)
        try readFraming()
        try readConnection()
    }

    /// The host that is asked for: lower case, without port and final dot.
    package var host: String {
        var name = fields.bytes[authority]
        if name.last != 93, let colon = name.lastIndex(of: 58) { name = name[..<colon] }
        if name.last == 46 { name.removeLast() }
        return String(decoding: name.map(Characters.lowered), as: UTF8.self)
    }

    /// Sending it twice does what sending it once does.
    package var isIdempotent: Bool { ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(method) }

    /// The method and the path, for logs: without the query, which may hold secrets, and cut to a line's length.
    package var line: String {
        let path = fields.bytes[target].prefix { $0 != 63 }.prefix(200)
        return "\(method) \(path.isEmpty ? "/" : String(decoding: path, as: UTF8.self))"
    }

    /// The path without the query, as it was asked for.
    package var path: String {
        let path = fields.bytes[target].prefix { $0 != 63 }
        return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
    }

    /// Takes the host for the one that a trusted proxy names, when that is a host at all; it comes from `fields`.
    package mutating func believe(host: Range<Int>) {
        guard !host.isEmpty, Authority.isValid(fields.bytes[host]) else { return }
        authority = host
    }

    // MARK: - Private

    private static func authority(_ fields: Fields, _ line: RequestLine) throws(Malformed) -> Range<Int> {
        let hosts = fields.lines.filter { $0.kind == .host }
        guard hosts.count <= 1 else { throw Malformed("several Host fields") }
        guard let host = hosts.first?.value ?? (line.minor == 0 ? line.target.lowerBound..<line.target.lowerBound : nil)
        else { throw Malformed("no Host field") }
        for range in [host, line.authority ?? host] {
            guard Authority.isValid(fields.bytes[range]) else { throw Malformed("no host, or no port, in the host") }
        }
        return line.authority ?? host
    }

    private mutating func readFraming() throws(Malformed) {
        var unknownCoding = false
        for line in fields.lines {
            switch line.kind {
            case .contentLength:
                guard framing == .none else { throw Malformed("more than one length") }
                guard let length = Characters.decimal(fields.bytes, line.value) else { throw Malformed("bad length") }
                framing = .length(length)
            case .transferEncoding:
                guard framing == .none else { throw Malformed("more than one length") }
                guard minor == 1, let codings = TransferCodings(fields.bytes, line.value) else {
                    throw Malformed("a bad transfer encoding")
                }
                guard codings == .chunked else {
                    guard !unknownCoding else { throw Malformed("more than one length") }
                    unknownCoding = true
                    break
                }
                framing = .chunked
            case .trace: isTraced = true
            case .routing: isRouted = true
            default: continue
            }
            // Beside another length or coding it is an attack rather than a wish.
            if unknownCoding, framing != .none { throw Malformed("more than one length") }
        }
        if unknownCoding { throw Malformed(501, "a transfer encoding other than chunked") }
    }

    private mutating func readConnection() throws(Malformed) {
        var upgrades = false
        for line in fields.lines {
            switch line.kind {
            case .connection:
                for member in Characters.list(fields.bytes, line.value) {
                    if Characters.equal(fields.bytes, member, "close") {
                        keepAlive = false
                    } else if Characters.equal(fields.bytes, member, "keep-alive") {
                        if minor == 0 { keepAlive = true }
                    } else if Characters.equal(fields.bytes, member, "upgrade") {
                        upgrades = true
                    } else {
                        // Each is looked for among all fields, so a list without end would cost a second of this loop.
                        guard nominated.count < 64 else { throw Malformed(431, "too many connection options") }
                        nominated.append(member)
                    }
                }
            case .upgrade: upgrade = line.value
            case .te:
                acceptsTrailers = Characters.list(fields.bytes, line.value)
                    .contains { Characters.equal(fields.bytes, $0, "trailers") }
            default: continue
            }
        }
        // h2c would let the client speak to the app behind our back, with whatever Fly-Client-IP it likes. After a body
        // with a length the tunnel begins at a known byte; a chunked one would have to be taken apart up to there, and
        // the wish may be ignored (RFC 9110, 7.8).
        let tunnels = upgrades && minor == 1 && framing != .chunked
        if let value = upgrade,
            !tunnels || value.isEmpty || !Characters.equal(fields.bytes, value, "websocket") && isH2C
        {
            upgrade = nil
        }
    }

    private var isH2C: Bool {
        guard let upgrade else { return false }
        return Characters.list(fields.bytes, upgrade).contains {
            $0.count >= 2 && Characters.equal(fields.bytes, $0.lowerBound..<$0.lowerBound + 2, "h2")
        }
    }
}
