/// CPUs by their numbers, in the kernel's own form: `0-3,7`.
///
/// > Source: Linux, Documentation/admin-guide/cputopology.rst and cgroup-v2.rst, `cpuset.cpus`.
enum CPUList {
    /// The numbers, sorted; nil for what is no such list.
    ///
    /// An empty text is an empty list.
    static func parse(_ text: String) -> [Int]? {
        var numbers: Set<Int> = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 0, first <= last, last < limit
            else { return nil }
            numbers.formUnion(first...last)
        }
        return numbers.sorted()
    }

    /// The shortest form of sorted numbers.
    static func text(_ numbers: [Int]) -> String {
        var ranges: [(first: Int, last: Int)] = []
        for number in numbers {
            if let end = ranges.last?.last, number == end + 1 {
                ranges[ranges.count - 1].last = number
            } else {
                ranges.append((number, number))
            }
        }
        return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
    }

    /// More than any kernel is built for (`CONFIG_NR_CPUS`).
    private static let limit = 1 << 16
}
