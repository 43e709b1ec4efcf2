import ArgumentParser
import Foundation
import Model
import Runtime
import Store
import Toolkit

/// What this host lacks; works without root, without a daemon and with programs missing.
struct DoctorReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tell what this host lacks for running Machines. Exit code 1 when it can't."
    )

    @OptionGroup var flags: HostFlags
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let config = try HostConfig.load(flags)
        let findings = try await Self.findings(config)
        if json {
            print(String(decoding: try JSON.encode(findings), as: UTF8.self))
        } else {
            print(Doctor.text(findings))
        }
        if findings.contains(where: { $0.verdict == .fail }) { throw ExitCode(1) }
    }

    /// All that there is to say of a host.
    static func findings(_ config: HostConfig) async throws -> [HostFinding] {
        let ports = Set(try (config.listen + config.listenTLS).map { try ListenFlag.parse($0).port }).sorted()
        var findings = await Doctor.inspect(paths: config.paths, options: OCIRuntime.Options(), ports: ports)
        // There is none before the first start of `serve`.
        let store = StoreInspection(path: config.paths.database, mark: config.paths.mark)
        if let store { findings += await StoreFindings.gather(config, store) }
        return findings + Doctor.judge(await UpkeepFacts.gather(config, store))
    }
}
