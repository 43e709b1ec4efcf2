/// Offers to strip the blanks of origins that are split at commas: with one, no browser's origin ever matches.
enum OriginsPatch {
    /// One for each file that has such a line.
    static func make(project: Project, python: PythonSources) -> [CodePatch] {
        python.modules.compactMap { module in
            let lines = Set(module.calls.filter(isSplit).map(\.line))
            guard !lines.isEmpty, let text = project.text(module.path), let source = SourceLines(text) else {
                return nil
            }
            var edit = PythonEdit(source)
            for line in lines.sorted() { change(line, in: source, &edit) }
            return CodePatch.make("origins without blanks", ["A04"], path: module.path, edit)
        }
    }

    // MARK: - Private

    private static func isSplit(_ call: PythonCall) -> Bool {
        call.method == "split" && call.arguments == [.string(",")] && call.keywords.isEmpty
    }

    private static func change(_ line: Int, in source: SourceLines, _ edit: inout PythonEdit) {
        let end = source.lineAfterStatement(at: line)
        let statement = source.text(source.start(ofLine: line)..<source.start(ofLine: end)).lowercased()
        guard statement.contains("origin"), !statement.contains("strip("), !statement.contains(" for "),
            var place = source.firstToken(fromLine: line)
        else { return }
        while place < source.tokens.count, source.tokens[place].range.lowerBound < source.start(ofLine: end) {
            if let found = expression(endingAt: place, in: source) {
                let range = found.lowerBound..<source.tokens[place].range.upperBound
                // The name is chosen so that it is hardly one of the project's own.
                let text = "[part.strip() for part in \(source.text(range)) if part.strip()]"
                return edit.replace(range, with: text)
            }
            place += 1
        }
    }

    /// Where `x.y["z"].split(",")` begins, when its last bracket is at a place.
    private static func expression(endingAt place: Int, in source: SourceLines) -> Range<Int>? {
        guard source.isSign(place, ")"), place >= 5, source.isSign(place - 2, "("),
            source.tokens[place - 1].kind == .string, source.text(source.tokens[place - 3]) == "split",
            source.isSign(place - 4, ".")
        else { return nil }
        var start = place - 5
        while start >= 0 {
            if source.isSign(start, ")") || source.isSign(start, "]") {
                guard let opening = source.opening(of: start) else { return nil }
                // Brackets of a call or an index belong to what stands before them.
                let isCall = opening > 0 && isOperand(opening - 1, in: source)
                start = isCall ? opening - 1 : opening
                if isCall { continue }
            } else if source.tokens[start].kind != .name && source.tokens[start].kind != .string {
                return nil
            }
            guard start >= 2, source.isSign(start - 1, ".") else { break }
            start -= 2
        }
        guard start >= 0 else { return nil }
        // `await x.split` would be taken apart.
        if start > 0, ["await", "*"].contains(source.text(source.tokens[start - 1])) { return nil }
        return source.tokens[start].range
    }

    private static func isOperand(_ place: Int, in source: SourceLines) -> Bool {
        if source.isSign(place, ")") || source.isSign(place, "]") { return true }
        let words: Set<String> = ["in", "return", "and", "or", "not", "if", "else", "await", "lambda", "yield", "is"]
        return source.tokens[place].kind == .name && !words.contains(source.text(source.tokens[place]))
    }
}
