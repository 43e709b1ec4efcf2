import ArgumentParser
import Client
import Model

struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Measure the way from the host to the Machines behind a private name.",
        discussion: """
            `roost ping my-app.internal` asks each of them once a second, until Ctrl-C or -n times. It ends with 1 when \
            nothing answered.
            """
    )

    @OptionGroup var connection: Connection
    @Argument(help: "A private name: my-app.internal, 148e21b7c65089.vm.my-app.internal.") var name: String
    @Option(help: "The private network that the name is of.") var network: String?
    @Option(name: [.customShort("n"), .long], help: "How many times; 0 is until Ctrl-C.") var count = 0
    @Option(name: [.short, .long], help: "Between two times: 1 (seconds), 500ms.") var interval: WaitTimeout?
    @Flag(name: [.short, .long], help: "Print JSON, an array for each time.") var json = false

    /// What came of one echo.
    struct Outcome: Codable {
        var address: String
        var name: String
        /// Nil where no answer came.
        var milliseconds: Double?
    }

    /// What the API answers.
    struct Answer: Codable {
        var echoes: [Outcome]
    }

    func run() async throws {
        guard count >= 0 else { throw UsageError(message: "-n expects 0 or more", hint: "for example: -n 4") }
        var query = "?name=\(queryValue(name))"
        if let network {
            query += "&network=\(queryValue(network))"
        } else if let app = try? connection.appName() {
            query += "&app=\(queryValue(app))"
        }
        let path = apiPath("ping") + query
        var answered = false
        var number = 0
        while count == 0 || number < count {
            if number > 0 { try await Task.sleep(for: interval?.duration.duration ?? .seconds(1)) }
            let echoes = try await RoostClient.atHost { try await $0.get(path, as: Answer.self) }.echoes
            answered = answered || echoes.contains { $0.milliseconds != nil }
            try show(echoes, number)
            number += 1
        }
        if !answered { throw ExitCode(1) }
    }

    // MARK: - Private

    private func show(_ echoes: [Outcome], _ number: Int) throws {
        if json { return try Output.json(echoes) }
        for echo in echoes {
            let place = "\(echo.address) (\(Output.harmless(echo.name)))"
            guard let milliseconds = echo.milliseconds else {
                print("no answer from \(place), seq=\(number)")
                continue
            }
            print("5 bytes from \(place), seq=\(number) time=\(milliseconds)ms")
        }
    }
}
