import Client
import Model

/// The addresses that an app begins with: those of its host, unless its first deploy says otherwise.
struct FirstAddresses {
    let client: RoostClient
    let app: String

    /// Does what `--flycast` and `--no-public-ips` say, before anything of the app could be reached.
    func apply(_ flags: DeployFlags) async throws {
        guard flags.flycast || flags.noPublicIPs else { return }
        guard try await client.get(apiPath("apps", app), as: AppView.self).release == nil else {
            return Output.warning(
                "\(app) keeps its addresses: a later deploy changes none; roost ips --help says what does"
            )
        }
        for address in try await client.addresses(of: app) where !address.isPrivate {
            try await client.delete(apiPath("apps", app, "ip_assignments", address.ip))
        }
        guard flags.flycast, let address = try await client.allocate(.privateV6, to: app) else { return }
        Output.warn("\(app) answers at \(PrivateAddress.name(of: app)), \(address.ip), and nowhere else.")
    }
}
