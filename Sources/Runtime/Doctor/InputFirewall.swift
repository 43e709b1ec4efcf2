/// What the host's own firewall does with packets that come in, as `nft list ruleset` tells it.
///
/// Rules of iptables and ufw are in it too. It errs on the side of "open": a rule that it can't judge closes nothing.
struct InputFirewall {
    private var dropsUnknown = false
    private var opened: [ClosedRange<Int>] = []

    init(_ ruleset: String) {
        for line in ruleset.split(separator: "\n") {
            let words = line.split { $0.isWhitespace || ";{},".contains($0) }.map(String.init)
            if words.contains("hook"), words.contains("input"), line.contains("policy drop") { dropsUnknown = true }
            if words.last == "accept" { open(words) }
        }
    }

    /// Whether nobody outside reaches a TCP port of this host.
    func closes(_ port: Int) -> Bool {
        dropsUnknown && !opened.contains { $0.contains(port) }
    }

    // MARK: - Private

    private static let all = 0...65_535
    /// Words of a rule that accepts whoever comes; any other condition narrows it.
    private static let unconditional: Set = ["counter", "packets", "bytes", "accept", "comment"]

    private mutating func open(_ words: [String]) {
        guard let place = words.firstIndex(of: "dport") else {
            if words.allSatisfy({ Self.unconditional.contains($0) || Int($0) != nil }) { opened.append(Self.all) }
            return
        }
        for word in words[(place + 1)...] {
            if word.hasPrefix("@") { return opened.append(Self.all) }
            let ends = word.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { break }
            opened.append(first...last)
        }
    }
}
