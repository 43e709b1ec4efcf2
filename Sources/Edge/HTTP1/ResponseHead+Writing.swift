package import NIOCore

extension ResponseHead {
    /// How the client gets an answer's head.
    package struct Form {
        /// How the client is told the body's end.
        package var framing: BodyFraming
        /// The value of that field.
        package var connection: StaticString?
        /// Nil for 1xx, which carry none of our fields.
        package var requestID: String?
        /// The line to add when the app sends none.
        package var date: [UInt8] = []
        package var rules: AnswerRules?
        /// The client came over TLS.
        package var secure = false
        /// What the edge does to the body, which the app has left as it is.
        package var encoding: ContentCoding?

        package init(framing: BodyFraming, connection: StaticString? = nil, requestID: String? = nil) {
            self.framing = framing
            self.connection = connection
            self.requestID = requestID
        }
    }

    /// Appends the head as the client gets it.
    package func write(to buffer: inout ByteBuffer, as form: Form) {
        buffer.write("HTTP/1.1 ", String(status), " ")
        buffer.writeBytes(fields.bytes[reason])
        buffer.writeStaticString("\r\n")
        var seen = Seen()
        for line in fields.lines where nominated.isEmpty || !fields.isNominated(line.name, in: nominated) {
            guard isPassedOn(line, form, &seen) else { continue }
            if form.encoding != nil, isChanged(line, &buffer, &seen) { continue }
            buffer.write(line, of: fields)
        }
        if form.framing == .chunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
        if let connection = form.connection {
            buffer.writeStaticString("Connection: ")
            buffer.writeStaticString(connection)
            buffer.writeStaticString("\r\n")
        }
        if let encoding = form.encoding {
            buffer.writeString("Content-Encoding: \(encoding.rawValue)\r\n")
            if !seen.vary { buffer.writeStaticString("Vary: Accept-Encoding\r\n") }
        }
        writeOwn(to: &buffer, form, seen)
        buffer.writeStaticString("\r\n")
    }

    // MARK: - Private

    private struct Seen {
        var server = false
        var date = false
        var length = false
        var vary = false
    }

    private func isPassedOn(_ line: Fields.Line, _ form: Form, _ seen: inout Seen) -> Bool {
        switch line.kind {
        case .connection, .transferEncoding, .hop: return false
        case .requestID: return form.rules?.isPristine ?? false
        case .contentLength:
            if seen.length || dropsLength || form.framing == .chunked || status < 200 || status == 204 { return false }
            seen.length = true
            return true
        case .upgrade: return status == 101 || status == 426
        case .server: seen.server = true
        case .date: seen.date = true
        case .other, .host, .te, .via, .forwardedFor, .edge, .disguised, .contentType, .contentEncoding, .trace,
            .routing, .replay:
            break
        }
        return !(form.rules?.drops(fields.bytes[line.name]) ?? false)
    }

    /// Writes what a changed body changes; false for all other fields.
    private func isChanged(_ line: Fields.Line, _ buffer: inout ByteBuffer, _ seen: inout Seen) -> Bool {
        let bytes = fields.bytes
        if Characters.equal(bytes, line.name, "accept-ranges") { return true }
        if Characters.equal(bytes, line.name, "vary") {
            seen.vary = true
            let known = Characters.list(bytes, line.value).contains {
                Characters.equal(bytes, $0, "accept-encoding") || bytes[$0] == [42]
            }
            guard !known else { return false }
            buffer.writeString("Vary: \(fields.text(line.value)), Accept-Encoding\r\n")
            return true
        }
        // Not the same bytes any more, which is what a strong one would say (RFC 9110, 8.8.1).
        if Characters.equal(bytes, line.name, "etag"), bytes[line.value].first == 34 {
            buffer.writeString("ETag: W/\(fields.text(line.value))\r\n")
            return true
        }
        return false
    }

    private func writeOwn(to buffer: inout ByteBuffer, _ form: Form, _ seen: Seen) {
        guard let requestID = form.requestID else { return }
        if !seen.date { buffer.writeBytes(form.date) }
        guard let rules = form.rules else {
            if !seen.server { buffer.writeStaticString("Server: Roost\r\n") }
            buffer.write("Via: 1.1 roost\r\nFly-Request-Id: ", requestID, "\r\n")
            return
        }
        if !rules.isPristine {
            let own = [
                ("Server", seen.server ? nil : "Roost"), ("Via", "1.1 roost"), ("Fly-Request-Id", requestID),
            ]
            for (name, value) in own where !rules.drops(name.utf8) {
                if let value { buffer.writeString("\(name): \(value)\r\n") }
            }
        }
        buffer.writeBytes(rules.added)
        buffer.writeBytes(rules.missing(in: fields, secure: form.secure))
    }
}
