import Model
import Synchronization

/// Who a request comes from, as far as places are shared out: an IPv4 address, or the /64 of an IPv6 one, which is what
/// one customer of a provider has.
///
/// A Machine of a private network has a /112; its /64 is the host's.
struct ClientKey: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64
    private let isIPv6: Bool

    /// An address that is none, such as a unix socket's, is one client with all its like.
    init(_ address: IPAddress?) {
        let bytes = address?.bytes ?? []
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        isIPv6 = bytes.count == 16
        let isMachine = isIPv6 && bytes.starts(with: [0xfd, 0xaa])
        low = isMachine ? bytes[8..<14].reduce(0) { $0 << 8 | UInt64($1) } : 0
    }
}

/// How many places of one app each client has, over all event loops.
final class ClientShares: Sendable {
    /// Takes one, unless the client has `limit` of them.
    func enter(_ client: ClientKey, limit: Int) -> Bool {
        counts.withLock { counts in
            let now = counts[client] ?? 0
            guard now < limit else { return false }
            counts[client] = now + 1
            return true
        }
    }

    /// Takes one that nobody may refuse.
    func enter(_ client: ClientKey) { _ = enter(client, limit: .max) }

    func leave(_ client: ClientKey) {
        counts.withLock { counts in
            guard let now = counts[client] else { return }
            counts[client] = now > 1 ? now - 1 : nil
        }
    }

    // MARK: - Private

    private let counts = Mutex<[ClientKey: Int]>([:])
}
