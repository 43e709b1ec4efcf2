/// A released version of Python: `3.11.2`.
struct PythonVersion: Equatable, Sendable, CustomStringConvertible {
    /// At least two numbers.
    var numbers: [Int]

    /// - Returns: nil for what does not begin with two numbers, such as `pypy3.9`. Marks of pre-releases are left out.
    init?(_ text: some StringProtocol) {
        var numbers: [Int] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false).prefix(3) {
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number < 10_000 else { break }
            numbers.append(number)
            if digits.count < part.count { break }
        }
        guard numbers.count > 1 else { return nil }
        self.numbers = numbers
    }

    var description: String { numbers.map(String.init).joined(separator: ".") }

    /// Whether this is 3.11.2 where 3.11 was asked for.
    func isSameMinor(as other: PythonVersion) -> Bool { numbers.prefix(2) == other.numbers.prefix(2) }
}
