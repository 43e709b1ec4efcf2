/// The region codes that Fly's documentation lists, so that a `fly.toml` from there is read as it is.
package enum Regions {
    /// The codes of Fly's regions.
    package static let known: Set<String> = [
        "ams", "arn", "atl", "bog", "bom", "bos", "cdg", "den", "dfw", "ewr", "eze", "fra", "gdl", "gig", "gru", "hkg",
        "iad", "jnb", "lax", "lhr", "mad", "mia", "nrt", "ord", "otp", "phx", "qro", "scl", "sea", "sin", "sjc", "syd",
        "waw", "yul", "yyz", local,
    ]

    /// The region of a host whose configuration names none.
    package static let local = "local"

    /// Allowed codes, those closest to what was written first.
    package static func nearest(to code: String, among allowed: Set<String>) -> [String] {
        Nearest.sorted(allowed.sorted(), to: code)
    }
}
