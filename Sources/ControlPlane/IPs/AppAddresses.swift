package import Model
import Store
import Toolkit

/// The addresses of apps: the host's, which all apps share until one gives it back, and their own in private networks.
package struct AppAddresses: Sendable {
    private let apps: Apps
    /// Those of the host now.
    private let host: @Sendable () -> HostAddresses
    /// The edge takes what Machines send to private addresses.
    private let hasPrivate: Bool

    /// - Parameters:
    ///   - apps: whose they are.
    ///   - hasPrivate: false on a host without IPv6.
    ///   - host: the host's own addresses now.
    package init(apps: Apps, hasPrivate: Bool = true, host: @escaping @Sendable () -> HostAddresses) {
        self.apps = apps
        self.hasPrivate = hasPrivate
        self.host = host
    }

    /// All addresses at which an app answers, those for everybody first.
    func list(_ name: String) async throws -> [IPAssignment] {
        let app = try await apps.get(name)
        let host = host()
        var all: [IPAssignment] = []
        if let ip = host.ipv6, app.reach.ipv6 { all.append(IPAssignment(ip: ip, type: .v6, createdAt: app.createdAt)) }
        if let ip = host.ipv4, app.reach.ipv4 {
            all.append(IPAssignment(ip: ip, type: .sharedV4, createdAt: app.createdAt))
        }
        let networks = try await networks()
        return all + (app.privateAddresses ?? []).map { assignment($0, networks) }
    }

    /// Gives an app an address; one that it has already is given again.
    ///
    /// - Parameters:
    ///   - name: the app's.
    ///   - kind: of whichever kind it is, the host's own addresses are shared by all apps.
    ///   - network: of a private address; nil is the app's own.
    /// - Returns: the address.
    /// - Throws: ``Fault`` `hostUnfit` where the host has none of that kind, `notFound` for a network that nobody made.
    func allocate(_ name: String, _ kind: IPAssignment.Kind, network: String?) async throws -> IPAssignment {
        let app = try await apps.get(name)
        guard kind == .privateV6 else {
            guard network == nil else {
                throw Fault(
                    .invalidRequest,
                    "only a private_v6 address is for a network, a \(kind.rawValue) is for all"
                )
            }
            return try await open(app, isIPv6: kind == .v6)
        }
        return try await allocatePrivate(app, network: network)
    }

    /// Takes an address away from an app; at the host's, only the app is no longer found there.
    ///
    /// - Throws: ``Fault`` `notFound` for one that the app does not have.
    func release(_ name: String, _ ip: String) async throws {
        // However it is written.
        guard let wanted = IPAddress(ip)?.bytes,
            let found = try await list(name).first(where: { IPAddress($0.ip)?.bytes == wanted })
        else {
            throw Fault(.notFound, "app \(name) has no address \(ip)", hint: "roost ips list -a \(name) shows them")
        }
        let host = host().reach
        try await apps.store.apps.update(name, missing: Apps.unknown(name)) { app in
            guard found.isPrivate else {
                app.reach = app.reach.without(isIPv6: found.isIPv6, ofHost: host)
                return
            }
            app.privateAddresses = app.privateAddresses?.filter { IPAddress($0.address)?.bytes != wanted }
            if app.privateAddresses?.isEmpty == true { app.privateAddresses = nil }
        }
    }

    // MARK: - Private

    private func open(_ app: App, isIPv6: Bool) async throws -> IPAssignment {
        let family = isIPv6 ? "IPv6" : "IPv4"
        let host = host()
        guard let ip = isIPv6 ? host.ipv6 : host.ipv4 else {
            throw Fault(
                .hostUnfit,
                "this host's edge listens on no \(family) address",
                hint: "add one to `listen` in roost.toml, and restart roostd edge and serve"
            )
        }
        try await apps.store.apps.update(app.name, missing: Apps.unknown(app.name)) { app in
            if isIPv6 { app.reach.ipv6 = true } else { app.reach.ipv4 = true }
        }
        return IPAssignment(ip: ip, type: isIPv6 ? .v6 : .sharedV4, createdAt: app.createdAt)
    }

    private func allocatePrivate(_ app: App, network name: String?) async throws -> IPAssignment {
        guard hasPrivate else {
            throw Fault(
                .hostUnfit,
                "private addresses are of IPv6, which this host's kernel does not have",
                hint: "Machines reach \(app.name) by \(app.name).internal"
            )
        }
        let networks = try await networks()
        let network = name.map { name in networks.first { $0.name == name } } ?? app.network
        guard let network else {
            throw Fault(
                .notFound,
                "there is no network \(name ?? "")",
                hint: "roost apps create NAME --network makes one; roost apps list --json shows those there are"
            )
        }
        var random = SystemRandomNumberGenerator()
        while true {
            let used = try await others(than: app.name)
            guard let text = PrivateAddress.free(network: network.number, used: used, using: &random) else {
                throw Fault(
                    .hostUnfit,
                    "network \(network.name) has no address left",
                    hint: "roost ips release takes one from an app that needs none"
                )
            }
            let fresh = PrivateAddress(address: text, createdAt: .now())
            let after = try await apps.store.apps.update(app.name, missing: Apps.unknown(app.name)) { app in
                guard !(app.privateAddresses ?? []).contains(where: { $0.network == network.number }) else { return }
                app.privateAddresses = (app.privateAddresses ?? []) + [fresh]
            }
            guard let own = after.privateAddresses?.first(where: { $0.network == network.number }) else { continue }
            // Two apps that chose at one time see each other now, and at least the later one of them chooses again.
            guard own == fresh, try await others(than: app.name).contains(own.address) else {
                return assignment(own, networks)
            }
            try await apps.store.apps.update(app.name, missing: Apps.unknown(app.name)) { app in
                app.privateAddresses = app.privateAddresses?.filter { $0 != fresh }
            }
        }
    }

    /// Private addresses that other apps have.
    private func others(than name: String) async throws -> Set<String> {
        let all = try await apps.store.apps.list { _, _ in }.filter { $0.name != name }
        return Set(all.flatMap { $0.privateAddresses ?? [] }.map(\.address))
    }

    private func networks() async throws -> [AppNetwork] {
        [.default] + (try await apps.store.networks.list { _, _ in })
    }

    private func assignment(_ address: PrivateAddress, _ networks: [AppNetwork]) -> IPAssignment {
        let network = networks.first { $0.number == address.network }
        return IPAssignment(
            ip: address.address,
            type: .privateV6,
            createdAt: address.createdAt,
            network: network?.name ?? String(address.network)
        )
    }
}
