import Model

/// A request or a connection that may have to wait for a Machine.
protocol Waiter: AnyObject {
    /// It waits.
    var isHeld: Bool { get }
    /// It waits because its client has its share of the app's places already.
    var waitsForOwn: Bool { get }
    /// Whom places are counted for.
    var key: ClientKey { get }
    /// Looks for a Machine again: something has changed.
    func route()
    /// A Machine could not be started.
    func wakeFailed(_ machine: Machine.ID)
}
