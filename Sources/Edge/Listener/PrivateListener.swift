import Logging
import Model
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The one socket of each event loop at which Machines' connections to private addresses come in.
///
/// The kernel turns them here, whatever address and port they were for, and says so when it is asked. So an address is
/// there as soon as a route has it, and nothing has to be opened or closed for it.
struct PrivateListener: Sendable {
    let shared: EdgeShared
    let listener: Listener
    /// Says where the bridge is, and keeps that while `serve` is away.
    let book: NameBook

    /// Takes connections in, at the bridge that there is, until cancelled.
    func run() async {
        var open: (place: Place, channels: [any Channel])?
        var told: Place?
        while !Task.isCancelled {
            let wanted = place
            if open?.place != wanted {
                for channel in open?.channels ?? [] { try? await channel.close() }
                open = nil
            }
            if let wanted, open == nil {
                do {
                    open = (wanted, try await listener.openPrivate { try wanted.socket() })
                    told = nil
                    shared.logger.notice("taking private connections", metadata: ["address": "\(wanted.address)"])
                } catch {
                    // The bridge may not have its address yet.
                    if told != wanted {
                        shared.logger.warning(
                            "can't take private connections yet",
                            metadata: ["address": "\(wanted.address)", "error": "\(error)"]
                        )
                    }
                    told = wanted
                }
            }
            try? await Task.sleep(for: NameServer.lookInterval)
        }
        for channel in open?.channels ?? [] { try? await channel.close() }
    }

    // MARK: - Private

    private struct Place: Equatable, Sendable {
        var address: String
        var device: String
        /// Another one after the bridge was made anew.
        var deviceNumber: UInt32

        func socket() throws -> Int32 {
            let target = try SocketAddress(ipAddress: address, port: PrivateAddress.port)
            return try DeviceSocket.bound(Int32(SOCK_STREAM.rawValue), to: target, device: device)
        }
    }

    /// Nil where the host has no bridge, or can't turn connections.
    private var place: Place? {
        let home = book.index.home
        guard let address = home.flycast, let device = home.device else { return nil }
        let number = if_nametoindex(device)
        return number == 0 ? nil : Place(address: address, device: device, deviceNumber: number)
    }
}

/// What the kernel knows of a connection that it has turned.
enum TurnedConnection {
    /// Where the client has called; fails for a connection that was not turned.
    ///
    /// > Source: Linux, include/uapi/linux/netfilter_ipv6/ip6_tables.h: `IP6T_SO_ORIGINAL_DST`.
    static func reached(_ channel: any Channel) -> EventLoopFuture<SocketAddress> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(Reception.NothingOpen())
        }
        let found: EventLoopFuture<sockaddr_in6> = options.unsafeGetSocketOption(
            level: .ipv6,
            name: .init(rawValue: 80)
        )
        return found.map { SocketAddress($0) }
    }
}
