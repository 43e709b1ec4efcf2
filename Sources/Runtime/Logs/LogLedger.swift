import Glibc

/// The order in which a Machine's logs were put aside, and how many records each had: lets a follower that was too slow
/// say how many it has missed.
///
/// A line of its file is `<inode> <records>`, oldest first.
struct LogLedger: Equatable {
    struct Entry: Equatable {
        var inode: UInt64
        var records: Int
    }

    /// What a follower that has read a log to its end reads next.
    enum Next: Equatable {
        /// The log that is written now.
        case current
        /// The one before it.
        case old
    }

    private(set) var entries: [Entry] = []
    /// Older logs than that nobody can still be reading.
    static let maximumEntries = 200

    init(_ text: String = "") {
        for line in text.split(separator: "\n").suffix(Self.maximumEntries) {
            let words = line.split(separator: " ")
            guard words.count == 2, let inode = UInt64(words[0]), let records = Int(words[1]) else { continue }
            entries.append(Entry(inode: inode, records: records))
        }
    }

    var text: String { entries.map { "\($0.inode) \($0.records)\n" }.joined() }

    mutating func add(_ inode: UInt64, records: Int) {
        entries.append(Entry(inode: inode, records: records))
        entries.removeFirst(max(0, entries.count - Self.maximumEntries))
    }

    /// What comes after the log of that inode, which is not the current one, and how many records in between are gone.
    ///
    /// `old` is the inode of the log before the current one. `missed` is nil when nobody knows: the monitor has begun the
    /// log anew by itself.
    func next(after inode: UInt64, old: UInt64?) -> (next: Next, missed: Int?) {
        if inode == old { return (.current, 0) }
        guard let index = entries.lastIndex(where: { $0.inode == inode }) else { return (.current, nil) }
        var later = entries[(index + 1)...]
        let next: Next = later.isEmpty || later.last?.inode != old ? .current : .old
        if next == .old { later = later.dropLast() }
        return (next, later.reduce(0) { $0 + $1.records })
    }

    /// Counts line feeds.
    static func records(_ descriptor: Int32) -> Int {
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var (offset, count) = (0, 0)
        while true {
            let got = pread(descriptor, &piece, piece.count, off_t(offset))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return count }
            offset += got
            count += piece.withUnsafeBytes { bytes in
                var (found, start) = (0, 0)
                while start < got, let base = bytes.baseAddress,
                    let hit = memchr(base + start, Int32(UInt8(ascii: "\n")), got - start)
                {
                    found += 1
                    start = base.distance(to: hit) + 1
                }
                return found
            }
        }
    }
}
