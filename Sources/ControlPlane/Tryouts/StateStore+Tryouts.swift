import Model
import Store

extension StateStore {
    /// The names under which an app's Machines find the throw-aways beside it, as far as those run.
    func tryoutHosts(of app: String) async throws -> [HostAlias] {
        var aliases: [HostAlias] = []
        for kind in TryoutKind.allCases {
            guard let name = try? Tryout.name(of: app, kind), let record = try await apps.get(name)?.value,
                let tryout = record.tryout, tryout.of == app, !tryout.hosts.isEmpty,
                let address = try await machines.list("\(name)/", unreadable: { _, _ in }).first?.status.address
            else { continue }
            aliases += tryout.hosts.map { HostAlias($0, address.ipv4) }
        }
        return aliases
    }
}
