/// How many columns text takes on a terminal, and how it is cut to fit.
package enum DisplayWidth {
    /// The columns of one line: escape sequences take none, East Asian characters and emoji two.
    package static func of(_ text: String) -> Int {
        var pieces = Pieces(text)
        var width = 0
        while let piece = pieces.next() { width += piece.width }
        return width
    }

    /// A line's beginning that fits, with `…` where something was left out; no more of it is looked at than fits.
    ///
    /// - Parameters:
    ///   - text: one line; escape sequences in it stay whole, and a colour that was begun is ended at the cut.
    ///   - width: columns, at least 1.
    /// - Returns: the text itself where it fits.
    package static func cut(_ text: String, to width: Int) -> String {
        let room = max(width, 1) - 1
        var pieces = Pieces(text)
        // What fits beside the `…`, and the pieces since, which count only if nothing follows them.
        var (kept, rest, used, hasEscape) = ("", "", 0, false)
        while let piece = pieces.next() {
            used += piece.width
            guard used <= max(width, 1) else { return kept + "…" + (hasEscape ? "\u{1B}[0m" : "") }
            if used <= room, rest.isEmpty { kept += piece.text } else { rest += piece.text }
            hasEscape = hasEscape || (piece.isEscape && rest.isEmpty)
        }
        return text
    }

    // MARK: - Private

    /// A character, or a whole escape sequence.
    private struct Piece {
        var text: Substring
        var width: Int
        var isEscape = false
    }

    /// Walks over text once.
    private struct Pieces {
        private var rest: Substring

        init(_ text: String) {
            rest = text[...]
        }

        mutating func next() -> Piece? {
            guard let first = rest.first else { return nil }
            guard first == "\u{1B}" else {
                let piece = rest.prefix(1)
                rest = rest.dropFirst()
                return Piece(text: piece, width: DisplayWidth.columns(first))
            }
            let end = escapeEnd()
            let piece = rest[rest.startIndex..<end]
            rest = rest[end...]
            return Piece(text: piece, width: 0, isEscape: true)
        }

        /// Where a sequence that starts here ends: CSI at its letter, OSC at BEL or ESC \, others after one character.
        private func escapeEnd() -> Substring.Index {
            let second = rest.index(after: rest.startIndex)
            guard second < rest.endIndex else { return second }
            var index = rest.index(after: second)
            switch rest[second] {
            case "[":
                while index < rest.endIndex {
                    let scalar = rest[index].unicodeScalars.first?.value ?? 0
                    index = rest.index(after: index)
                    if (0x40...0x7E).contains(scalar) { break }
                }
            case "]":
                while index < rest.endIndex, rest[index] != "\u{07}", rest[index] != "\u{1B}" {
                    index = rest.index(after: index)
                }
                guard index < rest.endIndex else { break }
                if rest[index] == "\u{07}" { return rest.index(after: index) }
                // Another sequence ends it as well, and is one of its own.
                let after = rest.index(after: index)
                if after < rest.endIndex, rest[after] == "\\" { index = rest.index(after: after) }
            default: break
            }
            return index
        }
    }

    private static func columns(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        let value = first.value
        if value < 0x20 || (0x7F..<0xA0).contains(value) { return 0 }
        if value < 0x300 { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if wide.contains(where: { $0.contains(value) }) { return 2 }
        // A text character that asks to be shown as an emoji, such as a heart.
        return character.unicodeScalars.contains { $0.value == 0xFE0F } ? 2 : 1
    }

    /// > Source: Unicode 15.1, EastAsianWidth.txt, W and F, joined where nothing narrow is assigned between.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
        0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
        0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
        0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
        0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
        0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F1E6...0x1F202,
        0x1F210...0x1F23B, 0x1F240...0x1F248, 0x1F250...0x1F251, 0x1F260...0x1F265, 0x1F300...0x1F320,
        0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3,
        0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC,
        0x1F4FF...0x1F53D, 0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596,
        0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2,
        0x1F6D5...0x1F6D7, 0x1F6DC...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7EB,
        0x1F7F0...0x1F7F0, 0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1F9FF, 0x1FA70...0x1FAFF,
        0x20000...0x3FFFD,
    ]
}
