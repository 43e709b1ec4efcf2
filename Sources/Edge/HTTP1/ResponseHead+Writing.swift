package import NIOCore

extension ResponseHead {
    /// Appends the head as the client gets it.
    ///
    /// `framing` is how the client is told the body's end, `connection` the value of that field; `requestID` is nil for
    /// 1xx, which carry none of our fields.
    package func write(to buffer: inout ByteBuffer, framing: BodyFraming, connection: StaticString?, requestID: String?)
    {
        buffer.writeString("HTTP/1.1 \(status) ")
        buffer.writeBytes(fields.bytes[reason])
        buffer.writeStaticString("\r\n")
        var server = false
        var length = false
        for line in fields.lines where nominated.isEmpty || !fields.isNominated(line.name, in: nominated) {
            switch line.kind {
            case .connection, .transferEncoding, .hop, .requestID: continue
            case .contentLength:
                if length || dropsLength || framing == .chunked || status < 200 || status == 204 { continue }
                length = true
            case .upgrade: if status != 101 && status != 426 { continue }
            case .server: server = true
            case .other, .host, .te, .via, .forwardedFor, .edge, .disguised: break
            }
            buffer.write(line, of: fields)
        }
        if framing == .chunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
        if let connection { buffer.writeString("Connection: \(connection)\r\n") }
        if let requestID {
            if !server { buffer.writeStaticString("Server: Roost\r\n") }
            buffer.writeString("Via: 1.1 roost\r\nFly-Request-Id: \(requestID)\r\n")
        }
        buffer.writeStaticString("\r\n")
    }
}
