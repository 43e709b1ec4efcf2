package import NIOCore

/// A response of the edge's own: a status and its name, nothing about what is behind.
package struct Page: Equatable, Sendable {
    package var status: Int
    /// Seconds for `Retry-After`.
    package var retryAfter: Int?

    package init(_ status: Int, retryAfter: Int? = nil) {
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Appends the whole response, but for the body when it answers a HEAD request.
    ///
    /// `connection` is the value of that field, `requestID` nil when no request was understood.
    package func write(to buffer: inout ByteBuffer, isHead: Bool, connection: StaticString?, requestID: String?) {
        let body = "\(status) \(Self.reason(status))\n"
        buffer.writeString("HTTP/1.1 \(status) \(Self.reason(status))\r\nServer: Roost\r\n")
        buffer.writeString("Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n")
        if let retryAfter { buffer.writeString("Retry-After: \(retryAfter)\r\n") }
        if let connection { buffer.writeString("Connection: \(connection)\r\n") }
        if let requestID { buffer.writeString("Via: 1.1 roost\r\nFly-Request-Id: \(requestID)\r\n") }
        buffer.writeString("\r\n")
        if !isHead { buffer.writeString(body) }
    }

    // MARK: - Private

    private static func reason(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 414: "URI Too Long"
        case 431: "Request Header Fields Too Large"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
