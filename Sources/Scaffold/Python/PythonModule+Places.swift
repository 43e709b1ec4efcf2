extension PythonModule {
    /// An item of a `with` or `async with`.
    package struct With: FactsReadable, Sendable {
        package var line = 0
        /// The last line of what runs in it.
        package var endLine = 0
        package var scope = ""
        package var value = PythonValue.none
        /// The name after `as`.
        package var target: String?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "e": endLine = try facts.int()
                case "s": scope = try facts.string()
                case "v": value = try PythonValue(&facts)
                case "t": target = facts.isNull() ? nil : try facts.string()
                default: try facts.skip()
                }
            }
        }
    }

    /// An `if` statement; its test's text is in the source, lines ``line`` to ``testEnd``.
    package struct Condition: FactsReadable, Sendable {
        package var line: Int
        package var testEnd: Int
        package var body: ClosedRange<Int>
        package var otherwise: ClosedRange<Int>?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            let numbers: [Int] = try facts.list()
            guard numbers.count >= 4, numbers[2] <= numbers[3] else { throw FactsReader.Malformed() }
            line = numbers[0]
            testEnd = numbers[1]
            body = numbers[2]...numbers[3]
            otherwise = numbers.count >= 6 && numbers[4] <= numbers[5] ? numbers[4]...numbers[5] : nil
        }
    }

    package struct Read: FactsReadable, Sendable {
        package var line = 0
        package var scope = ""
        /// As written, not resolved: `request.client`.
        package var name = ""

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "s": scope = try facts.string()
                case "n": name = try facts.string()
                default: try facts.skip()
                }
            }
        }
    }
}
