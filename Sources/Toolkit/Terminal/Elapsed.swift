import Foundation

/// How long something took, in the one form that commands print.
package enum Elapsed {
    /// `0.42s`, `12.3s`, `2m05s`, `1h02m`: as many digits as tell something.
    package static func text(_ seconds: Double) -> String {
        switch max(seconds, 0) {
        case ..<9.995: String(format: "%.2fs", max(seconds, 0))
        case ..<59.95: String(format: "%.1fs", seconds)
        case ..<3599.5:
            String(format: "%dm%02ds", Int(seconds.rounded()) / 60, Int(seconds.rounded()) % 60)
        default: String(format: "%dh%02dm", Int(seconds / 3600), Int(seconds / 60) % 60)
        }
    }

    /// While it goes on: digits that change every tenth of a second are restless enough.
    package static func running(_ seconds: Double) -> String {
        seconds < 59.95 ? String(format: "%.1fs", max(seconds, 0)) : text(seconds)
    }
}
