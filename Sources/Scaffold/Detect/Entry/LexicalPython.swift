import Foundation
import Toolkit

/// Reads the top level of Python text without Python: imports, assignments, definitions, calls that start a server.
///
/// It serves where no `python3` is, and for files that its grammar refuses. Names are resolved through imports; what
/// stands deeper than the first level of a function is left out.
enum LexicalPython {
    static func module(_ text: String, path: String) -> PythonModule? {
        var reader = Reader(path: path)
        for line in joinedLines(text) { reader.take(line.text, at: line.number) }
        guard let data = try? JSONSerialization.data(withJSONObject: reader.out) else { return nil }
        return data.withUnsafeBytes { FactsReader.module($0.bindMemory(to: UInt8.self)) }
    }

    /// The most bytes of a project that are read this way.
    static let maximumBytes = 8 << 20

    // MARK: - Private

    /// Lines with open brackets or a backslash go on; strings over several lines are left out.
    private static func joinedLines(_ text: String) -> [(text: String, number: Int)] {
        var result: [(text: String, number: Int)] = []
        var open = 0
        var block: String?
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).prefix(20_000)
        for (index, bytes) in lines.enumerated() {
            // A line of that length is data.
            guard bytes.count <= 4_000 else { continue }
            var line = String(Substring(bytes))
            if index == 0, line.unicodeScalars.first == "\u{FEFF}" { line.unicodeScalars.removeFirst() }
            if let end = block {
                if line.contains(end) { block = nil }
                continue
            }
            for quotes in ["\"\"\"", "'''"] where line.components(separatedBy: quotes).count == 2 {
                block = quotes
                line = line.components(separatedBy: quotes)[0]
            }
            let code = withoutComment(line)
            if open > 0, !result.isEmpty, result[result.count - 1].text.utf8.count < 40_000 {
                result[result.count - 1].text += " " + code.text.trimmingCharacters(in: .whitespaces)
            } else {
                result.append((code.text, index + 1))
            }
            open = max(0, open + code.brackets)
        }
        return result
    }

    private static func withoutComment(_ line: String) -> (text: String, brackets: Int) {
        var quote: Character?
        var brackets = 0
        var result = ""
        for character in line {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "#" {
                break
            } else if "([{".contains(character) {
                brackets += 1
            } else if ")]}".contains(character) {
                brackets -= 1
            }
            result.append(character)
        }
        return (result, brackets)
    }

    private struct Reader {
        let path: String
        private var tables: [String: [[String: Any]]] = [:]
        private var names: [String: String] = [:]
        private var scope = ""
        private var inMain = false

        init(path: String) {
            self.path = path
        }

        var out: [String: Any] { (tables as [String: Any]).merging(["path": path]) { old, _ in old } }

        mutating func take(_ line: String, at number: Int) {
            let body = line.trimmingCharacters(in: .whitespaces)
            guard !body.isEmpty else { return }
            let isIndented = line.first?.isWhitespace == true
            if !isIndented {
                scope = ""
                inMain = body.hasPrefix("if ") && body.contains("__name__")
            }
            if body.hasPrefix("import ") || body.hasPrefix("from ") { return addImport(body, number) }
            if body.hasPrefix("def ") || body.hasPrefix("async def ") { return addFunction(body, number, isIndented) }
            if body.hasPrefix("class "), !isIndented { return addClass(body, number) }
            if body.hasPrefix("return "), !scope.isEmpty { return addResult(String(body.dropFirst(7)), number) }
            if let (name, value) = assignment(body) {
                var item: [String: Any] = ["t": name, "l": number, "s": scope, "v": self.value(value, number)]
                if inMain { item["m"] = true }
                append("assigns", item)
                return addCalls(value, number)
            }
            addCalls(body, number)
        }

        private mutating func append(_ table: String, _ item: [String: Any]) {
            tables[table, default: []].append(item)
        }

        private mutating func addImport(_ line: String, _ number: Int) {
            let plain = line.replacingOccurrences(of: "(", with: " ").replacingOccurrences(of: ")", with: " ")
            if plain.hasPrefix("import ") {
                for part in plain.dropFirst(7).split(separator: ",") {
                    let words = part.split(separator: " ").map(String.init)
                    guard let name = words.first else { continue }
                    let first = String(name.prefix { $0 != "." })
                    let local = words.count == 3 ? words[2] : first
                    names[local] = words.count == 3 ? name : first
                    append("imports", ["n": local, "t": name, "l": number])
                }
                return
            }
            guard let middle = plain.range(of: " import ") else { return }
            var base = plain[plain.index(plain.startIndex, offsetBy: 5)..<middle.lowerBound]
                .trimmingCharacters(in: .whitespaces)
            let level = base.prefix { $0 == "." }.count
            if level > 0 {
                var parts = path.split(separator: "/").dropLast().map(String.init)
                if level > 1 { parts.removeLast(min(level - 1, parts.count)) }
                base = (parts + [String(base.dropFirst(level))].filter { !$0.isEmpty }).joined(separator: ".")
            }
            for part in plain[middle.upperBound...].split(separator: ",") {
                let words = part.split(separator: " ").map(String.init)
                guard let name = words.first else { continue }
                let local = words.count == 3 ? words[2] : name
                let target = base.isEmpty ? name : base + "." + name
                if name != "*" { names[local] = target }
                append("imports", ["n": local, "t": target, "l": number, "r": level])
            }
        }

        private mutating func addFunction(_ line: String, _ number: Int, _ isIndented: Bool) {
            let isAsync = line.hasPrefix("async ")
            let rest = line.drop { $0 != "f" }.dropFirst(2)
            let name = rest.prefix { $0 != "(" }.trimmingCharacters(in: .whitespaces)
            guard !isIndented else { return }
            scope = name
            var function: [String: Any] = [
                "n": name, "l": number, "e": number, "async": isAsync, "ret": [], "d": [], "doc": "",
            ]
            let inner = rest.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
            let plain = inner.split(separator: ",").filter { !$0.contains("=") && !$0.contains("*") }
            function["p"] = plain.map { ["n": $0.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces)] }
                .filter { $0["n"]?.isEmpty == false }
            if let arrow = line.range(of: "->") {
                let type = line[arrow.upperBound...].prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces)
                function["r"] = dotted(type.trimmingCharacters(in: CharacterSet(charactersIn: "\"'")))
            }
            append("functions", function)
        }

        private mutating func addClass(_ line: String, _ number: Int) {
            let head = line.dropFirst(6)
            let name = String(head.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            let bases = head.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }.split(separator: ",")
            scope = name
            append(
                "classes",
                [
                    "n": name, "l": number, "f": [], "d": [],
                    "b": bases.map { dotted($0.trimmingCharacters(in: .whitespaces)) },
                ]
            )
        }

        private mutating func addResult(_ text: String, _ number: Int) {
            guard let last = tables["functions"]?.indices.last else { return }
            let results = tables["functions"]?[last]["ret"] as? [[String: Any]] ?? []
            let result: [String: Any] = ["l": number, "v": value(text, number), "x": false]
            tables["functions"]?[last]["ret"] = results + [result]
        }

        /// Calls that start a server, or mount an app.
        private mutating func addCalls(_ text: String, _ number: Int) {
            guard text.hasSuffix(")"), let open = text.firstIndex(of: "(") else { return }
            let function = dotted(String(text[..<open]))
            guard AppNames.runners[function] != nil || function.hasSuffix(".mount") || function.hasSuffix(".run") else {
                return
            }
            guard var call = (value(text, number)["call"] as? [String: Any]) else { return }
            call["s"] = scope
            if inMain { call["m"] = true }
            append("calls", call)
        }

        private func assignment(_ line: String) -> (name: String, value: String)? {
            let name = Variables.name(in: line)
            guard !name.isEmpty else { return nil }
            var rest = line.dropFirst(name.count).drop { $0 == " " }
            if rest.first == ":", let equals = rest.firstIndex(of: "=") { rest = rest[equals...] }
            guard rest.first == "=", rest.dropFirst().first != "=" else { return nil }
            return (name, rest.dropFirst().trimmingCharacters(in: .whitespaces))
        }

        private func dotted(_ name: String) -> String {
            let first = String(name.prefix { $0 != "." })
            guard let known = names[first] else { return name }
            return known + name.dropFirst(first.count)
        }

        /// Names, strings, whole numbers and calls of those; all else is text.
        private func value(_ text: String, _ number: Int, depth: Int = 0) -> [String: Any] {
            if let first = text.first, first == "\"" || first == "'", text.last == first, text.count > 1,
                !text.dropFirst().dropLast().contains(first)
            {
                return ["s": String(text.dropFirst().dropLast())]
            }
            if let integer = Int64(text) { return ["i": integer] }
            if text == "True" || text == "False" { return ["b": text == "True"] }
            let name = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            if name.count == text.count, !name.isEmpty { return ["n": dotted(String(name))] }
            guard !name.isEmpty, text.dropFirst(name.count).first == "(", text.last == ")", depth < 3 else {
                return ["x": String(text.prefix(200))]
            }
            let inner = String(text.dropFirst(name.count + 1).dropLast())
            var positional: [[String: Any]] = []
            var keywords: [[Any]] = []
            for part in arguments(inner) {
                if let (keyword, body) = assignment(part) {
                    keywords.append([keyword, value(body, number, depth: depth + 1)])
                } else {
                    positional.append(value(part, number, depth: depth + 1))
                }
            }
            return ["call": ["f": dotted(String(name)), "l": number, "a": positional, "k": keywords]]
        }

        /// Splits at commas outside brackets and quotes.
        private func arguments(_ text: String) -> [String] {
            var parts = [""]
            var depth = 0
            var quote: Character?
            for character in text {
                if let open = quote {
                    if character == open { quote = nil }
                } else if character == "\"" || character == "'" {
                    quote = character
                } else if "([{".contains(character) {
                    depth += 1
                } else if ")]}".contains(character) {
                    depth -= 1
                } else if character == ",", depth == 0 {
                    parts.append("")
                    continue
                }
                parts[parts.count - 1].append(character)
            }
            return parts.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
    }
}
