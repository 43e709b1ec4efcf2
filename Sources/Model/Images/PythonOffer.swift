/// A Python that this host can build with.
package struct PythonOffer: Codable, Equatable, Sendable {
    /// Major and minor: `3.13`.
    package var version: String
    /// `3.13.5`, where it is known before a base is made of it.
    package var full: String?
    /// Where it comes from, for people: `Debian trixie`.
    package var origin: String
    /// The host's own: what a project that names none is built with.
    package var isStandard = false

    package init(version: String, full: String? = nil, origin: String, isStandard: Bool = false) {
        self.version = version
        self.full = full
        self.origin = origin
        self.isStandard = isStandard
    }

    private enum CodingKeys: String, CodingKey {
        case version, full, origin
        case isStandard = "standard"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decode(String.self, forKey: .version)
        full = try values.decodeIfPresent(String.self, forKey: .full)
        origin = try values.decodeIfPresent(String.self, forKey: .origin) ?? ""
        isStandard = try values.decodeIfPresent(Bool.self, forKey: .isStandard) ?? false
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
