/// Turns values into text as flyctl does for `[env]`.
///
/// > Source: Go's package `fmt`, verb `%v`.
enum ScalarText {
    /// `true`, `42`, `1.5`, `1e+06`, `[a b]`, `map[a:1 b:2]`.
    static func text(_ node: ConfigNode) -> String {
        switch node.value {
        case .string(let text), .datetime(let text): return text
        case .integer(let number): return String(number)
        case .float(let number): return text(number)
        case .boolean(let flag): return String(flag)
        case .array(let nodes):
            return "[\(nodes.map { text($0) }.joined(separator: " "))]"
        case .table(let entries):
            let sorted = entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return "map[\(sorted.map { "\($0.key):\(text($0.node))" }.joined(separator: " "))]"
        }
    }

    /// The shortest digits that read back as the same number; with an exponent when it is below -4 or above 5.
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        let sign = number.sign == .minus ? "-" : ""
        guard number != 0 else { return "\(sign)0" }
        let (digits, exponent) = decimal(number.magnitude)
        if exponent < -4 || exponent > 5 {
            let tail = digits.count > 1 ? ".\(digits.dropFirst())" : ""
            let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
            return "\(sign)\(digits.prefix(1))\(tail)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 { return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)" }
        if digits.count <= exponent + 1 {
            return "\(sign)\(digits)\(String(repeating: "0", count: exponent + 1 - digits.count))"
        }
        return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }
    // MARK: - Private

    /// Significant digits, and the power of ten of the first of them.
    private static func decimal(_ number: Double) -> (digits: String, exponent: Int) {
        let halves = number.description.split(separator: "e")
        let parts = (halves.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts.first ?? ""
        let all = whole + (parts.count > 1 ? parts[1] : "")
        let power = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
        let zeros = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(zeros))
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (digits, power + whole.count - 1 - zeros)
    }
}
