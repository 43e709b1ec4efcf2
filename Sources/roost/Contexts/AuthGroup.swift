import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct AuthGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth",
        abstract: "Who you are to the host that commands go to.",
        subcommands: [AuthLogin.self, AuthLogout.self, AuthWhoami.self, AuthToken.self]
    )
}

struct AuthLogin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Keep another token for the context in use; it is asked for, or read from standard input."
    )

    func run() async throws {
        var choice = try HostLink.choice()
        let name = try AuthGroup.context(choice)
        let token = try ContextToken.read()
        choice.token = token
        let user = try await AuthGroup.user(choice)
        try ContextFile().change { $0.hosts[name]?.token = token }
        print("Logged in to \(name) as \(Output.harmless(user))")
    }
}

struct AuthLogout: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Forget the token of the context in use; roost tokens revoke ends it for all."
    )

    func run() throws {
        let name = try AuthGroup.context(try HostLink.choice())
        try ContextFile().change { $0.hosts[name]?.token = nil }
        print("Logged out of \(name)")
    }
}

struct AuthWhoami: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show who the host takes you for."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let choice = try HostLink.choice()
        let user = try await AuthGroup.user(choice)
        if json {
            return try Output.json(["user": user, "host": choice.address.text, "chosen_by": choice.reason])
        }
        print(Output.harmless(user))
        Output.warn("at \(choice.address.text) (\(choice.reason))")
    }
}

struct AuthToken: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Print the token that commands show, for $(…)."
    )

    func run() throws {
        let choice = try HostLink.choice()
        guard let token = choice.token else {
            throw Fault(
                .unauthorized,
                "no token is used at \(choice.address.text)",
                hint: "roost tokens create makes one"
            )
        }
        print(token)
    }
}

extension AuthGroup {
    /// The name of the context in use, which has to be one with a token.
    static func context(_ choice: HostContexts.Choice) throws -> String {
        guard let name = choice.context, case .network = choice.address else {
            throw Fault(
                .invalidRequest,
                "\(choice.address.text) needs no token",
                hint: "roost context add NAME https://HOST:4280 adds a host that does"
            )
        }
        return name
    }

    static func user(_ choice: HostContexts.Choice) async throws -> String {
        let answer = try await RoostClient.with(try await HostLink.place(choice)) { client in
            try await client.get("/v1/tokens/current", as: JSONValue.self)
        }
        return answer["tokens"]?.array?.first?["user"]?.string ?? ""
    }
}
