import Model

/// A watch that begins when it is first read, so that asking for one never has to wait for the store.
actor LazyWatch {
    private let subscribe: @Sendable () async throws -> AsyncStream<WatchEvent>?
    private var iterator: AsyncStream<WatchEvent>.Iterator?
    private var over = false

    /// - Parameter subscribe: nil, or an error, means that the history asked for is gone.
    init(_ subscribe: @escaping @Sendable () async throws -> AsyncStream<WatchEvent>?) {
        self.subscribe = subscribe
    }

    /// The next event; `.reset` once when the reader has to read all again, then nil.
    func next() async -> WatchEvent? {
        if over { return nil }
        if iterator == nil { iterator = try? await subscribe()?.makeAsyncIterator() }
        var current = iterator
        let event = await current?.next(isolation: self)
        iterator = current
        if event == nil {
            over = true
            return Task.isCancelled ? nil : .reset
        }
        return event
    }
}
