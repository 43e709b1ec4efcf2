import AsyncHTTPClient
import Foundation
import Model

/// Where a host's API is, and what opens it.
package enum HostPlace: Equatable, Sendable {
    /// The daemon's socket on this machine.
    case socket(String)
    /// A port of the network.
    case network(NetworkPlace)
    /// A socket of this machine that leads to the daemon's on another one, which is named for messages.
    case tunnel(String, host: String)

    /// A port that speaks TLS, and a token for it.
    package struct NetworkPlace: Equatable, Sendable {
        /// `https://host:4280`.
        package var url: String
        package var token: String?
        /// The certificate in PEM of the authority that it has to be signed by; nil: one that this machine believes.
        package var authority: String?

        package init(url: String, token: String? = nil, authority: String? = nil) {
            self.url = url
            self.token = token
            self.authority = authority
        }
    }

    /// The address of a path there; nil for what can't be one.
    func url(_ path: String) -> String? {
        switch self {
        case .socket(let socket), .tunnel(let socket, _): URL(httpURLWithSocketPath: socket, uri: path)?.absoluteString
        case .network(let place): place.url + path
        }
    }

    /// Where the daemon's log may be looked at.
    var log: String {
        switch self {
        case .socket(let socket): "\((socket as NSString).deletingLastPathComponent)/serve.log"
        case .network, .tunnel: "serve.log on that host, or journalctl -u roost"
        }
    }

    /// Why nothing could be asked there.
    func unreachable(_ error: any Error) -> Fault {
        switch self {
        case .socket(let path): return Self.unreachable(path, error)
        case .tunnel(_, let host):
            return Fault(
                .unreachable,
                "roostd does not answer on \(host): \(error)",
                hint: "is it running there? (ssh to it, then roost doctor)"
            )
        case .network(let place):
            let words = "\(error)"
            if words.lowercased().contains("certificate") {
                return Fault(
                    .unreachable,
                    "the certificate of \(place.url) is of no authority that is trusted here: \(words)",
                    hint: "roost context add NAME \(place.url) asks for its fingerprint; or ROOST_CA names its ca.pem"
                )
            }
            return Fault(
                .unreachable,
                "nobody answers at \(place.url): \(words)",
                hint: "does [api] of roost.toml there have listen = \"0.0.0.0:4280\"? (docs/remote.md)"
            )
        }
    }

    // MARK: - Private

    private static func unreachable(_ socketPath: String, _ error: any Error) -> Fault {
        // A folder that may not be entered hides whether there is a socket.
        if access(socketPath, W_OK) != 0, errno == EACCES {
            let hint = "run this as root, as roostd runs: its socket is nobody else's"
            return Fault(.unreachable, "\(socketPath) may be used by root only", hint: hint)
        }
        let isThere = access(socketPath, F_OK) == 0
        let cause = isThere ? "nobody answers at \(socketPath) (\(error))" : "there is no \(socketPath)"
        return Fault(
            .unreachable,
            "roostd is not running: \(cause)",
            hint: """
                start it, as root: `make run` in Roost's checkout, or roostd serve & roostd edge &
                It runs elsewhere? Then ROOST_RUN has to name the same folder here as there, or ROOST_HOST the host.
                """
        )
    }
}
