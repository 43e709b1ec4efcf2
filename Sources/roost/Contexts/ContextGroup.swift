import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ContextGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "The hosts that commands go to, by names of your own.",
        subcommands: [ContextAdd.self, ContextList.self, ContextUse.self, ContextRemove.self],
        aliases: ["contexts"]
    )
}

struct ContextAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a host, and use it if it is the first.",
        discussion: """
            ssh://root@HOST goes through your own ssh, and needs nothing on the host but its sshd. https://HOST:4280 goes to \
            the API's port with a token: FLY_API_TOKEN, else it is asked for, or read from standard input.
            """
    )

    @Argument(help: "What to call it.") var name: String
    @Argument(help: "ssh://root@HOST or https://HOST:PORT.") var address: String
    @Option(help: "The certificate of the API's authority: api-tls/ca.pem of the host.") var ca: String?
    @Option(help: "The authority's fingerprint, as roost tokens create shows it.") var fingerprint: String?

    func run() async throws {
        try HostContexts.validate(name: name)
        let place = try HostAddress(address)
        var known = HostContexts.Known(address: place.text)
        if case .network(let url) = place {
            if url.hasPrefix("https:") { known.authority = try await authority(url) }
            known.token = try ContextToken.read()
        }
        let file = ContextFile()
        var contexts = try file.read()
        contexts.hosts[name] = known
        // Nothing is written that does not work.
        let choice = try contexts.choose(["ROOST_HOST": name])
        _ = try await RoostClient.with(try await HostLink.place(choice)) { client in
            try await client.get(known.token == nil ? "/v1/health" : "/v1/tokens/current", as: JSONValue.self)
        }
        if contexts.current == nil { contexts.current = name }
        try file.write(contexts)
        print("Context \(name) added: \(known.address)\(contexts.current == name ? ", in use" : "")")
    }

    // MARK: - Private

    private func authority(_ url: String) async throws -> String? {
        if let ca {
            guard let data = FileManager.default.contents(atPath: ca) else { throw Fault(.io, "\(ca) can't be read") }
            return String(decoding: data, as: UTF8.self)
        }
        if fingerprint == nil, await Self.isTrusted(url) { return nil }
        let found = try await AuthorityProbe.authority(of: url)
        if let fingerprint {
            guard fingerprint.lowercased() == found.fingerprint else {
                throw Fault(
                    .unreachable,
                    "\(url) shows the authority \(found.fingerprint), not \(fingerprint)",
                    hint: "somebody may stand between you and the host; roost tokens create there shows the right one"
                )
            }
            return found.pem
        }
        try Person.confirm(
            "\(url) is signed by an authority that this machine does not know: \(found.fingerprint). Is that the one that "
                + "roost tokens create shows?",
            yes: false
        )
        return found.pem
    }

    private static func isTrusted(_ url: String) async -> Bool {
        let answer = try? await RoostClient.with(.network(.init(url: url))) { client in
            try await client.get("/v1/health", as: JSONValue.self)
        }
        return answer != nil
    }
}

/// Where a token comes from that is to be kept; never from the command line, which others can read.
enum ContextToken {
    static func read() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let token = ["FLY_ACCESS_TOKEN", "FLY_API_TOKEN"].lazy.compactMap({ environment[$0] }).first(where: {
            !$0.isEmpty
        }) {
            return token
        }
        let line = Terminal.hasPerson ? try Person.ask("Token: ", isSecret: true) : readLine()
        guard let token = line?.trimmingCharacters(in: .whitespaces), !token.isEmpty else {
            throw UsageError(
                message: "a token is needed",
                hint: "set FLY_API_TOKEN or give it on standard input; roost tokens create org on the host makes one"
            )
        }
        return token
    }
}

struct ContextList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the hosts.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() throws {
        let contexts = try ContextFile().read()
        let rows =
            [(HostContexts.local, "unix://\(HostAddress.usualRun)/api.sock", "root's socket")]
            + contexts.hosts.sorted { $0.key < $1.key }.map { name, host in
                (
                    name, host.address,
                    host.address.hasPrefix("ssh:") ? "ssh" : host.token == nil ? "no token" : "a token"
                )
            }
        let current = contexts.current ?? HostContexts.local
        if json {
            return try Output.json(
                rows.map { ["name": $0.0, "address": $0.1, "opened_by": $0.2, "current": "\($0.0 == current)"] }
            )
        }
        var table = Table("", "NAME", "ADDRESS", "OPENED BY")
        for row in rows { table.add(row.0 == current ? "*" : "", row.0, row.1, row.2) }
        Output.table(table)
    }
}

struct ContextUse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Send commands to that host from now on; local is this machine."
    )

    @Argument(help: "Its name.") var name: String

    func run() throws {
        try ContextFile().change { contexts in
            if name == HostContexts.local {
                contexts.current = nil
            } else {
                _ = try contexts.choose(["ROOST_HOST": name])
                contexts.current = name
            }
        }
        print("Commands go to \(name) from now on")
    }
}

struct ContextRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Forget a host and its token.",
        aliases: ["remove", "delete"]
    )

    @Argument(help: "Its name.") var name: String

    func run() throws {
        let file = ContextFile()
        let choice = try file.read().choose(["ROOST_HOST": name])
        guard choice.context != nil else {
            throw Fault(.invalidRequest, "\(name) is this machine, which is always there")
        }
        try file.change { contexts in
            contexts.hosts[name] = nil
            if contexts.current == name { contexts.current = nil }
        }
        if case .ssh(let target, let port, let run) = choice.address {
            SSHLink(target: target, port: port, run: run).close()
        }
        print("Context \(name) removed")
    }
}
