package import NIOCore

extension RequestHead {
    /// Appends the head as the app gets it.
    ///
    /// What the client says about the way so far is dropped, but for the list of addresses, which grows by one.
    ///
    /// > Source: `proxy-dns`, section 12.1; RFC 9110, section 7.6.
    package func write(to buffer: inout ByteBuffer, as passage: Passage) {
        let bytes = fields.bytes
        buffer.writeString(method)
        buffer.writeStaticString(" ")
        if target.isEmpty || bytes[target.lowerBound] == 63 { buffer.writeStaticString("/") }
        buffer.writeBytes(bytes[target])
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeBytes(bytes[authority])
        buffer.writeStaticString("\r\n")
        for line in fields.lines where isPassedOn(line) { buffer.write(line, of: fields) }
        writeFraming(to: &buffer)
        if let upgrade {
            buffer.writeStaticString("Connection: Upgrade\r\nUpgrade: ")
            buffer.writeBytes(bytes[upgrade])
            buffer.writeStaticString("\r\n")
        }
        if acceptsTrailers { buffer.writeStaticString("TE: trailers\r\n") }
        writeWay(to: &buffer, passage)
        buffer.writeStaticString("\r\n")
    }

    // MARK: - Private

    private func isPassedOn(_ line: Fields.Line) -> Bool {
        switch line.kind {
        case .other, .via, .server: nominated.isEmpty || !fields.isNominated(line.name, in: nominated)
        case .host, .connection, .contentLength, .transferEncoding, .upgrade, .te, .forwardedFor, .requestID, .hop,
            .edge, .disguised:
            false
        }
    }

    private func writeFraming(to buffer: inout ByteBuffer) {
        switch framing {
        case .none, .untilClose: break
        case .length(let length): buffer.writeString("Content-Length: \(length)\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
    }

    private func writeWay(to buffer: inout ByteBuffer, _ passage: Passage) {
        buffer.writeStaticString("X-Forwarded-For: ")
        for line in fields.lines where line.kind == .forwardedFor && !line.value.isEmpty {
            buffer.writeBytes(fields.bytes[line.value])
            buffer.writeStaticString(", ")
        }
        buffer.writeString(
            """
            \(passage.peerAddress)\r
            X-Forwarded-Proto: \(passage.secure ? "https" : "http")\r
            X-Forwarded-Port: \(passage.port)\r
            X-Forwarded-SSL: \(passage.secure ? "on" : "off")\r
            Fly-Client-IP: \(passage.clientAddress)\r
            Fly-Forwarded-Port: \(passage.port)\r
            Fly-Forwarded-Proto: \(passage.secure ? "https" : "http")\r
            Fly-Region: \(passage.region)\r
            Fly-Request-Id: \(passage.requestID)\r
            Via: 1.1 roost\r\n
            """
        )
    }
}

extension Fields {
    /// Whether `Connection` names this field.
    func isNominated(_ name: Range<Int>, in nominated: [Range<Int>]) -> Bool {
        nominated.contains { member in
            member.count == name.count
                && zip(bytes[member], bytes[name]).allSatisfy { Characters.lowered($0) == Characters.lowered($1) }
        }
    }
}

extension ByteBuffer {
    /// One field, byte for byte.
    mutating func write(_ line: Fields.Line, of fields: Fields) {
        writeBytes(fields.bytes[line.name])
        writeStaticString(": ")
        writeBytes(fields.bytes[line.value])
        writeStaticString("\r\n")
    }

    /// What goes before the bytes of a chunk; CRLF goes after them.
    mutating func writeChunkSize(_ size: Int) {
        writeString(String(size, radix: 16))
        writeStaticString("\r\n")
    }

    /// The last chunk, and what may be passed on of the trailers: never what frames, routes or vouches.
    mutating func writeLastChunk(_ trailers: Fields?) {
        writeStaticString("0\r\n")
        if let trailers {
            for line in trailers.lines where line.kind == .other { write(line, of: trailers) }
        }
        writeStaticString("\r\n")
    }
}
