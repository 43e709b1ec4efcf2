import Model

/// `[disk]` of `roost.toml`: from when on the host's disk counts as short of room, in parts of a hundred.
extension DiskLimits {
    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): disk.\(entry.key)"
            switch (entry.key, entry.node.value) {
            case ("prune_at", .integer(let number)) where (1...99).contains(number): pruneAt = Int(number)
            case ("refuse_at", .integer(let number)) where (1...100).contains(number): refuseAt = Int(number)
            case ("prune_at", _), ("refuse_at", _):
                throw Fault(
                    .invalidConfig,
                    "\(place): found \(entry.node.summary), expected a number of percent, such as 80"
                )
            default: throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: prune_at, refuse_at")
            }
        }
        guard pruneAt < refuseAt else {
            throw Fault(
                .invalidConfig,
                "\(file): [disk] prune_at is \(pruneAt), which is not below refuse_at, \(refuseAt)",
                hint: "room has to be made before there is none: prune_at = 80, refuse_at = 95"
            )
        }
    }
}
