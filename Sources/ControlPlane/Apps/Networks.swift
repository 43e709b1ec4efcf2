import Model
import Store

/// The private networks of this platform, each made when the first app names it.
struct Networks {
    let store: any StateStore

    /// The network of that name, made if there is none yet; nil for the one that all share.
    ///
    /// Its number is the record's name: so no two networks ever get the same one, and since no record is removed none is
    /// given again.
    func named(_ name: String?) async throws -> AppNetwork? {
        guard let name, !name.isEmpty, name != AppNetwork.default.name else { return nil }
        try AppNetwork.validate(name: name)
        while true {
            let all = try await store.networks.list { _, _ in }
            if let found = all.first(where: { $0.name == name }) { return found }
            // A record that can't be read has its number all the same.
            let given = try await store.range("/networks/").entries.compactMap { entry in
                entry.key.split(separator: "/").last.flatMap { UInt32($0) }
            }
            let network = AppNetwork(name: name, number: (given.max() ?? AppNetwork.default.number) + 1)
            do {
                try await store.networks.put(String(network.number), network, expected: 0)
                return network
            } catch let fault as Fault where fault.code == .revisionConflict {
                // Somebody else was quicker, perhaps with the same name.
                continue
            }
        }
    }
}
