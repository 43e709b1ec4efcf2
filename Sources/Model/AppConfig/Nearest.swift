/// Finds what somebody may have meant.
enum Nearest {
    /// The closest of the candidates, when it is close enough to be a slip of the fingers.
    static func suggestion(for word: String, among candidates: [String]) -> String? {
        let word = word.lowercased()
        guard let best = sorted(candidates, to: word).first else { return nil }
        if isSlip(distance(word, best), word, best) { return best }
        // `auto_machine_stop` is `auto_stop_machines` in another order.
        guard word.contains("_") else { return nil }
        let parts = ordered(word)
        guard let other = candidates.min(by: { distance(ordered($0), parts) < distance(ordered($1), parts) }) else {
            return nil
        }
        return isSlip(distance(ordered(other), parts), word, other) ? other : nil
    }

    private static func isSlip(_ distance: Int, _ word: String, _ candidate: String) -> Bool {
        distance <= max(1, min(word.utf8.count, candidate.utf8.count) / 3)
    }

    /// The parts of a key in the order of the alphabet.
    private static func ordered(_ key: String) -> String { key.split(separator: "_").sorted().joined(separator: "_") }

    /// The candidates, closest first; those that are equally close stay in their order.
    static func sorted(_ candidates: [String], to word: String) -> [String] {
        candidates.enumerated()
            .map { (distance: distance(word, $0.element), offset: $0.offset, text: $0.element) }
            .sorted { ($0.distance, $0.offset) < ($1.distance, $1.offset) }
            .map(\.text)
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
    ///
    /// > Source: the optimal string alignment distance, after F. J. Damerau (1964).
    static func distance(_ left: String, _ right: String) -> Int {
        // Nothing that long is a slip of one of our words; the work grows with the product of the lengths.
        let left = Array(left.utf8.prefix(64))
        let right = Array(right.utf8.prefix(64))
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let replace = previous[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(previous[column + 1] + 1, current[column] + 1, replace)
                let swapped = row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
                if swapped { best = min(best, before[column - 1] + 1) }
                current.append(best)
            }
            before = previous
            previous = current
        }
        return previous.last ?? 0
    }
}
