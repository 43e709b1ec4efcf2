import Model

/// `[backup]` of `roost.toml`: how often backups are made, and how many stay.
///
/// Where they go is said by `roost backup init`.
struct BackupConfig: Sendable {
    var policy = BackupPolicy()

    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): backup.\(entry.key)"
            switch entry.key {
            case "every": policy.every = try Self.pace(entry, place)
            case "keep_hourly": policy.hourly = try Self.count(entry, place)
            case "keep_daily": policy.daily = try Self.count(entry, place)
            case "keep_weekly": policy.weekly = try Self.count(entry, place)
            case "keep_monthly": policy.monthly = try Self.count(entry, place)
            default:
                throw Fault(
                    .invalidConfig,
                    "\(place): unknown key",
                    hint: "allowed: every, keep_hourly, keep_daily, keep_weekly, keep_monthly"
                )
            }
        }
        guard policy.arguments.isEmpty else { return }
        throw Fault(
            .invalidConfig,
            "\(file): [backup]: with all of keep_… at 0 no backup would stay",
            hint: "keep_daily = 14"
        )
    }

    // MARK: - Private

    private static func pace(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> Duration {
        let expected = "a duration of at least \"10m\", such as \"24h\", or \"never\""
        guard case .string(let text) = entry.node.value else {
            throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected \(expected)")
        }
        if text == "never" { return .zero }
        guard let pace = GoDuration.parse(text), pace >= BackupPolicy.least else {
            throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected \(expected)")
        }
        return pace
    }

    private static func count(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> Int {
        guard case .integer(let number) = entry.node.value, (0...1000).contains(number) else {
            throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected a number from 0 to 1000")
        }
        return Int(number)
    }
}
