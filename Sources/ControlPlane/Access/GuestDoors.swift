import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
package import Model
import NIOPosix
import ServiceLifecycle
import Toolkit

/// The API inside Machines: `/.fly/api`, a socket for each Machine that runs.
///
/// Who asks there is that Machine, and needs no token for what is its app's. What the Machine has is the folder of the
/// socket, so that it sees the new socket after a restart of the daemon.
package actor GuestDoors: Service {
    private let folder: String
    private let logger: Logger
    private var responder: Responder?
    private var ends: [Machine.ID: AsyncStream<Void>.Continuation] = [:]
    private let made: AsyncStream<Order>
    private let make: AsyncStream<Order>.Continuation

    private typealias Responder = RouterResponder<BasicRequestContext>

    private struct Order: Sendable {
        var door: GuestDoor
        /// Ends when nobody needs it any more.
        var end: AsyncStream<Void>
    }

    /// - Parameters:
    ///   - folder: for the sockets, whose paths have at most 107 bytes.
    ///   - logger: is told of sockets that can't be opened.
    package init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
        (made, make) = AsyncStream.makeStream(of: Order.self)
    }

    /// Answers with that API; what was opened before waits for it.
    package func use(_ api: API) { responder = api.router().buildResponder() }

    /// Opens the one of a Machine, unless it is open.
    ///
    /// - Returns: the folder that the Machine is to have.
    package func open(_ machine: Machine) throws(Fault) -> String {
        let own = "\(folder)/\(machine.id)"
        guard ends[machine.id] == nil else { return own }
        try Durable.makeFolder(folder, mode: 0o711)
        try Durable.makeFolder(own, mode: 0o755)
        let (end, ending) = AsyncStream.makeStream(of: Void.self)
        ends[machine.id] = ending
        make.yield(Order(door: GuestDoor(path: "\(own)/api", app: machine.app, id: machine.id), end: end))
        return own
    }

    /// Closes it, when the Machine runs no more.
    package func close(_ id: Machine.ID) {
        ends.removeValue(forKey: id)?.finish()
        for name in ["api", "init"] { unlink("\(folder)/\(id)/\(name)") }
        rmdir("\(folder)/\(id)")
    }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            for await order in made.cancelOnGracefulShutdown() {
                guard let responder else { continue }
                group.addTask { [logger] in await Self.serve(order, responder, logger) }
            }
        }
    }

    // MARK: - Private

    private static func serve(_ order: Order, _ responder: Responder, _ logger: Logger) async {
        await withTaskGroup { group in
            group.addTask {
                do {
                    try await order.door.server(responder, logger).run()
                } catch {
                    let tags: Logger.Metadata = ["machine.id": "\(order.door.id)"]
                    logger.warning("no API inside machine", error: error, metadata: tags)
                }
            }
            group.addTask { for await _ in order.end {} }
            await group.next()
            group.cancelAll()
        }
    }
}

/// The socket of one Machine.
private struct GuestDoor: Sendable {
    let path: String
    let app: String
    let id: Machine.ID

    /// A server without the clock that an application has, of which there would be one a Machine.
    func server(_ inner: RouterResponder<BasicRequestContext>, _ logger: Logger) throws -> any Service {
        let responder = DoorResponder(inner: inner, door: { [id, app] _ in .machine(id, app: app) })
        // It takes the end of its Machine for an error.
        var quiet = logger
        quiet.logLevel = .critical
        return try HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(120))).buildServer(
            configuration: ServerConfiguration(address: .unixDomainSocket(path: path)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: quiet
        ) { request, writer, channel in
            let context = DoorResponder<RouterResponder<BasicRequestContext>>.Context(
                source: ApplicationRequestContextSource(channel: channel, logger: logger)
            )
            let response = try await responder.respond(to: request, context: context)
            try await response.body.write(writer.writeHead(response.head))
        } onServerRunning: { [path] _ in
            // Whoever is in the Machine may ask.
            chmod(path, 0o666)
        }
    }
}
