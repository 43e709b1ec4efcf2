import Model
import NIOCore
import NIOSSL
import NIOTLS

/// Decides what is spoken on a connection that was accepted, and puts the handlers for it in place.
struct Reception {
    let loop: EdgeLoop
    /// Of the address that it came in at; nil where TLS is not spoken, and at ports that apps wanted.
    let tls: TLSSettings?

    /// Takes a new connection in.
    func take(_ channel: any Channel) throws {
        let origin = Origin(channel)
        let peer = IPAddress(origin.client)
        guard let peer, loop.shared.configuration.proxyProtocol.contains(where: { $0.contains(peer) }) else {
            return try admit(channel, origin)
        }
        try channel.pipeline.syncOperations.addHandler(ProxyEntrance(loop: loop, admit: admit))
    }

    /// Takes in a Machine's connection to a private address: HTTP, or bytes as they come, as the app's ports have it.
    ///
    /// Nothing ends TLS here, and nobody speaks for others.
    ///
    /// - Throws: ``NothingOpen`` where no app of the caller's network has that port.
    func take(_ channel: any Channel, by caller: SocketAddress, reached: SocketAddress) throws {
        guard let origin = Origin(channel, by: caller, reached: reached), let door = loop.index?.door(of: origin) else {
            throw NothingOpen()
        }
        let pipeline = channel.pipeline.syncOperations
        if door.entrance.isHTTP {
            try pipeline.addHandler(ClientConnection(loop: loop, origin: origin))
        } else {
            try pipeline.addHandler(StreamConnection(loop: loop, door: door, origin: origin))
        }
    }

    /// The connection ends: there is nothing that it could lead to.
    struct NothingOpen: Error {}

    // MARK: - Private

    private func admit(_ channel: any Channel, _ origin: Origin) throws {
        if let tls { return try admitHTTP(channel, origin, tls) }
        let doors = (loop.index?.doors(at: origin.edgePort) ?? []).filter { $0.entry.isOpen(to: origin) }
        guard let door = doors.first, !loop.shared.ownPorts.contains(origin.edgePort) else {
            return try channel.pipeline.syncOperations.addHandler(ClientConnection(loop: loop, origin: origin))
        }
        if door.entrance.isHTTP {
            let book = door.entrance.isSecure ? try loop.shared.tls.settings(for: door.entrance.tlsOptions) : nil
            return try admitHTTP(channel, origin, book)
        }
        if door.entrance.isPostgres {
            try channel.pipeline.syncOperations.addHandler(
                PostgresEntrance(loop: loop) { [self] channel in
                    try secure(channel, doors, origin)
                }
            )
        } else if door.entrance.isSecure {
            try secure(channel, doors, origin)
        } else if doors.count > 1 {
            try passThrough(channel, doors, origin)
        } else {
            try channel.pipeline.syncOperations.addHandler(StreamConnection(loop: loop, door: door, origin: origin))
        }
    }

    private func admitHTTP(_ channel: any Channel, _ origin: Origin, _ tls: TLSSettings?) throws {
        let pipeline = channel.pipeline.syncOperations
        guard let tls else { return try pipeline.addHandler(ClientConnection(loop: loop, origin: origin)) }
        let entrance = TLSEntrance(loop: loop) { [loop] negotiated, entrance in
            if negotiated == "h2" {
                try HTTP2Connection.install(in: channel, loop, origin)
            } else {
                let client = ClientConnection(loop: loop, origin: origin, secure: true)
                try pipeline.addHandler(client, position: .after(entrance))
            }
        }
        let streams = secureStreams(origin)
        guard loop.index?.hasTLSOptions ?? false || !streams.isEmpty else {
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
            return try pipeline.addHandler(entrance)
        }
        // Some app wants TLS in a way of its own, or no HTTP under it: its name has to be known before TLS begins.
        try NameEntrance.install(in: channel, loop) { [self] name in
            if let name, let door = streams.first(where: { $0.entry.answers(to: name) }) {
                return try secure(channel, door, origin)
            }
            let options = name.flatMap { loop.index?.entry(host: $0, port: origin.edgePort)?.route.tlsOptions }
            let own = try options.map { try loop.shared.tls.settings(for: $0) } ?? tls
            try pipeline.addHandler(NIOSSLServerHandler(context: own.context))
            try pipeline.addHandler(entrance)
        }
    }

    /// Bytes as they come, for one of several apps that want the port: where they begin TLS, for the one whose name is
    /// asked for, which ends it by itself.
    private func passThrough(_ channel: any Channel, _ doors: [RouteIndex.Door], _ origin: Origin) throws {
        try NameEntrance.install(in: channel, loop) { [loop] name in
            let named = name.flatMap { name in doors.first { $0.entry.answers(to: name) } }
            guard let door = named ?? doors.first else { throw UnknownServerName() }
            let stream = StreamConnection(loop: loop, door: door, origin: origin)
            try channel.pipeline.syncOperations.addHandler(stream)
        }
    }

    /// TLS, and behind it bytes as they come: for the app whose name was asked for.
    private func secure(_ channel: any Channel, _ doors: [RouteIndex.Door], _ origin: Origin) throws {
        try NameEntrance.install(in: channel, loop) { [self] name in
            guard let name, let door = doors.first(where: { $0.entry.answers(to: name) }) else {
                throw UnknownServerName()
            }
            try secure(channel, door, origin)
        }
    }

    private func secure(_ channel: any Channel, _ door: RouteIndex.Door, _ origin: Origin) throws {
        let pipeline = channel.pipeline.syncOperations
        let options = door.entrance.tlsOptions ?? AppConfig.TLSOptions(alpn: [])
        let settings = try loop.shared.tls.settings(for: options)
        let entrance = TLSEntrance(loop: loop) { [loop] _, entrance in
            let stream = StreamConnection(loop: loop, door: door, origin: origin)
            try pipeline.addHandler(stream, position: .after(entrance))
        }
        try pipeline.addHandler(NIOSSLServerHandler(context: settings.context))
        try pipeline.addHandler(entrance)
    }

    /// The apps that want TLS on 443, for which the edge's own port stands, and something else than HTTP under it.
    private func secureStreams(_ origin: Origin) -> [RouteIndex.Door] {
        guard loop.shared.ownPorts.contains(origin.edgePort), let doors = loop.index?.doors(at: 443) else { return [] }
        return doors.filter { $0.entrance.isSecure && !$0.entrance.isHTTP && $0.entry.isOpen(to: origin) }
    }
}

extension RouteIndex {
    /// What a connection to a private address leads to; nil for one that came from outside.
    func door(of origin: Origin) -> Door? {
        origin.privateEnds.flatMap { privateDoor(at: $0.called, port: origin.edgePort, from: $0.client) }
    }
}

extension RouteIndex.Entry {
    /// Whether clients that arrive there from outside may reach it.
    func isOpen(to origin: Origin) -> Bool { route.reach?.admits(isIPv6: origin.isIPv6) ?? true }

    /// Whether a Machine at that address may send a request on to it: what is closed outside is its own network's.
    func isOpen(toReplayOf source: Machine.Address) -> Bool {
        guard route.reach?.isClosed ?? false, let own = route.machines.first?.address.ipv6 else { return true }
        return AppNetwork.number(of: own) == AppNetwork.number(of: source.ipv6)
    }

    /// Whether a host name, in any case, leads to it.
    func answers(to name: String) -> Bool {
        let name = HostName.canonical(name)
        return route.hostnames.contains { $0.lowercased() == name || $0.lowercased() == HostName.wildcard(over: name) }
    }
}
