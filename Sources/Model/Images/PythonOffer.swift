/// A Python that this host can build with.
package struct PythonOffer: Codable, Equatable, Sendable {
    /// Major and minor: `3.13`.
    package var version: String
    /// `3.13.5`, where it is known before a base is made of it.
    package var full: String?
    /// Where it comes from, for people: `Debian trixie`.
    package var origin: String

    package init(version: String, full: String? = nil, origin: String) {
        self.version = version
        self.full = full
        self.origin = origin
    }
}

/// What this host builds with: the answer of `GET /v1/builder`.
package struct BuilderView: Codable, Equatable, Sendable {
    /// The newest version first; for each version the one that a build would take first.
    package var pythons: [PythonOffer]

    package init(pythons: [PythonOffer]) {
        self.pythons = pythons
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        pythons = try values.decodeIfPresent([PythonOffer].self, forKey: .pythons) ?? []
    }
}
