/// One requirement of a Python project: a name, extras, and what versions will do.
///
/// > Source: PEP 508, "Dependency specification for Python Software Packages"; names as in PEP 503.
package struct Requirement: Equatable, Sendable {
    /// As PEP 503 normalises it.
    package var name: String
    package var extras: [String]
    /// The specifier without blanks: `>=0.110,<1`; `@ git+https://…` for a direct reference; empty for any version.
    package var version: String
    /// What stands after `;`.
    package var marker: String?

    package init(name: String, extras: [String] = [], version: String = "", marker: String? = nil) {
        self.name = Self.normalised(name)
        self.extras = extras
        self.version = version
        self.marker = marker
    }

    /// Reads `uvicorn[standard]>=0.30,<1 ; python_version < "3.14"`; nil for what is none.
    package init?(_ text: some StringProtocol) {
        var rest = Substring(text).blanksTrimmed
        let name = rest.prefix { Self.isNameCharacter($0) }
        guard !name.isEmpty, name.first?.isPunctuation == false, name.last?.isPunctuation == false else { return nil }
        rest = rest.dropFirst(name.count).blanksTrimmed
        var extras: [String] = []
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            extras = Self.extras(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...].blanksTrimmed
        }
        self.init(name: String(name), extras: extras)
        if rest.first == "@" {
            // In a URL a `;` may stand; only one with a blank before it begins the marker.
            let words = rest.dropFirst().split(whereSeparator: \.isWhitespace)
            guard let url = words.first, Self.isPlain(url) else { return nil }
            version = "@ \(url)"
            let tail = words.dropFirst().joined(separator: " ")
            if tail.first == ";" { marker = String(tail.dropFirst().blanksTrimmed) }
            return
        }
        let parts = rest.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        guard let specifier = Self.specifier(parts.first ?? "") else { return nil }
        version = specifier
        if parts.count == 2 { marker = String(parts[1].blanksTrimmed) }
    }

    /// Whether it is meant for Linux at all.
    package var appliesToLinux: Bool {
        guard let marker, !marker.contains(" or "), !marker.contains("!=") else { return true }
        let squeezed = marker.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }.lowercased()
        return ![
            "sys_platform==win32", "sys_platform==darwin", "platform_system==windows", "platform_system==darwin",
            "os_name==nt",
        ]
        .contains { squeezed.contains($0) }
    }

    /// `Flask_SQLAlchemy` is `flask-sqlalchemy`.
    package static func normalised(_ name: some StringProtocol) -> String {
        var result = ""
        for character in name.lowercased() {
            let isSeparator = character == "-" || character == "_" || character == "."
            if isSeparator && result.last == "-" { continue }
            result.append(isSeparator ? "-" : character)
        }
        return result
    }

    /// `standard, http2` in order, what is no name left out.
    static func extras(_ text: some StringProtocol) -> [String] {
        text.split(separator: ",").map { normalised(Substring($0).blanksTrimmed) }
            .filter { !$0.isEmpty && $0.allSatisfy(isNameCharacter) }
    }

    /// A name of a group or an extra that may stand in a command line.
    static func isGroupName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.allSatisfy(isNameCharacter) && name.first?.isPunctuation == false
    }

    /// A tool's own specifier such as `^1.0` without blanks; empty for any version, and for what is no specifier.
    static func plainVersion(_ text: String) -> String {
        let squeezed = text.filter { !$0.isWhitespace }
        return squeezed != "*" && squeezed.allSatisfy { isNameCharacter($0) || "<>=!~,*+^|".contains($0) }
            ? squeezed : ""
    }

    // MARK: - Private

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
    }

    /// Printable and without blanks, so that it can stand in a line of its own.
    private static func isPlain(_ text: Substring) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
    }

    private static func specifier(_ text: Substring) -> String? {
        var squeezed = text.filter { !$0.isWhitespace }
        if squeezed.hasPrefix("("), squeezed.hasSuffix(")") { squeezed = String(squeezed.dropFirst().dropLast()) }
        guard squeezed.allSatisfy({ isNameCharacter($0) || "<>=!~,*+^|".contains($0) }) else { return nil }
        guard squeezed.isEmpty || "<>=!~^*".contains(squeezed.first ?? " ") else { return nil }
        return squeezed
    }
}
