/// Which fields may follow a body.
///
/// A receiver may merge them into the head, so whatever frames, routes, vouches or changes what is done with a message
/// is dropped.
///
/// > Source: RFC 9110, section 6.5.1.
enum TrailerRules {
    static func passes(_ line: Fields.Line, of fields: Fields) -> Bool {
        guard line.kind == .other else { return false }
        let name = fields.bytes[line.name].map { $0 == 95 ? 45 : Characters.lowered($0) }
        return !refused.contains(name) && !prefixes.contains(where: name.starts(with:))
    }

    // MARK: - Private

    private static let refused: Set<[UInt8]> = Set(
        [
            "authorization", "www-authenticate", "authentication-info", "proxy-authenticate",
            "proxy-authentication-info", "cookie", "cookie2", "set-cookie", "set-cookie2", "age", "cache-control",
            "content-encoding", "content-location", "content-range", "content-type", "expect", "expires", "forwarded",
            "location", "max-forwards", "origin", "pragma", "range", "referer", "retry-after", "trailer", "vary",
            "warning", "x-real-ip",
        ].map { Array($0.utf8) }
    )

    private static let prefixes = ["if-", "fly-", "x-forwarded-", "sec-", "x-http-method"].map { Array($0.utf8) }
}
