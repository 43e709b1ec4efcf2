extension FlyValues {
    /// A check addresses the Machine itself: where the app answers to certain names only, it has to ask for one of them.
    mutating func decideHost(_ facts: Facts) {
        guard var hosts = facts.traits.hosts else { return }
        let own = "\(app).localhost"
        var isGiven = hosts.contains(own)
        if let setting = facts.traits.hostsSetting, !isGiven, let value = Self.list(hosts + [own], setting) {
            hosts.append(own)
            isGiven = true
            env.append((setting.variable, value))
            notes.append(
                "\(setting.variable) in [env] has TrustedHostMiddleware answer to \(own) as well: add the names "
                    + "that your users ask for"
            )
        }
        guard let first = hosts.first else { return }
        let name = first.hasPrefix("*.") ? "www\(first.dropFirst())" : first
        if name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-:".contains($0)) }) { checkHost = name }
        guard !isGiven else { return }
        let names = hosts.prefix(3).map { Quoting.comment($0) }.joined(separator: ", ")
        notes.append(
            "TrustedHostMiddleware answers to \(names)\(hosts.count > 3 ? " and others" : "") only, with 400 to all other "
                + "names: let the app's own be one of them, \(app).localhost on a developer's machine"
        )
    }

    /// Names of hosts in one value; nil when one of them can't stand there.
    private static func list(_ hosts: [String], _ setting: Facts.HostsSetting) -> String? {
        guard Quoting.isVariableName(setting.variable), hosts.allSatisfy(isHost) else { return nil }
        return setting.isJSON ? "[\(hosts.map { "\"\($0)\"" }.joined(separator: ","))]" : hosts.joined(separator: ",")
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "*.-:_".contains($0)) }
    }

    /// What the code has no value for is as a Compose file of the project has it.
    mutating func takeComposeValues(_ options: FlyConfigOptions) {
        for found in options.composeValues?.values ?? []
        where !options.given.contains(found.name) && !env.contains(where: { $0.name == found.name }) {
            env.append((found.name, found.value))
            notes.append("\(found.name) in [env] is what \(Quoting.comment(found.place.description)) has")
        }
    }

    /// Keys that keep nobody out.
    mutating func notePublicDefaults(_ facts: Facts) {
        let open = facts.environment.filter { variable in
            variable.hasPublicDefault == true && !variable.isRequired && !env.contains { $0.name == variable.name }
        }
        guard let first = open.first, Quoting.isVariableName(first.name) else { return }
        let names = open.prefix(4).map { variable in
            variable.name + (variable.place.map { " (\(Quoting.comment($0.description)))" } ?? "")
        }
        notes.append(
            "whoever reads the code knows the default of \(names.joined(separator: ", ")): set your own with "
                + "roost secrets set \(first.name)=-"
        )
    }
}
