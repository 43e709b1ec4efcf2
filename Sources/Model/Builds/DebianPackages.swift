/// Names of Debian's packages, which change from one release to the next.
///
/// We keep them as Debian 13 (trixie) writes them.
///
/// > Source: packages.debian.org, the same library in each release.
package enum DebianPackages {
    /// The same packages as a release calls them, by its code name; an unknown one is taken for a new one.
    package static func names(_ names: [String], in release: String) -> [String] {
        guard let older = table[release] else { return names }
        return names.map { older[$0] ?? $0 }
    }

    private static let table: [String: [String: String]] = [
        "bookworm": bookworm,
        "bullseye": bookworm.merging(["libharfbuzz-subset0": "libharfbuzz0b", "libgdal36": "libgdal28"]) { $1 },
    ]

    private static let bookworm = [
        "libldap2": "libldap-2.5-0", "libgdal36": "libgdal32", "libpoppler-cpp2": "libpoppler-cpp0v5",
    ]
}
