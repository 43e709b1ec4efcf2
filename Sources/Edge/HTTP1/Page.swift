package import NIOCore

/// A response of the edge's own: a status and its name, nothing about what is behind.
package struct Page: Equatable, Sendable {
    package var status: Int
    /// Seconds for `Retry-After`.
    package var retryAfter: Int?
    /// Where to go instead.
    package var location: String?
    /// Whole header lines beside the usual ones.
    package var lines = ""
    /// The body, when it is another than the status and its name.
    package var text: String?

    package init(_ status: Int, retryAfter: Int? = nil, location: String? = nil, text: String? = nil) {
        self.status = status
        self.retryAfter = retryAfter
        self.location = location
        self.text = text
    }

    /// Appends the whole response, but for the body when it answers a HEAD request.
    ///
    /// `connection` is the value of that field, `requestID` nil when no request was understood, `date` a whole line.
    package func write(
        to buffer: inout ByteBuffer,
        isHead: Bool,
        connection: StaticString?,
        requestID: String?,
        date: [UInt8] = []
    ) {
        let body = text ?? "\(status) \(Self.reason(status))\n"
        buffer.writeString("HTTP/1.1 \(status) \(Self.reason(status))\r\nServer: Roost\r\n")
        buffer.writeBytes(date)
        // RFC 9110, 15.5.6: what the edge itself refuses; an app may know fewer.
        if status == 405 { buffer.writeStaticString("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n") }
        buffer.writeString("Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n")
        if let retryAfter { buffer.writeString("Retry-After: \(retryAfter)\r\n") }
        if let location { buffer.writeString("Location: \(location)\r\n") }
        buffer.writeString(lines)
        if let connection { buffer.writeString("Connection: \(connection)\r\n") }
        if let requestID { buffer.writeString("Via: 1.1 roost\r\nFly-Request-Id: \(requestID)\r\n") }
        buffer.writeString("\r\n")
        if !isHead { buffer.writeString(body) }
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 304: "Not Modified"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 403: "Forbidden"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 416: "Range Not Satisfiable"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
