/// The order of lines from several Machines.
package enum LogOrder {
    /// The last `count` lines in the order of time, oldest first; lines of one moment stay in the order in which they came.
    package static func last(_ count: Int, of lines: [LogLine]) -> [LogLine] {
        let sorted = lines.enumerated().sorted { left, right in
            left.element.timestamp == right.element.timestamp
                ? left.offset < right.offset : left.element.timestamp < right.element.timestamp
        }
        return sorted.suffix(max(count, 0)).map(\.element)
    }
}
