/// The first line of a script: which interpreter the kernel starts for it.
struct ScriptHead: Equatable {
    /// Without a carriage return at its end.
    var interpreter: String
    /// What stands after it: one argument for the kernel, whatever blanks it has.
    var argument: String?
    /// The line ends in CRLF: the kernel takes the CR for a part of the interpreter's name, or of the argument.
    var endsInCR: Bool

    /// Nil when the file does not begin with `#!`, or names nothing.
    ///
    /// > Source: Linux, `fs/binfmt_script.c`: blanks and tabs around the interpreter, a line of at most 256 bytes.
    init?(_ text: String) {
        let bytes = text.utf8.prefix(256)
        guard bytes.starts(with: "#!".utf8) else { return nil }
        var line = Array(bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") })
        endsInCR = line.last == UInt8(ascii: "\r")
        if endsInCR { line.removeLast() }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let words = line.split(maxSplits: 1, whereSeparator: isBlank)
        let trimmed = line.drop(while: isBlank)
        guard let first = trimmed.split(maxSplits: 1, whereSeparator: isBlank).first, !words.isEmpty else { return nil }
        interpreter = String(decoding: first, as: UTF8.self)
        var rest = trimmed.dropFirst(first.count).drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        argument = rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }

    /// The program that `env` is to look for, of `#!/usr/bin/env python3` and `#!/usr/bin/env -S python3 -u`.
    var soughtByEnv: String? {
        guard interpreter.split(separator: "/").last == "env", let argument else { return nil }
        return argument.split(separator: " ").first { !$0.hasPrefix("-") && !$0.contains("=") }.map(String.init)
    }

    /// Whether the first line of a text ends in CRLF.
    static func hasCRLF(_ text: String) -> Bool {
        let line = text.utf8.prefix { $0 != UInt8(ascii: "\n") }
        return line.endIndex < text.utf8.endIndex && line.last == UInt8(ascii: "\r")
    }
}
