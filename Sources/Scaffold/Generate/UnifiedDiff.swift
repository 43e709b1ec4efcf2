/// Writes the difference of two texts so that `patch -p1` and `git apply` take it.
package enum UnifiedDiff {
    /// The difference, with three lines around each change.
    ///
    /// - Parameters:
    ///   - old: nil for a file that is not there yet.
    ///   - new: what it is to become.
    ///   - path: relative to the folder in which the patch is applied.
    /// - Returns: empty when the texts are the same.
    package static func make(old: String?, new: String, path: String) -> String {
        let left = lines(old ?? "")
        let right = lines(new)
        // By bytes: two spellings of a letter are different texts.
        guard old == nil || left != right else { return "" }
        var numbers: [ArraySlice<UInt8>: Int] = [:]
        var ids: [[Int]] = []
        for lines in [left, right] {
            ids.append(
                lines.map { line in
                    let id = numbers[line] ?? numbers.count
                    numbers[line] = id
                    return id
                }
            )
        }
        var comparison = LineComparison(ids[0], ids[1])
        comparison.run()
        var text = Array("--- \(old == nil ? "/dev/null" : name("a/" + path))\n+++ \(name("b/" + path))\n".utf8)
        for hunk in hunks(comparison.edits) { hunk.write(left, right, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Private

    private static let context = 3

    /// A run of lines that are kept, taken out, or put in.
    struct Edit: Equatable {
        enum Kind { case keep, remove, insert }

        var kind: Kind
        /// Places in the old and in the new text, from 0.
        var old: Int
        var new: Int
    }

    private struct Hunk {
        var edits: [Edit] = []

        func write(_ left: [ArraySlice<UInt8>], _ right: [ArraySlice<UInt8>], to text: inout [UInt8]) {
            guard let first = edits.first else { return }
            let oldCount = edits.count { $0.kind != .insert }
            let newCount = edits.count { $0.kind != .remove }
            // Of a side without lines, the line before it is named.
            let oldStart = oldCount == 0 ? first.old : first.old + 1
            let newStart = newCount == 0 ? first.new : first.new + 1
            text += Array("@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@\n".utf8)
            for edit in edits {
                let line = edit.kind == .insert ? right[edit.new] : left[edit.old]
                text.append(UInt8(ascii: edit.kind == .keep ? " " : edit.kind == .insert ? "+" : "-"))
                text += line
                if line.last != 0x0A { text += Array("\n\\ No newline at end of file\n".utf8) }
            }
        }
    }

    /// Changes with what is around them; two that are close share their surroundings.
    private static func hunks(_ edits: [Edit]) -> [Hunk] {
        var hunks: [Hunk] = []
        var last = -1
        for (index, edit) in edits.enumerated() where edit.kind != .keep {
            let from = max(last + 1, index - context)
            if hunks.isEmpty || index - context > last + 1 { hunks.append(Hunk()) }
            let to = min(edits.count - 1, index + context)
            guard from <= to else { continue }
            // What lies between a change and the next is added up to the next one's end.
            let begin = hunks[hunks.count - 1].edits.isEmpty ? from : last + 1
            if begin <= to { hunks[hunks.count - 1].edits += edits[begin...to] }
            last = max(last, to)
        }
        return hunks
    }

    /// Lines with their ends; a carriage return belongs to its line.
    private static func lines(_ text: String) -> [ArraySlice<UInt8>] {
        let bytes = Array(text.utf8)
        var result: [ArraySlice<UInt8>] = []
        var start = 0
        for (place, byte) in bytes.enumerated() where byte == 0x0A {
            result.append(bytes[start...place])
            start = place + 1
        }
        if start < bytes.count { result.append(bytes[start...]) }
        return result
    }

    /// A file's name in the head of a patch: in quotes as C has them when it holds what would end it.
    private static func name(_ path: String) -> String {
        let special = path.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x22 || $0 == 0x5C }
        guard special else {
            // Without the tab, `patch` takes what follows a blank for a date.
            return path.contains(" ") ? path + "\t" : path
        }
        var result = "\""
        for byte in path.utf8 {
            switch byte {
            case 0x22, 0x5C: result += "\\" + String(UnicodeScalar(byte))
            case 0x20...0x7E: result += String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 8)
                result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return result + "\""
    }
}

/// Finds what two lists of lines have in common, in memory that grows only with their length.
///
/// > Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations", section 4b.
struct LineComparison {
    private let old: [Int]
    private let new: [Int]
    private var removed: [Bool]
    private var inserted: [Bool]

    init(_ old: [Int], _ new: [Int]) {
        self.old = old
        self.new = new
        removed = Array(repeating: false, count: old.count)
        inserted = Array(repeating: false, count: new.count)
    }

    /// Texts that differ in more than this are told apart as a whole: the search would take too long.
    static let maximumDistance = 2000

    private struct Box {
        var oldFrom: Int, oldTo: Int, newFrom: Int, newTo: Int
    }

    mutating func run() {
        var boxes = [Box(oldFrom: 0, oldTo: old.count, newFrom: 0, newTo: new.count)]
        while var box = boxes.popLast() {
            while box.oldFrom < box.oldTo, box.newFrom < box.newTo, old[box.oldFrom] == new[box.newFrom] {
                box.oldFrom += 1
                box.newFrom += 1
            }
            while box.oldFrom < box.oldTo, box.newFrom < box.newTo, old[box.oldTo - 1] == new[box.newTo - 1] {
                box.oldTo -= 1
                box.newTo -= 1
            }
            guard box.oldFrom < box.oldTo, box.newFrom < box.newTo, let snake = middle(box) else {
                for place in box.oldFrom..<box.oldTo { removed[place] = true }
                for place in box.newFrom..<box.newTo { inserted[place] = true }
                continue
            }
            boxes.append(Box(oldFrom: box.oldFrom, oldTo: snake.oldFrom, newFrom: box.newFrom, newTo: snake.newFrom))
            boxes.append(Box(oldFrom: snake.oldTo, oldTo: box.oldTo, newFrom: snake.newTo, newTo: box.newTo))
        }
    }

    /// Removals before insertions, in the order of the texts.
    var edits: [UnifiedDiff.Edit] {
        var edits: [UnifiedDiff.Edit] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left < old.count, removed[left] {
                edits.append(.init(kind: .remove, old: left, new: right))
                left += 1
            } else if right < new.count, inserted[right] {
                edits.append(.init(kind: .insert, old: left, new: right))
                right += 1
            } else {
                edits.append(.init(kind: .keep, old: left, new: right))
                left += 1
                right += 1
            }
        }
        return edits
    }

    // MARK: - Private

    /// The run of equal lines in the middle of a shortest way from one text to the other, searched from both ends.
    private func middle(_ box: Box) -> Box? {
        let (width, height) = (box.oldTo - box.oldFrom, box.newTo - box.newFrom)
        let difference = width - height
        let limit = min((width + height + 1) / 2, Self.maximumDistance)
        let size = 2 * limit + 3
        var ways = [Array(repeating: 0, count: size), Array(repeating: 0, count: size)]
        func place(_ diagonal: Int) -> Int { ((diagonal % size) + size) % size }
        for distance in 0...limit {
            for (side, other) in [(0, 1), (1, 0)] {
                let from = -(distance - 2 * max(0, distance - height))
                let to = distance - 2 * max(0, distance - width)
                for diagonal in stride(from: from, through: to, by: 2) {
                    let (above, below) = (ways[side][place(diagonal + 1)], ways[side][place(diagonal - 1)])
                    let goesDown = diagonal == -distance || (diagonal != distance && below < above)
                    let start = goesDown ? above : below + 1
                    var end = start
                    while end < width, end - diagonal < height, isSame(end, end - diagonal, side, box) { end += 1 }
                    ways[side][place(diagonal)] = end
                    let opposite = difference - diagonal
                    let reach = side == 0 ? distance - 1 : distance
                    guard difference.isMultiple(of: 2) == (side == 1), abs(opposite) <= reach,
                        end + ways[other][place(opposite)] >= width
                    else { continue }
                    return snake(start, end, diagonal, side, box)
                }
            }
        }
        return nil
    }

    private func isSame(_ x: Int, _ y: Int, _ side: Int, _ box: Box) -> Bool {
        side == 0 ? old[box.oldFrom + x] == new[box.newFrom + y] : old[box.oldTo - 1 - x] == new[box.newTo - 1 - y]
    }

    private func snake(_ start: Int, _ end: Int, _ diagonal: Int, _ side: Int, _ box: Box) -> Box {
        if side == 0 {
            return Box(
                oldFrom: box.oldFrom + start,
                oldTo: box.oldFrom + end,
                newFrom: box.newFrom + start - diagonal,
                newTo: box.newFrom + end - diagonal
            )
        }
        return Box(
            oldFrom: box.oldTo - end,
            oldTo: box.oldTo - start,
            newFrom: box.newTo - end + diagonal,
            newTo: box.newTo - start + diagonal
        )
    }
}
