/// What the edge says to `serve` over `edge.sock`: one JSON object a line.
package enum EdgeReport: Codable, Equatable, Sendable {
    /// First line of a connection.
    case hello(pid: Int32)
    /// This revision is in force, and these Machines still have requests in flight. Sent after each route table, and
    /// whenever the load of a draining Machine reaches zero.
    case applied(revision: Int64, inFlight: [Machine.ID: Int])
    /// A request waits for this sleeping Machine.
    case wake(app: String, machine: Machine.ID)
    /// Load of all Machines with any, sent each second while it changes; for autostop and status.
    case load(inFlight: [Machine.ID: Int])
}

/// What `serve` says to the edge, one JSON object a line.
package enum EdgeOrder: Codable, Equatable, Sendable {
    /// Replaces everything that the edge knew.
    case routes(RouteTable)
    /// The wake failed; those who wait for it get 503. The reason is for the log, never for the client.
    case wakeFailed(machine: Machine.ID, reason: String)
}
