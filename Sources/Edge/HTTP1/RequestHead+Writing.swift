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
        if let path = passage.detour?.path {
            buffer.writeString(path)
        } else {
            if target.isEmpty || bytes[target.lowerBound] == 63 { buffer.writeStaticString("/") }
            buffer.writeBytes(bytes[target])
        }
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeBytes(bytes[authority])
        buffer.writeStaticString("\r\n")
        for line in fields.lines where isPassedOn(line) {
            if let detour = passage.detour, detour.drops(fields.bytes[line.name]) { continue }
            buffer.write(line, of: fields)
        }
        if !isTraced, !passage.trace.isEmpty { buffer.write("traceparent: ", passage.trace, "\r\n") }
        if let detour = passage.detour { buffer.writeBytes(detour.lines) }
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
        case .other, .via, .server, .date, .contentType, .contentEncoding, .trace, .routing, .replay:
            nominated.isEmpty || !fields.isNominated(line.name, in: nominated)
        case .host, .connection, .contentLength, .transferEncoding, .upgrade, .te, .forwardedFor, .requestID, .hop,
            .edge, .disguised:
            false
        }
    }

    private func writeFraming(to buffer: inout ByteBuffer) {
        switch framing {
        case .none, .untilClose: break
        case .length(let length): buffer.write("Content-Length: ", String(length), "\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
    }

    private func writeWay(to buffer: inout ByteBuffer, _ passage: Passage) {
        buffer.writeStaticString("X-Forwarded-For: ")
        for line in fields.lines where line.kind == .forwardedFor && !line.value.isEmpty {
            buffer.writeBytes(fields.bytes[line.value])
            buffer.writeStaticString(", ")
        }
        let port = String(passage.port)
        let secure = passage.secure
        buffer.write("", passage.peerAddress, "\r\nX-Forwarded-Proto: ")
        buffer.writeStaticString(secure ? "https\r\nX-Forwarded-Port: " : "http\r\nX-Forwarded-Port: ")
        buffer.writeString(port)
        buffer.writeStaticString(secure ? "\r\nX-Forwarded-SSL: on" : "\r\nX-Forwarded-SSL: off")
        buffer.write("\r\nFly-Client-IP: ", passage.clientAddress, "\r\nFly-Forwarded-Port: ")
        buffer.writeString(port)
        buffer.writeStaticString(
            secure
                ? "\r\nFly-Forwarded-Proto: https\r\nFly-Forwarded-Ssl: on"
                : "\r\nFly-Forwarded-Proto: http\r\nFly-Forwarded-Ssl: off"
        )
        buffer.write("\r\nFly-Region: ", passage.region, "\r\nFly-Request-Id: ")
        buffer.write("", passage.requestID, "\r\nVia: ")
        buffer.writeStaticString(passage.version)
        buffer.writeStaticString(" roost\r\n")
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
    /// A text between two of our own, without the new one that an interpolation makes for each request.
    mutating func write(_ before: StaticString, _ text: String, _ after: StaticString) {
        writeStaticString(before)
        writeString(text)
        writeStaticString(after)
    }

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
            for line in trailers.lines where TrailerRules.passes(line, of: trailers) { write(line, of: trailers) }
        }
        writeStaticString("\r\n")
    }
}
