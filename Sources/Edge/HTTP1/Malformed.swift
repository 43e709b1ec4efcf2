/// A message that breaks the rules of HTTP/1, and the status that says so.
package struct Malformed: Error, Equatable {
    /// For a request 400, 405, 408, 414, 431, 501 or 505; a malformed response is always a 502.
    package var status: Int
    /// For the log; never sent.
    package var reason: String

    package init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// A plain 400.
    package init(_ reason: String) { self.init(400, reason) }
}
