import ArgumentParser
import Client
import Foundation
import Model

/// A command that does one thing to some Machines.
protocol MachineVerb: AsyncParsableCommand {
    var connection: Connection { get }
    var ids: [Machine.ID] { get }
    /// Print the Machines as they are afterwards, as JSON.
    var json: Bool { get }
    /// The last part of the path.
    static var verb: String { get }
    /// What is printed when it is done.
    static var done: String { get }
    /// What is sent along.
    var order: MachineVerbOrder { get }
}

/// What a verb says beyond its name.
struct MachineVerbOrder {
    var query = ""
    var body: JSONValue?
    /// Wait until the Machines are in a state, for so long.
    var wait: (state: String, seconds: Int)?
}

extension MachineVerb {
    var order: MachineVerbOrder { MachineVerbOrder() }

    func run() async throws {
        let app = try connection.appName()
        let order = order
        var after: [MachineView] = []
        for id in ids {
            try await RoostClient.atHost { client in
                let path = apiPath("apps", app, "machines", id.text, Self.verb) + order.query
                _ = try await client.post(path, order.body ?? .object([:]), as: JSONValue.self)
                if let wait = order.wait {
                    _ = try await client.wait(app, id.text, wait.state, seconds: wait.seconds)
                }
                guard json else { return print("Machine \(id) has been \(Self.done)") }
                after.append(try await client.get(apiPath("apps", app, "machines", id.text), as: MachineView.self))
            }
        }
        if json { try Output.json(after) }
    }
}

struct MachineStart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start Machines.")
    static let verb = "start"
    static let done = "started"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineStop: MachineVerb {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop Machines after their requests; volumes are kept."
    )
    static let verb = "stop"
    static let done = "stopped"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Option(name: [.short, .long], help: "Instead of the configuration's: SIGTERM, INT.") var signal: String?
    @Option(help: "Time to end in before it is killed: 30s, 30 (seconds).") var timeout: String?
    @Option(name: [.customShort("w"), .long], help: "Wait until it is stopped, for so long: 5m, 300 (seconds).")
    var waitTimeout: WaitTime?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    var order: MachineVerbOrder {
        let body = JSONValue.members([
            ("signal", signal.map { .string($0) }), ("timeout", timeout.map { .string($0) }),
        ])
        return MachineVerbOrder(body: body, wait: waitTimeout.map { ("stopped", $0.seconds) })
    }
}

struct MachineRestart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Stop and start Machines.")
    static let verb = "restart"
    static let done = "restarted"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Option(name: [.short, .long], help: "Instead of the configuration's: SIGTERM, INT.") var signal: String?
    @Option(name: [.customLong("time"), .customLong("timeout")], help: "Time to end in before it is killed: 30s, 30.")
    var time: String?
    @Flag(name: [.long, .customLong("force-stop")], help: "Kill it at once.") var force = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    var order: MachineVerbOrder {
        let items = [
            force ? URLQueryItem(name: "force_stop", value: "true") : nil,
            signal.map { URLQueryItem(name: "signal", value: $0) },
            time.map { URLQueryItem(name: "timeout", value: $0) },
        ].compactMap { $0 }
        var query = URLComponents()
        query.queryItems = items
        return MachineVerbOrder(query: items.isEmpty ? "" : query.string ?? "")
    }
}

struct MachineSuspend: MachineVerb {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Freeze Machines; a request thaws them."
    )
    static let verb = "suspend"
    static let done = "suspended"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Option(name: [.customShort("w"), .long], help: "Wait until it is suspended, for so long: 5m, 300 (seconds).")
    var waitTimeout: WaitTime?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    var order: MachineVerbOrder {
        MachineVerbOrder(wait: waitTimeout.map { ("suspended", $0.seconds) })
    }
}

struct MachineDestroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy Machines; volumes are kept.",
        aliases: ["remove", "rm"]
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID] = []
    @Option(name: [.short, .long], help: "All of the app's Machines that run this image.") var image: String?
    @Flag(name: [.short, .long], help: "Also a Machine that is started.") var force = false
    @Flag(name: [.short, .long], help: "Print the IDs of those that are gone as JSON.") var json = false

    func run() async throws {
        let ids = ids + (try await ofImage())
        guard !ids.isEmpty else {
            throw UsageError(message: "which Machines?", hint: "name their IDs, or an image: --image REF")
        }
        for id in ids {
            try await RoostClient.atHost { client in
                // What runs without a record belongs to no app that could be asked.
                let strangers = try await client.get("/v1/strangers", as: [Stranger].self)
                if strangers.contains(where: { $0.id == id }) {
                    return try await client.delete(apiPath("strangers", id.text))
                }
                let path = apiPath("apps", try connection.appName(), "machines", id.text)
                try await client.delete(path + (force ? "?force=true" : ""))
            }
            if !json { print("Machine \(id) has been destroyed") }
        }
        if json { try Output.json(ids.map(\.text)) }
    }

    private func ofImage() async throws -> [Machine.ID] {
        guard let image else { return [] }
        let app = try connection.appName()
        let all = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "machines"), as: [MachineView].self)
        }
        let found = all.filter { $0.runs(image) }.compactMap { Machine.ID($0.id) }
        guard !found.isEmpty else {
            throw Fault(.machineNotFound, "no Machine of \(app) runs the image \(Output.harmless(image))")
        }
        return found
    }
}

extension MachineView {
    /// Whether its image is the one of that name, tag or digest.
    func runs(_ image: String) -> Bool {
        let parts = value["image_ref"]
        let name = "\(parts?["registry"]?.string ?? "")/\(parts?["repository"]?.string ?? "")"
        let names = ["\(name):\(parts?["tag"]?.string ?? "")", "\(name)@\(parts?["digest"]?.string ?? "")"]
        return config.image == image || parts?["digest"]?.string == image || names.contains(image)
    }
}

/// `5m`, or a number of seconds.
struct WaitTime: ExpressibleByArgument {
    var seconds: Int

    init?(argument: String) {
        guard let time = Int64(argument).map({ Duration.seconds($0) }) ?? GoDuration.parse(argument), time >= .zero,
            time <= .seconds(86_400)
        else { return nil }
        seconds = max(1, Int(time.seconds.rounded(.up)))
    }
}
