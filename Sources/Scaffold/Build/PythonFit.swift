package import Model

/// Chooses among the Pythons that a host can make the one that a project is built with.
package struct PythonFit: Equatable, Sendable {
    /// Of Python 3: 12 of 3.12.
    package var minor: Int
    /// Why it is not the one that the project names; nil when it is.
    package var note: String?

    /// Decides.
    ///
    /// The one that the project names, for one that names none the host's own; else the nearest that all bounds allow: newer before older, unless old pins
    /// have no wheels for newer ones.
    ///
    /// Nothing is offered where it is not known what there is. Where
    /// nothing fits, the ``Fault`` `buildFailed` says who asks for what, and what there is.
    package static func choose(_ scan: ScanResult, offered: [PythonOffer]) throws(Fault) -> PythonFit {
        let wanted = BaseImage(scan.facts.python?.chosen).minor
        let minors = Set(offered.compactMap { Self.minor($0.version) }).sorted()
        let ranges = PythonVersionDetector.ranges(in: scan.context)
        // Nobody names one: the host's own is there already, is stable, and has wheels for all that is not brand new.
        if !PythonVersionDetector.isNamed(in: scan.context),
            let own = offered.first(where: \.isStandard).flatMap({ Self.minor($0.version) }),
            ranges.allSatisfy({ $0.allowsAny(of: own) })
        {
            return PythonFit(minor: own)
        }
        guard !minors.isEmpty, !minors.contains(wanted) else { return PythonFit(minor: wanted) }
        let allowed = minors.filter { minor in ranges.allSatisfy { $0.allowsAny(of: minor) } }
        let limit = WheelAges.limit(scan.facts.dependencies)?.minor
        let withWheels = allowed.filter { limit.map { $0 } ?? .max >= $0 }
        let usable = withWheels.isEmpty ? allowed : withWheels
        let asked = scan.facts.python?.evidence.first
        let who = asked.map { Quoting.comment($0.place.description) }
        guard let best = usable.min(by: { rank($0, wanted) < rank($1, wanted) }) else {
            let names = minors.map { "3.\($0)" }.joined(separator: ", ")
            let bound = scan.facts.python?.constraint ?? "3.\(wanted)"
            throw Fault(
                .buildFailed,
                "\(who ?? "the project") asks for Python \(Quoting.comment(bound)), and this host can make \(names)",
                hint: "put an interpreter into the folder that [build] pythons of roost.toml names, or build by a "
                    + "Dockerfile from a registry's image"
            )
        }
        let reason = who.map { " that \($0) names" } ?? ""
        return PythonFit(
            minor: best,
            note: "Python 3.\(best) in place of the 3.\(wanted)\(reason): this host can't make that one"
        )
    }

    // MARK: - Private

    private static func rank(_ minor: Int, _ wanted: Int) -> Int {
        minor > wanted ? 2 * (minor - wanted) - 1 : 2 * (wanted - minor)
    }

    private static func minor(_ version: String) -> Int? {
        let parts = version.split(separator: ".")
        return parts.count >= 2 && parts[0] == "3" ? Int(parts[1]) : nil
    }
}
