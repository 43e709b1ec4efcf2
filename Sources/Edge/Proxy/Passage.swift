package import Model

/// What the edge tells the app and the client about one request.
package struct Passage: Sendable {
    /// ULID, a hyphen, the edge's region.
    package var requestID: String
    /// The address of whoever opened the connection, without port.
    package var peerAddress: String
    /// The client's: the peer's, or what a trusted proxy says of whom it speaks for.
    package var clientAddress: String
    /// The port that the client reached.
    package var port: Int
    package var region: String
    /// The client came over TLS.
    package var secure: Bool
    /// Of HTTP, as the client speaks it.
    package var version: StaticString = "1.1"
    /// A trusted proxy in front said which scheme the client used.
    package var schemeSaid = false
    /// `traceparent`, for a request that has none.
    package var trace = ""
    /// What was changed when the request was sent elsewhere.
    package var detour: Detour?

    package init(requestID: String, clientAddress: String, port: Int, region: String, secure: Bool = false) {
        self.requestID = requestID
        peerAddress = clientAddress
        self.clientAddress = clientAddress
        self.port = port
        self.region = region
        self.secure = secure
    }
}

extension Passage {
    /// Takes what a trusted proxy says of the request's way so far: scheme, port and the client's address.
    ///
    /// What it does not say, or says in a form that nobody writes, stays as the connection itself shows it.
    package mutating func believe(_ head: RequestHead, trusting proxies: [AddressBlock]) {
        let fields = head.fields
        believeAddresses(fields, proxies)
        guard let scheme = fields.first("x-forwarded-proto").map(Self.first)?.lowercased() else { return }
        switch scheme {
        case "https", "wss": secure = true
        case "http", "ws": secure = false
        default: return
        }
        schemeSaid = true
        let said = fields.first("x-forwarded-port").map(Self.first) ?? Self.port(of: fields.text(head.authority))
        if let number = said.flatMap({ Int($0) }), (1...65_535).contains(number) {
            port = number
        } else {
            port = secure ? 443 : 80
        }
    }

    // MARK: - Private

    /// From the right, each address stands for the one before it as long as that one is trusted.
    private mutating func believeAddresses(_ fields: Fields, _ proxies: [AddressBlock]) {
        let all = fields.lines.filter { $0.kind == .forwardedFor }.flatMap {
            fields.text($0.value).split(separator: ",")
        }
        for text in all.reversed().prefix(64) {
            guard let address = IPAddress(forwarded: text) else { return }
            clientAddress = address.text
            guard proxies.contains(where: { $0.contains(address) }) else { return }
        }
    }

    private static func first(_ list: String) -> String {
        String(list.prefix { $0 != "," }).trimmingBlanks
    }

    private static func port(of authority: String) -> String? {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return nil }
        return String(authority[authority.index(after: colon)...])
    }
}

extension StringProtocol {
    /// Without the blanks around it.
    fileprivate var trimmingBlanks: String {
        let rest = drop { $0 == " " || $0 == "\t" }
        var text = String(rest)
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
