/// Reads sizes as `fly.toml` has them: `512`, `"1gb"`, `"20 GiB"`.
///
/// > Source: github.com/docker/go-units, `RAMInBytes` and `FromHumanSize`, through flyctl's `helpers/units.go`.
package enum Size {
    /// Memory: a bare integer is MiB, a suffix counts in powers of 1024; cut to whole MiB.
    package static func memoryMiB(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        return bytes(text, base: 1024).flatMap { Int(exactly: ($0 / 1_048_576).rounded(.towardZero)) }
    }

    /// Volumes: a bare integer is GB, a suffix counts in powers of 1000 even when it says `GiB`; cut to whole GB.
    package static func volumeGB(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        return bytes(text, base: 1000).flatMap { Int(exactly: ($0 / 1_000_000_000).rounded(.towardZero)) }
    }

    // MARK: - Private

    private static let powers: [Character: Int] = ["k": 1, "m": 2, "g": 3, "t": 4, "p": 5]

    private static func bytes(_ text: String, base: Double) -> Double? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value.isFinite, value < 1e15 else { return nil }
        var rest = text.dropFirst(number.count)
        if rest.first == " " { rest = rest.dropFirst() }
        let suffix = rest.lowercased()
        if suffix.isEmpty || suffix == "b" { return value }
        guard let unit = suffix.first, let power = powers[unit] else { return nil }
        guard ["", "b", "ib"].contains(suffix.dropFirst()) else { return nil }
        return (0..<power).reduce(value) { result, _ in result * base }
    }
}
