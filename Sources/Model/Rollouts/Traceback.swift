/// The last traceback of a program's output, as Python writes it.
package struct Traceback: Equatable, Sendable {
    /// `AttributeError: module 'uvloop' has no attribute 'x'`; at most 300 characters.
    package var error: String
    /// The file that it was raised in.
    package var file: String

    /// Nil where the lines have none.
    package init?(in lines: [String]) {
        var frame: String?
        var found: (error: String, file: String)?
        for raw in lines.suffix(500) {
            let line = raw.prefix(2_000)
            if let next = Self.frame(line) {
                frame = next
            } else if let raised = frame, Self.isException(line) {
                found = (String(line.prefix(300)), raised)
                frame = nil
            }
        }
        guard let found else { return nil }
        error = found.error
        file = found.file
    }

    /// A package does not fit another, or the code a package: what was written for versions of another day.
    package var isOfPackages: Bool {
        let place = "/site-packages/"
        let name = error.prefix { $0 != ":" }.split(separator: ".").last ?? ""
        if name == "ImportError", error.contains(place) { return true }
        return file.contains(place) && (Self.misfits.contains(String(name)) || name.hasSuffix("Mismatch"))
    }

    /// What to do when packages don't fit.
    package static let packagesAdvice = """
        its packages don't fit each other; those of the code's own day do (DATE: git log -1 --format=%cs):
        roost deploy --native --build-arg UV_EXCLUDE_NEWER=DATE
        """

    // MARK: - Private

    private static let misfits: Set<String> = [
        "ImportError", "ModuleNotFoundError", "AttributeError", "TypeError", "NameError", "SyntaxError",
        "VersionConflict", "PydanticUserError", "PydanticImportError",
    ]

    /// `  File "/opt/venv/lib/python3.11/site-packages/kombu/connection.py", line 12, in connect`.
    private static func frame(_ line: Substring) -> String? {
        let start = line.drop { $0 == " " || $0 == "|" || $0 == "\t" }
        guard start.hasPrefix("File \""), start.contains("\", line ") else { return nil }
        return String(start.dropFirst(6).prefix { $0 != "\"" })
    }

    /// `kombu.exceptions.VersionMismatch: Redis transport requires …`, at the left.
    private static func isException(_ line: Substring) -> Bool {
        let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
        guard name.first?.isLetter == true else { return false }
        let rest = line.dropFirst(name.count)
        return name != "Traceback" && (rest.isEmpty || rest.hasPrefix(": ") || rest == ":")
    }
}
