/// Makes names that every target takes out of names that a project may have.
struct Labels {
    private var taken: Set<String>

    /// `reserved` are names that are spoken for.
    init(reserved: Set<String> = []) {
        taken = reserved
    }

    /// A name of its own for each call: a DNS label, made unlike the others by a number.
    mutating func unique(_ text: String, else fallback: String) -> String {
        let base = Self.label(text, else: fallback)
        var name = base
        var number = 2
        while !taken.insert(name).inserted {
            name = "\(base)-\(number)"
            number += 1
        }
        return name
    }

    /// Lower-case letters, digits and inner dashes, a letter first, at most 30, so that `-migrate` still fits.
    ///
    /// > Source: RFC 1035 section 2.3.1, the narrowest of the rules that Kubernetes, ECS and Compose have.
    static func label(_ text: String, else fallback: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": result.unicodeScalars.append(scalar)
            case "A"..."Z": result += String(scalar).lowercased()
            default: if !result.hasSuffix("-") { result += "-" }
            }
        }
        result = String(result.drop { !$0.isLetter }.prefix(30))
        while result.hasSuffix("-") { result.removeLast() }
        return result.isEmpty ? fallback : result
    }
}
