/// What a project says about the version of a package that it gets: one version, or a bound that it stays below.
struct PackageVersion: Equatable, Sendable {
    /// Its numbers: `[0, 13, 4]`.
    private let numbers: [Int]
    /// It is below this version, whichever it is.
    private let isBound: Bool

    /// As ``text`` has it: `0.13.4`, or `<0.15`.
    init?(_ text: String) {
        isBound = text.hasPrefix("<")
        guard let numbers = Self.numbers(isBound ? text.dropFirst() : text[...]) else { return nil }
        self.numbers = numbers
    }

    /// `0.13.4`, or `<0.15` for a bound.
    var text: String { (isBound ? "<" : "") + numbers.map(String.init).joined(separator: ".") }

    /// Whether what came with a version is there: for certain with one version, as far as the bound allows with a bound,
    /// for an installer takes the newest.
    func has(_ since: [Int]) -> Bool {
        let order = Self.compare(numbers, since)
        return isBound ? order > 0 : order >= 0
    }

    /// What a specifier leaves of a package's versions; nil when the newest will do.
    ///
    /// > Source: PEP 440, "Version specifiers"; python-poetry.org/docs/dependency-specification.
    static func ofSpecifier(_ specifier: String) -> PackageVersion? {
        var bounds: [PackageVersion] = []
        for clause in specifier.split(whereSeparator: { $0 == "," || $0 == "|" }) {
            let sign = clause.prefix { "<>=!~^".contains($0) }
            let text = clause.dropFirst(sign.count)
            guard let version = numbers(text) else { continue }
            let isPrefix = text.hasSuffix("*")
            switch sign {
            case "==", "===", "=", "":
                guard isPrefix else { return PackageVersion(version) }
                bounds.append(below(next(version)))
            case "<": bounds.append(below(version))
            // The version itself may come.
            case "<=": bounds.append(PackageVersion(version))
            case "~=": bounds.append(below(next(Array(version.prefix(max(1, version.count - 1))))))
            case "~": bounds.append(below(next(Array(version.prefix(min(2, version.count))))))
            case "^": bounds.append(below(next(caret(version))))
            default: continue
            }
        }
        return bounds.min { compare($0.numbers, $1.numbers) < 0 }
    }

    /// The version that a lock file of uv, Poetry, PDM or Pipenv has of a package, by its normalised name.
    static func locked(_ name: String, in text: String) -> PackageVersion? {
        var isIt = false
        for line in text.split(whereSeparator: \.isNewline) {
            let plain = line.blanksTrimmed
            if plain.hasPrefix("name = ") {
                isIt = Requirement.normalised(value(plain.dropFirst(7))) == name
            } else if plain.hasPrefix("\""), plain.hasSuffix("{") {
                // Pipfile.lock: `"uvicorn": {`
                isIt = Requirement.normalised(plain.dropFirst().prefix { $0 != "\"" }) == name
            } else if isIt, plain.hasPrefix("version = ") {
                return PackageVersion(String(value(plain.dropFirst(10))))
            } else if isIt, plain.hasPrefix("\"version\":") {
                return PackageVersion(String(value(plain.dropFirst(10)).drop { $0 == "=" }))
            }
        }
        return nil
    }

    // MARK: - Private

    private init(_ numbers: [Int]) {
        self.numbers = numbers
        isBound = false
    }

    private init(below numbers: [Int]) {
        self.numbers = numbers
        isBound = true
    }

    private static func below(_ numbers: [Int]) -> PackageVersion { PackageVersion(below: numbers) }

    /// `"0.13.4",` without what is around it.
    private static func value(_ text: Substring) -> Substring {
        let inner = text.drop { $0 == " " || $0 == "\"" || $0 == "'" }
        return inner.prefix { $0 != "\"" && $0 != "'" && $0 != "," }
    }

    /// `0.13.0rc1` is 0.13.0; nil for what begins with no number.
    private static func numbers(_ text: Substring) -> [Int]? {
        var result: [Int] = []
        for part in text.split(separator: ".").prefix(4) {
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            guard digits.count < 9, let number = Int(digits) else { break }
            result.append(number)
            if digits.count < part.count { break }
        }
        return result.isEmpty ? nil : result
    }

    private static func next(_ version: [Int]) -> [Int] {
        var result = version
        if let last = result.popLast() { result.append(last + 1) }
        return result
    }

    /// Up to the first number that is not zero: `^0.13.4` stays below 0.14.
    private static func caret(_ version: [Int]) -> [Int] {
        let zeros = version.prefix { $0 == 0 }.count
        return Array(version.prefix(min(zeros + 1, version.count)))
    }

    /// Negative, zero or positive, as with missing numbers for zero.
    private static func compare(_ left: [Int], _ right: [Int]) -> Int {
        for index in 0..<max(left.count, right.count) {
            let (a, b) = (index < left.count ? left[index] : 0, index < right.count ? right[index] : 0)
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }
}
