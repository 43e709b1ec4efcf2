package import Model

/// Which authority certificates come from, and in whose name.
package struct ACMESettings: Sendable, Equatable {
    /// The URL of the authority's directory.
    package var directory = "https://acme-v02.api.letsencrypt.org/directory"
    /// Where the authority may write to; none is needed.
    package var email: String?
    /// The certificates, in PEM, that the authority's own server is checked with; nil: the system's.
    package var caFile: String?
    /// Somebody has read the authority's terms, and agrees.
    package var agreesToTerms = false
    /// The most that one certificate may take.
    package var patience = Duration.seconds(300)

    package init() {}

    /// - Throws: ``Fault`` `invalidConfig` naming the first setting without sense.
    package func validate() throws(Fault) {
        guard directory.hasPrefix("https://"), directory.utf8.count > 8 else {
            throw Fault(
                .invalidConfig,
                "acme.directory: \"\(directory)\" is no https:// URL",
                hint: "for example https://acme-v02.api.letsencrypt.org/directory"
            )
        }
        guard agreesToTerms else {
            throw Fault(
                .invalidConfig,
                "[acme] is set up, but nobody agreed to the authority's terms of service",
                hint: "read them, then add agree_to_terms = true to [acme]; \(directory) names where they are"
            )
        }
    }
}
