import Model
import Synchronization

/// What each client of an app has left, over all event loops.
final class RateLimiter: Sendable {
    let limit: RateLimit

    init(_ limit: RateLimit) { self.limit = limit }

    /// Takes a request in; nil when it may go on, else how long its client has to wait.
    func admit(_ client: Client, at now: UInt64) -> Duration? {
        state.withLock { buckets in
            if buckets[client] == nil, buckets.count >= Self.most {
                buckets = buckets.filter { !$0.value.isFull(limit, at: now) }
                // All of them busy at once: forgetting is kinder to everybody than refusing.
                if buckets.count >= Self.most { buckets = [:] }
            }
            return buckets[client, default: TokenBucket(limit, at: now)].take(limit, at: now)
        }
    }

    /// Who is counted together.
    enum Client: Hashable, Sendable {
        case address(ClientKey)
        /// A value of the header that tells clients apart.
        case value(String)
    }

    // MARK: - Private

    private static let most = 100_000

    private let state = Mutex<[Client: TokenBucket]>([:])
}
