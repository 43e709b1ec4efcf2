import Foundation
package import NIOCore
package import NIOHPACK

/// A request's head as HTTP/2 has it, written as HTTP/1.1 has it, for the one parser and the one driver that the edge has.
///
/// Everything that could mean two things in the other form is refused: it is how requests are smuggled through gateways.
/// What is written is read by `RequestHead`, whose rules come on top.
///
/// > Source: RFC 9113, sections 8.2 and 8.3; RFC 9110, section 5.5.
package struct RequestTranslation: Sendable {
    /// Whether the body is written in chunks, as nobody knows its length.
    package let isChunked: Bool
    package let isHead: Bool
    /// It wants a WebSocket, which HTTP/1.1 opens in another way.
    package let isTunnel: Bool

    private let method: String
    private let path: String
    private let authority: String

    /// Takes pseudo-fields apart; `ends` says that no body follows.
    package init(_ headers: HPACKHeaders, ends: Bool) throws(Malformed) {
        let verb = try Self.one(":method", headers)
        path = try Self.one(":path", headers)
        // RFC 8441, section 4: any other protocol than the one that is registered has no form in HTTP/1.1 here.
        isTunnel = verb == "CONNECT" && headers[":protocol"] == ["websocket"]
        guard isTunnel || (verb != "CONNECT" && headers[":protocol"].isEmpty) else { throw Malformed(405, "CONNECT") }
        guard !isTunnel || (!ends && headers["content-length"].isEmpty) else { throw Malformed("bad CONNECT") }
        method = isTunnel ? "GET" : verb
        guard method.utf8.allSatisfy(Characters.isToken) else { throw Malformed("bad method") }
        guard path.utf8.first == 47 || (path == "*" && method == "OPTIONS"),
            path.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { throw Malformed("bad path") }
        let named = headers[":authority"]
        let hosts = headers["host"]
        guard named.count <= 1, hosts.count <= 1, let authority = named.first ?? hosts.first else {
            throw Malformed("no authority")
        }
        // Two names for one request are two readings of it.
        if let host = hosts.first, host.lowercased() != authority.lowercased() {
            throw Malformed("Host is another than :authority")
        }
        self.authority = authority
        isHead = method == "HEAD"
        isChunked = !ends && !isTunnel && headers["content-length"].isEmpty
        for (name, value, _) in headers { try Self.check(name, value) }
    }

    /// Writes the whole head.
    package func write(_ headers: HPACKHeaders, to buffer: inout ByteBuffer) {
        buffer.writeString("\(method) \(path) HTTP/1.1\r\nhost: \(authority)\r\n")
        var cookies: [String] = []
        for (name, value, _) in headers where !name.hasPrefix(":") && name != "host" {
            if isTunnel, name == "sec-websocket-key" { continue }
            // RFC 9113, 8.2.3: pieces of one field, which HTTP/1.1 has in one line.
            if name == "cookie" {
                cookies.append(value)
            } else {
                buffer.writeString("\(name): \(value)\r\n")
            }
        }
        if !cookies.isEmpty { buffer.writeString("cookie: \(cookies.joined(separator: "; "))\r\n") }
        if isChunked { buffer.writeStaticString("transfer-encoding: chunked\r\n") }
        if isTunnel {
            // RFC 6455, section 4.1: 16 bytes that nobody else has said; HTTP/2 needs none.
            let key = Data((0..<16).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
            buffer.writeString("sec-websocket-key: \(key)\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        } else {
            // One request a stream: nothing may follow it.
            buffer.writeStaticString("connection: close\r\n\r\n")
        }
    }

    /// Trailers as the end of a chunked body; those that may not stand there are left out.
    package static func writeEnd(_ trailers: HPACKHeaders?, to buffer: inout ByteBuffer) throws(Malformed) {
        buffer.writeStaticString("0\r\n")
        for (name, value, _) in trailers ?? [:] where !name.hasPrefix(":") {
            try check(name, value)
            buffer.writeString("\(name): \(value)\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    // MARK: - Private

    private static func one(_ name: String, _ headers: HPACKHeaders) throws(Malformed) -> String {
        let values = headers[name]
        guard values.count == 1, let value = values.first, !value.isEmpty else { throw Malformed("no \(name)") }
        return value
    }

    static func check(_ name: String, _ value: String) throws(Malformed) {
        let bare = name.hasPrefix(":") ? name.dropFirst() : Substring(name)
        guard !bare.isEmpty, bare.utf8.allSatisfy({ Characters.isToken($0) && !(65...90).contains($0) }) else {
            throw Malformed("bad field name")
        }
        guard value.utf8.allSatisfy(Characters.isValue) else { throw Malformed("bad field value") }
        switch name {
        case "connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection", "http2-settings":
            throw Malformed("\(name) in HTTP/2")
        case "te": guard value.lowercased() == "trailers" else { throw Malformed("te other than trailers") }
        default: break
        }
    }
}
