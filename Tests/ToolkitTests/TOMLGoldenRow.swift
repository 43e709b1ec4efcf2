import Model
import Testing
import Toolkit

/// A `fly.toml` and what reading it has to say, line by line.
struct GoldenRow: CustomTestStringConvertible, Sendable {
    var reason: String
    var text: String
    var expected: String

    init(_ reason: String, _ text: String, _ expected: String) {
        self.reason = reason
        self.text = text
        self.expected = expected
    }

    var testDescription: String { reason }

    /// The errors when there are any, else the warnings.
    var found: String {
        do throws(Fault) {
            return try TestConfig.read(text).warnings.map(\.description).joined(separator: "\n")
        } catch {
            return error.message
        }
    }
}

/// Reads text as the file `fly.toml`.
enum TestConfig {
    static func read(_ text: String) throws(Fault) -> (config: AppConfig, warnings: [ConfigIssue]) {
        try AppConfig.read(TOML.parse(text, file: "fly.toml"), file: "fly.toml", regions: ["den9"])
    }

    /// What the file means, when nothing is to be said about it.
    static func clean(_ text: String) throws -> AppConfig {
        let (config, warnings) = try read(text)
        #expect(warnings.isEmpty, "\(warnings)")
        return config
    }
}
