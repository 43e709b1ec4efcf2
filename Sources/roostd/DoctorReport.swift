import ArgumentParser
import Model

struct DoctorReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "doctor", abstract: "Tell what this host lacks.")
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
    func run() async throws {}
}
