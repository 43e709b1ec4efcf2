import Model

/// Something that an app wants to be told or to reach before it starts, with the place where it says so.
package struct Need: Codable, Equatable, Sendable {
    package enum Level: String, Codable, Sendable, Comparable {
        /// It starts without.
        case optional
        /// It is asked for, and what comes of its absence can't be told.
        case expected
        /// Its import ends there: no Machine of it can start.
        case certain

        package static func < (left: Level, right: Level) -> Bool {
            let order: [Level] = [.optional, .expected, .certain]
            return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }
    }

    package enum Kind: String, Codable, Sendable {
        case variable
        /// The address of a database, or a part of it.
        case database
        /// The address of a broker, a cache or the like.
        case service
    }

    /// The variable's.
    package var name: String
    package var kind: Kind
    package var level: Level
    package var isSecret: Bool
    /// Where it is read.
    package var place: Place?
    /// Why its default will not do; nil when it has none.
    package var reason: String?

    /// `REDIS_HOST: its default cache is a service of compose.yaml, which is not here`.
    package var text: String {
        let words = name + (isSecret ? " (secret)" : "")
        return reason.map { "\(words): \($0)" } ?? words
    }

    /// `DATABASE_URL is read at app/settings.py:12 and set nowhere`.
    package var missing: String {
        if let reason { return "\(name): \(reason)" + (place.map { " (\($0))" } ?? "") }
        return "\(name) is " + (place.map { "read at \($0) and " } ?? "") + "set nowhere"
    }
}

extension Facts {
    /// All that the app reads, in the order of names; what its code fills in itself is optional.
    package var needs: [Need] {
        environment.filter { Quoting.isVariableName($0.name) }.map { variable in
            let absent = variable.absent.flatMap { isAbsent($0, variable.name) ? $0 : nil }
            let level: Need.Level =
                variable.stopsImport == true ? .certain : variable.isRequired || absent != nil ? .expected : .optional
            var need = Need(
                name: variable.name,
                kind: kind(of: variable.name),
                level: level,
                isSecret: variable.isSecret,
                place: variable.place
            )
            if let absent, !variable.isRequired { need.reason = absent.reason }
            return need
        }
    }

    // MARK: - Private

    /// The machine itself has no database and no broker; what else an app asks there may be its own.
    private func isAbsent(_ absent: Absent, _ name: String) -> Bool {
        absent.file != nil || kind(of: name) != .variable
    }

    private func kind(of name: String) -> Need.Kind {
        if let database, database.engine != .sqlite {
            if name == database.variable { return .database }
            if let part = DatabasePart(name), part == .host { return .database }
        }
        return services.contains { $0.variable == name } ? .service : .variable
    }
}

extension Facts.Absent {
    /// Why the default will not do.
    var reason: String {
        guard let file else { return "its default is \(host), where a Machine has none" }
        return "its default `\(Quoting.comment(host))` is a service of \(Quoting.comment(file)), which is not here"
    }
}
