/// Answers of other servers, kept as long as they say and within bounds.
package struct ReplyCache: Sendable {
    /// What was asked for.
    package struct Key: Hashable, Sendable {
        let name: DNSName
        let type: UInt16

        package init(_ query: DNSQuery) {
            name = query.name.folded
            type = query.type
        }
    }

    private struct Entry: Sendable {
        var reply: DNSReply
        var at: ContinuousClock.Instant
        var weight: Int
    }

    /// The most replies that are kept.
    package static let entries = 4096
    /// In bytes, of all messages.
    package static let weight = 4 << 20
    /// How long one that is too old is kept for the time when nobody answers.
    private static let stale = Duration.seconds(3600)

    private var all: [Key: Entry] = [:]
    /// Oldest first; may name some that are gone.
    private var order: [Key] = []
    package private(set) var weight = 0

    package init() {}

    package var count: Int { all.count }

    /// Keeps an answer, if it may be kept at all.
    package mutating func put(_ reply: DNSReply, for key: Key, now: ContinuousClock.Instant) {
        guard reply.lifetime > 0, reply.code == 0 || reply.code == DNSCode.noName.rawValue, !reply.isTruncated else {
            return
        }
        remove(key)
        let entry = Entry(reply: reply, at: now, weight: reply.weight)
        all[key] = entry
        order.append(key)
        weight += entry.weight
        var next = 0
        while all.count > Self.entries || weight > Self.weight, next < order.count {
            remove(order[next])
            next += 1
        }
        if next > 0 { order.removeFirst(next) }
        // Those that were replaced leave their places behind.
        if order.count > 2 * Self.entries {
            var seen: Set<Key> = []
            order = order.reversed().filter { all[$0] != nil && seen.insert($0).inserted }.reversed()
        }
    }

    /// What is kept and still good, and its age in seconds.
    package func fresh(_ key: Key, now: ContinuousClock.Instant) -> (reply: DNSReply, age: Int)? {
        guard let entry = all[key] else { return nil }
        let age = Int((now - entry.at).components.seconds)
        return age < entry.reply.lifetime ? (entry.reply, age) : nil
    }

    /// What is kept though it is too old, for when nobody can be asked.
    package func stale(_ key: Key, now: ContinuousClock.Instant) -> DNSReply? {
        guard let entry = all[key], !entry.reply.isNegative, now - entry.at < Self.stale else { return nil }
        return entry.reply
    }

    // MARK: - Private

    private mutating func remove(_ key: Key) {
        if let entry = all.removeValue(forKey: key) { weight -= entry.weight }
    }
}

extension DNSReply {
    /// Bytes that it takes, with what belongs to it.
    fileprivate var weight: Int { size + 200 }
}
