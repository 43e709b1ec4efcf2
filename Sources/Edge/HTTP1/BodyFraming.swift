/// How a receiver knows where a body ends.
package enum BodyFraming: Equatable, Sendable {
    case none
    case length(Int)
    case chunked
    /// Ends when the connection does; only in responses.
    case untilClose
}
