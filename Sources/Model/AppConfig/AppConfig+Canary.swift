extension AppConfig.Deploy {
    /// What a canary's duration may be.
    package static let canaryDurations = Duration.seconds(1)...Duration.seconds(86_400)

    /// Reads a share of the requests: `5%`, or `5`.
    ///
    /// - Parameter text: as it was written.
    /// - Returns: percent, 1 to 99; nil for what is no share.
    package static func percent(_ text: String) -> Int? {
        let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
        guard let number = Int(digits), (1...99).contains(number) else { return nil }
        return number
    }
}
