/// Paths relative to the scanned folder: parts joined by `/`, empty for the folder itself.
enum TreePath {
    /// The folder a file or folder is in.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// The last part.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// A relative path from a folder, `.` and `..` resolved; what leads out of the top stays at the top.
    static func joined(_ folder: String, _ path: some StringProtocol) -> String {
        var parts = path.hasPrefix("/") ? [] : folder.split(separator: "/").map(String.init)
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    /// A folder and all above it, the deepest first; the last is the scanned folder.
    static func ancestors(of folder: String) -> [String] {
        var result = [folder]
        while let last = result.last, !last.isEmpty { result.append(self.folder(of: last)) }
        return result
    }

    /// Whether a path lies in a folder or is it.
    static func lies(_ path: String, in folder: String) -> Bool {
        folder.isEmpty || path == folder || path.hasPrefix(folder + "/")
    }

    /// Whether a workspace's pattern such as `packages/*` names a folder: `*` stands for one part, `**` for any number.
    static func matches(_ folder: String, pattern: String) -> Bool {
        let steps = joined("", pattern).split(separator: "/")
        // The places in the pattern that the parts so far may have led to; `**` may stay, or be nothing.
        func open(_ places: Set<Int>) -> Set<Int> {
            var result = places
            for place in places.sorted() {
                var next = place
                while next < steps.count, steps[next] == "**" {
                    next += 1
                    result.insert(next)
                }
            }
            return result
        }
        var places = open([0])
        for part in folder.split(separator: "/") {
            var next: Set<Int> = []
            for place in places where place < steps.count {
                if steps[place] == "**" {
                    next.insert(place)
                } else if matches(part, steps[place]) {
                    next.insert(place + 1)
                }
            }
            places = open(next)
        }
        return places.contains(steps.count)
    }

    // MARK: - Private

    /// One part against a pattern with `*`, in time that is the product of their lengths.
    private static func matches(_ part: Substring, _ pattern: Substring) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let head = pieces.first, let tail = pieces.last else { return part == pattern }
        guard part.hasPrefix(head) else { return false }
        var rest = part.dropFirst(head.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(tail)
    }
}

extension StringProtocol {
    /// Fit for one line of a terminal: control characters are replaced by a middle dot.
    var withoutControls: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isControl = [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            result.append(isControl ? "\u{B7}" : scalar)
        }
        return String(result)
    }

    /// Without blanks and ends of lines at both ends.
    var blanksTrimmed: Substring {
        var result = Substring(self)
        while result.first?.isWhitespace == true { result.removeFirst() }
        while result.last?.isWhitespace == true { result.removeLast() }
        return result
    }

    /// Without a pair of quotes around it.
    var quotesTrimmed: String {
        guard let first, first == "\"" || first == "'", last == first, count > 1 else { return String(self) }
        return String(dropFirst().dropLast())
    }
}
