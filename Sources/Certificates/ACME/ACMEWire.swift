package import Foundation
package import Model

/// What the authority's server says, in the words of RFC 8555.
enum ACMEWire {
    /// Where everything is.
    struct Directory: Decodable {
        var newNonce: String
        var newAccount: String
        var newOrder: String
    }

    struct Identifier: Codable {
        var type = "dns"
        var value: String
    }

    struct Order: Decodable {
        var status: String
        var authorizations: [String]
        var finalize: String
        var certificate: String?
        var error: Problem?
    }

    struct Authorization: Decodable {
        var status: String
        var identifier: Identifier
        var challenges: [Challenge]
    }

    struct Challenge: Decodable {
        var type: String
        var url: String
        var status: String?
        var token: String?
        var error: Problem?
    }

    /// Why the authority refuses.
    struct Problem: Decodable, Error {
        var type: String?
        var detail: String?
        var subproblems: [Problem]?
        /// What `Retry-After` said.
        var pause: Duration?

        private enum CodingKeys: String, CodingKey {
            case type, detail, subproblems
        }

        func isOf(_ kind: String) -> Bool { type == "urn:ietf:params:acme:error:\(kind)" }

        /// In one line, cut to what a person reads.
        var words: String {
            let kind = (type ?? "").split(separator: ":").last.map(String.init) ?? "error"
            let more = (subproblems ?? []).map(\.words).joined(separator: "; ")
            let text = "\(kind): \(detail ?? "no detail")\(more.isEmpty ? "" : " (\(more))")"
            return String(text.map { $0.isNewline ? " " : $0 }.prefix(500))
        }
    }
}

/// A request to the authority's server.
package struct ACMERequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    package var method: Method
    package var url: String
    /// `application/jose+json`.
    package var body: Data?

    package init(method: Method = .get, url: String, body: Data? = nil) {
        self.method = method
        self.url = url
        self.body = body
    }
}

/// What came back.
package struct ACMEResponse: Sendable {
    package var status: Int
    /// By names in lower case.
    package var headers: [String: String]
    package var body: Data

    package init(status: Int, headers: [String: String], body: Data) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// How long the server asks to be left alone.
    func pause(at now: Timestamp) -> Duration? {
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Int(text), (0...604_800).contains(seconds) { return .seconds(seconds) }
        return Self.moment(text).map { max(.zero, $0.since(now)) }
    }

    /// How far the server's clock is ahead of `now`.
    func clockDifference(at now: Timestamp) -> Duration? {
        headers["date"].flatMap(Self.moment).map { $0.since(now) }
    }

    /// > Source: RFC 9110, section 5.6.7.
    private static func moment(_ text: String) -> Timestamp? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text).map { Timestamp($0) }
    }
}

/// Answers the authority's questions where it will ask: at `http://<name>/.well-known/acme-challenge/<token>`.
package struct ACMEAnswers: Sendable {
    /// Returns once every edge gives the answer.
    package var publish: @Sendable (_ token: String, _ answer: String) async throws -> Void
    package var withdraw: @Sendable (_ token: String) async -> Void

    package init(
        publish: @escaping @Sendable (_ token: String, _ answer: String) async throws -> Void,
        withdraw: @escaping @Sendable (_ token: String) async -> Void
    ) {
        self.publish = publish
        self.withdraw = withdraw
    }
}

/// How an order ended.
package enum ACMEOutcome: Sendable {
    case issued(chain: String)
    /// With how long the authority asked to be left alone.
    case refused(Fault, pause: Duration?)
}
