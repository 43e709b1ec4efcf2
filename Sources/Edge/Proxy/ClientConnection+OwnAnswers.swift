import Model
import NIOCore

extension ClientConnection {
    /// What the edge answers before it looks for a Machine: an authority's question, a redirect to TLS.
    func ownAnswer(_ head: RequestHead) -> Page? {
        let path = head.fields.bytes[head.target]
        // Before everything else, also for apps that sleep and hosts that are not known yet: the authority asks for the
        // name before there is anything behind it.
        if path.starts(with: Self.challengePath), ["GET", "HEAD"].contains(head.method) {
            let token = String(decoding: path.dropFirst(Self.challengePath.count), as: UTF8.self)
            if let answer = loop.shared.certificates.answer(to: token) { return Page(200, text: answer) }
        }
        guard let entry else { return nil }
        if entry.route.traffic == .maintenance { return Self.maintenance }
        // There are no certificates for private names, and nothing to redirect to.
        let mayRedirect = origin.privateEnds == nil && !passage.secure
        if mayRedirect, entry.route.forceHTTPS ?? false, let page = redirect(head) { return page }
        return limited(head, entry)
    }

    // MARK: - Private

    private static var maintenance: Page {
        Page(503, retryAfter: 60, text: "503 Service Unavailable: closed for maintenance, please come back later\n")
    }

    /// The answer to one who asks too much.
    ///
    /// > Source: RFC 6585, section 4; the draft "RateLimit header fields for HTTP" for what else it says.
    private func limited(_ head: RequestHead, _ entry: RouteIndex.Entry) -> Page? {
        guard let limiter = entry.limiter, !limiter.limit.isExempt(head.path) else { return nil }
        var client = RateLimiter.Client.address(key)
        if let name = limiter.limit.header, let value = head.fields.first(named: name), !value.isEmpty {
            client = .value(String(value.prefix(256)))
        }
        guard let wait = limiter.admit(client, at: NIODeadline.now().uptimeNanoseconds) else { return nil }
        let seconds = max(1, Int((wait.nanoseconds + 999_999_999) / 1_000_000_000))
        var page = Page(429, retryAfter: seconds)
        page.lines =
            "RateLimit-Limit: \(limiter.limit.capacity)\r\nRateLimit-Remaining: 0\r\nRateLimit-Reset: \(seconds)\r\n"
        return page
    }

    private static let challengePath = Array("/.well-known/acme-challenge/".utf8)

    /// Nil where there is no TLS to go to: neither here nor at a proxy in front, which says the scheme then.
    private func redirect(_ head: RequestHead) -> Page? {
        let port = loop.shared.securePort
        guard passage.schemeSaid || port != nil else { return nil }
        let suffix = passage.schemeSaid || port == 443 ? "" : ":\(port ?? 443)"
        let target = head.fields.text(head.target)
        let location = "https://\(host)\(suffix)\(target.hasPrefix("/") ? "" : "/")\(target == "*" ? "" : target)"
        // 301 turns a POST into a GET, by what all clients do; 308 does not.
        return Page(["GET", "HEAD"].contains(head.method) ? 301 : 308, location: location)
    }
}
