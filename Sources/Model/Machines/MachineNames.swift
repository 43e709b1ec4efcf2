/// Names of Machines.
package enum MachineNames {
    /// Refuses what can't be a name: one label of DNS.
    package static func validate(_ name: String) throws(Fault) {
        let allowed = name.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || (65...90).contains($0) || $0 == 45 || $0 == 95
        }
        guard allowed, (1...63).contains(name.utf8.count), !name.hasPrefix("-"), !name.hasSuffix("-") else {
            throw Fault(
                .invalidRequest,
                "name: \(ConfigNode.quoted(name)) can't be a Machine's name",
                hint: "1 to 63 letters, digits, dashes and underscores, no dash at either end"
            )
        }
    }

    /// Refuses what can't be the code of a region.
    package static func validate(region: String) throws(Fault) {
        let allowed = region.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard allowed, (1...20).contains(region.utf8.count) else {
            throw Fault(
                .invalidRequest,
                "region: \(ConfigNode.quoted(region)) can't be a region's code",
                hint: "iad, cdg, local"
            )
        }
    }

    /// A name for a Machine whose maker gave none.
    package static func generated(_ id: Machine.ID) -> String {
        let first = [
            "amber", "bold", "calm", "dusty", "eager", "fond", "green", "hollow", "icy", "jolly", "keen", "late",
        ]
        let second = [
            "brook", "cedar", "dawn", "ember", "field", "grove", "haze", "lake", "moss", "pine", "reef", "stone",
        ]
        let number = Int(id.text.suffix(8), radix: 16) ?? 0
        return "\(first[number % 12])-\(second[number / 12 % 12])-\(id.text.prefix(4))"
    }
}
