import ArgumentParser
import Foundation
import Model
import Runtime
import Toolkit

/// Ends all Machines of a host whose `serve` is stopped; their records stay, and the next `serve` starts them again.
struct Teardown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End all Machines and remove bridge, firewall table and control groups. Volumes and images stay."
    )

    @OptionGroup var flags: HostFlags

    func run() async throws {
        let config = try HostConfig.load(flags)
        guard FileManager.default.fileExists(atPath: config.paths.state) else { return }
        try Durable.makeFolder(config.paths.run, mode: 0o700)
        let lock = try InstanceLock(path: "\(config.paths.state)/serve.lock")
        defer { lock.release() }
        try await OCIRuntime(paths: config.paths, logger: try Roostd.logger("teardown", config)).removeEverything()
        try await VolumeStore(paths: config.paths).closeAll()
    }
}
