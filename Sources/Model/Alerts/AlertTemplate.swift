/// The sentences of rules, in the part of Prometheus's template language that they use, filled in.
enum AlertTemplate {
    /// `{{ $labels.app }}`, `{{ $value }}`, `{{ $value | humanizePercentage }}` with what they stand for.
    static func filled(_ text: String, _ labels: [String: String], _ value: Double) -> String {
        text.replacing(/\{\{ *\$(?:labels\.(?<label>\w+)|value)(?: *\| *(?<form>\w+))? *\}\}/) { match in
            if let label = match.output.label { return labels[String(label)] ?? "" }
            return number(value, match.output.form.map(String.init))
        }
    }

    private static func number(_ value: Double, _ form: String?) -> String {
        switch form {
        case "humanizePercentage": "\(rounded(value * 100)) %"
        case "humanizeDuration": duration(value)
        default: rounded(value)
        }
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() && abs(tenths) < 1e15 ? "\(Int64(tenths))" : "\(tenths)"
    }

    /// The two largest units.
    private static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e12 else { return "\(seconds)" }
        let (sign, whole) = (seconds < 0 ? "-" : "", Int64(abs(seconds)))
        let parts = [(whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0s" : sign + shown.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}
