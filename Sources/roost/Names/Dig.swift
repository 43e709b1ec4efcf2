import ArgumentParser
import Client
import Model

struct Dig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dig",
        abstract: "Show what a private name leads to, as a Machine hears it.",
        discussion: """
            `roost dig my-app.internal`, `roost dig TXT _apps.internal`. Each network has names of its own: -a names an app of \
            the network to ask in, --network the network; else it is the one that all apps share.
            """
    )

    @OptionGroup var connection: Connection
    @Argument(help: "AAAA (as when nothing is said), A, TXT or PTR, then the name.") var words: [String]
    @Option(help: "The private network to ask in.") var network: String?
    @Flag(name: [.short, .long], help: "Print the answers alone.") var short = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// The parts of the answer.
    struct Answer: Codable {
        var code: String
        var records: [Record]

        struct Record: Codable {
            var name: String
            var type: String
            var data: String
        }
    }

    func run() async throws {
        guard let name = words.last, words.count <= 2 else {
            throw UsageError(message: "expected [TYPE] NAME", hint: "roost dig AAAA my-app.internal")
        }
        let type = words.count == 2 ? words[0].uppercased() : "AAAA"
        var query = "?name=\(queryValue(name))&type=\(queryValue(type))"
        if let network {
            query += "&network=\(queryValue(network))"
        } else if let app = try? connection.appName() {
            query += "&app=\(queryValue(app))"
        }
        let path = apiPath("dns") + query
        let answer = try await RoostClient.atHost { try await $0.get(path, as: Answer.self) }
        if json { return try Output.json(answer) }
        if !short { print(";; \(answer.code), \(answer.records.count) answers") }
        for record in answer.records {
            let data = Output.harmless(record.data)
            print(short ? data : "\(record.name)\t\(record.type)\t\(record.type == "TXT" ? "\"\(data)\"" : data)")
        }
        if answer.code == DNSCode.noName.word { throw ExitCode(1) }
    }
}
