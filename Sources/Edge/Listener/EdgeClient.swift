import NIOCore

/// What an event loop does with each client's connection, whatever is spoken on it.
protocol EdgeClient: AnyObject {
    /// Since when nothing has been asked on it; nil while something is.
    var idleSince: NIODeadline? { get }
    /// Ends what is overdue; called some times a second.
    func tick(_ now: NIODeadline)
    /// No further requests: ends at once, or after the present ones.
    func drain()
    /// Ends now, whatever is going on.
    func abort()
}
