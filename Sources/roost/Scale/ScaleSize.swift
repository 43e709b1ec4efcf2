import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

/// Gives Machines of a group another size, one after the other.
private struct Resize {
    var connection: Connection
    var processGroup: String?

    func run(_ change: (inout MachineConfig.Guest) throws -> Void) async throws {
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            let state = try await ScaleState(client, app)
            let group = try state.group(processGroup, mustBeOne: true)
            var guest =
                state.machines(of: group).first?.config.guest ?? state.config.guest(for: group) ?? MachineConfig.Guest()
            try change(&guest)
            if let file = state.config.guest(for: group), file != guest {
                Output.warning("[[vm]] of the configuration says \(file.name), and wins with the next deploy")
            }
            var order = ReleaseOrder(.size, user: Person.current)
            order.sizes = [group: guest]
            try await Redeploy(client: client, app: app, json: true).run(order)
            print("Scaled VM Type to '\(guest.cpuKind.rawValue)'")
            print("      CPU Cores: \(guest.cpus)\n         Memory: \(guest.memoryMiB) MB")
        }
    }
}

struct ScaleVM: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vm",
        abstract: "Change the size of Machines, one after the other."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "A size: shared-cpu-1x, shared-cpu-2x, …, performance-16x.") var size: String
    @Option(name: [.customShort("g"), .long], help: "The group, where there are several.") var processGroup: String?
    @Option(name: [.customLong("vm-memory"), .customLong("memory")], help: "Memory: 512, 512mb, 1gb.")
    var vmMemory: MemorySize?
    @Option(help: "How many CPUs, instead of the size's.") var vmCpus: Int?
    @Option(help: "shared or performance, instead of the size's.") var vmCpuKind: String?

    func run() async throws {
        guard let preset = GuestSize.preset(size) else {
            let names = GuestSize.presets.map(\.name).joined(separator: ", ")
            throw Fault(.invalidRequest, "there is no size \(ConfigNode.quoted(size))", hint: "there is: \(names)")
        }
        try await Resize(connection: connection, processGroup: processGroup).run { guest in
            guest = preset
            if let vmCpus { guest.cpus = vmCpus }
            if let vmCpuKind {
                guard let kind = MachineConfig.CPUKind(rawValue: vmCpuKind) else {
                    throw UsageError(message: "--vm-cpu-kind: shared or performance", hint: "--vm-cpu-kind shared")
                }
                guest.cpuKind = kind
            }
            if let vmMemory { guest.memoryMiB = vmMemory.mebibytes }
        }
    }
}

struct ScaleMemory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Change the memory of Machines, one after the other."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "512, 512mb, 1gb.") var memory: MemorySize
    @Option(name: [.customShort("g"), .long], help: "The group, where there are several.") var processGroup: String?

    func run() async throws {
        try await Resize(connection: connection, processGroup: processGroup).run { $0.memoryMiB = memory.mebibytes }
    }
}

/// `512`, `512mb`, `1gb`.
struct MemorySize: ExpressibleByArgument {
    var mebibytes: Int

    init?(argument: String) {
        guard let mebibytes = Size.memoryMiB(argument), (1...1_048_576).contains(mebibytes) else { return nil }
        self.mebibytes = mebibytes
    }
}
