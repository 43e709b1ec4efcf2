import Synchronization

/// What a scan or an audit works out from its context, each thing at most once.
package final class Memo: Sendable {
    private let values = Mutex<[String: any Sendable]>([:])

    package init() {}

    /// The value under a name, made at the first call.
    package func value<Value: Sendable>(_ name: String, _ make: () -> Value) -> Value {
        if let known = values.withLock({ $0[name] }) as? Box<Value> { return known.value }
        let made = make()
        values.withLock { $0[name] = Box(value: made) }
        return made
    }

    /// An optional in a box of its own is not taken for a value that is missing.
    private struct Box<Value: Sendable>: Sendable {
        let value: Value
    }
}
