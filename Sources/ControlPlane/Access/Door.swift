import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// How a request came in.
enum Door: Sendable {
    /// The unix socket, which only root may open.
    case socket
    /// A port of the network: a token has to say who it is.
    case network(from: String)
    /// The socket inside a Machine, which may ask for what is its app's.
    case machine(Machine.ID, app: String)

    static func network(_ channel: any Channel) -> Door {
        .network(from: channel.remoteAddress?.ipAddress ?? "unknown")
    }

    /// The door of the request that is being answered; nil where none was passed, which opens nothing.
    @TaskLocal static var current: Door?
}

/// Who asks.
struct Caller: Sendable {
    var scope: TokenScope?
    /// For records: `root`, or the token's name.
    var name: String
    var tokenID: String?
    var from: String

    /// Root on this host, for which nothing is closed.
    static func root(_ claimed: String?) -> Caller {
        Caller(scope: nil, name: claimed.map { "root (\($0))" } ?? "root", tokenID: nil, from: "socket")
    }

    /// A Machine that asks by its own socket.
    static func machine(_ id: Machine.ID, app: String) -> Caller {
        Caller(scope: .deploy(app: app), name: "Machine \(id)", tokenID: nil, from: "Machine \(id)")
    }

    /// Nobody who has shown a token.
    static func nobody(_ from: String) -> Caller {
        Caller(scope: .unknown("none"), name: "nobody", tokenID: nil, from: from)
    }

    /// Whoever sent the request that is being answered.
    @TaskLocal static var current: Caller?

    /// Whether an app shows in the lists that this caller asks for.
    static func sees(app: String) -> Bool {
        guard let current else { return false }
        return current.scope?.sees(app: app) ?? true
    }
}

/// Says for each request by which door it came, then hands it to the router.
struct DoorResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == BasicRequestContext {
    let inner: Inner
    let door: @Sendable (any Channel) -> Door

    /// What a request is given before the router sees it.
    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let source = ApplicationRequestContextSource(channel: context.channel, logger: context.logger)
        return try await Door.$current.withValue(door(context.channel)) {
            try await inner.respond(to: request, context: BasicRequestContext(source: source))
        }
    }
}
