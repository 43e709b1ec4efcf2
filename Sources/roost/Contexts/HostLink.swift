import Client
import Foundation
import Model
import Toolkit

/// Makes out of what a person said where requests go.
enum HostLink {
    /// Which host this command goes to, and why.
    static func choice() throws -> HostContexts.Choice {
        let environment = ProcessInfo.processInfo.environment
        var choice = try ContextFile().read().choose(environment)
        if let path = environment["ROOST_CA"], !path.isEmpty {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Fault(.io, "ROOST_CA names \(path), which can't be read")
            }
            choice.authority = String(decoding: data, as: UTF8.self)
        }
        return choice
    }

    /// The place to send requests to; for a host behind ssh the way there is opened first, if it is not open.
    static func place(_ choice: HostContexts.Choice) async throws -> HostPlace {
        switch choice.address {
        case .socket(let path): return .socket(path)
        case .network(let url):
            return .network(.init(url: url, token: choice.token, authority: choice.authority))
        case .ssh(let target, let port, let run):
            let link = SSHLink(target: target, port: port, run: run)
            try await link.open()
            return .tunnel(link.socket, host: target)
        }
    }
}

extension RoostClient {
    /// Runs `body` with a client of the host that the environment and the contexts name.
    static func atHost<Result>(_ body: (RoostClient) async throws -> Result) async throws -> Result {
        try await with(try await HostLink.place(try HostLink.choice()), body)
    }
}
