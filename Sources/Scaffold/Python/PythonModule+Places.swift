extension PythonModule {
    /// An item of a `with` or `async with`.
    package struct With: Decodable, Sendable {
        package var line: Int
        /// The last line of what runs in it.
        package var endLine: Int
        package var scope: String
        package var value: PythonValue
        /// The name after `as`.
        package var target: String?

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case endLine = "e"
            case scope = "s"
            case value = "v"
            case target = "t"
        }
    }

    /// An `if` statement; its test's text is in the source, lines ``line`` to ``testEnd``.
    package struct Condition: Decodable, Sendable {
        package var line: Int
        package var testEnd: Int
        package var body: ClosedRange<Int>
        package var otherwise: ClosedRange<Int>?

        package init(from decoder: any Decoder) throws {
            let numbers = try decoder.singleValueContainer().decode([Int].self)
            guard numbers.count >= 4, numbers[2] <= numbers[3] else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "an if"))
            }
            line = numbers[0]
            testEnd = numbers[1]
            body = numbers[2]...numbers[3]
            otherwise = numbers.count >= 6 && numbers[4] <= numbers[5] ? numbers[4]...numbers[5] : nil
        }
    }

    package struct Read: Decodable, Sendable {
        package var line: Int
        package var scope: String
        /// As written, not resolved: `request.client`.
        package var name: String

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case scope = "s"
            case name = "n"
        }
    }
}
