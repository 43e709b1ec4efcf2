/// A command to be run beside a Machine's program: `POST …/exec`.
package struct MachineCommand: Equatable, Sendable {
    package var words: [String]
    package var input: String
    package var timeout: Duration

    package init(words: [String], input: String = "", timeout: Duration = .seconds(60)) {
        self.words = words
        self.input = input
        self.timeout = timeout
    }

    /// The most bytes of each output that are kept.
    package static let outputLimit = 1 << 20
    /// No command may take longer.
    package static let maximumTimeout = Duration.seconds(600)

    /// What came of it.
    package struct Outcome: Equatable, Sendable {
        /// The exit code, or 128 + the signal.
        package var code: Int32
        package var output: String
        package var error: String

        package init(code: Int32, output: String, error: String) {
            self.code = code
            self.output = output
            self.error = error
        }

        /// As the API shows it.
        package var wire: JSONValue {
            .object([
                "exit_code": .int(Int64(code)),
                "exit_signal": .int(code > 128 && code <= 192 ? Int64(code - 128) : 0),
                "stdout": .string(output), "stderr": .string(error),
            ])
        }
    }

    /// Reads a request.
    ///
    /// - Throws: ``Fault`` `invalidRequest`.
    package init(wire value: JSONValue) throws(Fault) {
        let reader = try WireReader(value, "request body")
        if let container = try reader.string("container"), !container.isEmpty {
            throw reader.fault("container", "Machines here have no containers, found \(ConfigNode.quoted(container))")
        }
        if let list = try reader.strings("command"), !list.isEmpty {
            words = list
        } else if let line = try reader.string("cmd"), !line.isEmpty {
            guard let split = CommandLineWords.split(line) else {
                throw reader.fault("cmd", "a quote is not closed in \(ConfigNode.quoted(line))")
            }
            words = split
        } else {
            throw reader.fault("command", "is missing: expected [\"ls\", \"-l\"], or cmd: \"ls -l\"")
        }
        guard let program = words.first, !program.isEmpty, !words.contains(where: { $0.contains("\0") }) else {
            throw reader.fault("command", "names no program")
        }
        input = try reader.string("stdin") ?? ""
        let seconds = try reader.int("timeout", in: 0...600) ?? 0
        timeout = .seconds(seconds == 0 ? 60 : seconds)
    }
}

/// A command line, taken apart as a shell does, without anything that a shell would expand.
package enum CommandLineWords {
    /// The words; nil when a quote is not closed.
    package static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            switch (quote, character) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("'", _): word = (word ?? "") + String(character)
            case (_, "\\"):
                guard let next = characters.next() else { return nil }
                let keeps = quote == "\"" && !"\"\\$`".contains(next)
                word = (word ?? "") + (keeps ? "\\" : "") + String(next)
            case ("\"", _): word = (word ?? "") + String(character)
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (nil, _) where character.isWhitespace:
                if let whole = word { words.append(whole) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        if let word { words.append(word) }
        return words
    }
}
