import ArgumentParser
import Foundation
import Model
import Toolkit

/// The flags that describe a Machine, of `machine run`, `create`, `clone` and `update`.
struct MachineFlags: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "EXTERNAL[:INTERNAL][/PROTOCOL[:HANDLER…]], as 443:8080/tcp:tls:http; - is none."
    )
    var port: [String] = []
    @Option(name: [.short, .long], help: "NAME=VALUE.") var env: [String] = []
    @Option(name: [.short, .long], help: "NAME=VALUE.") var metadata: [String] = []
    @Option(name: [.short, .long], help: "VOLUME:PATH; a volume's ID or name.") var volume: [String] = []
    @Option(help: "no, always or on-fail.") var restart: String?
    @Flag(name: .customLong("rm"), help: "Destroy the Machine when its program has ended.") var remove = false
    @Option(help: "hourly, daily, weekly or monthly; kept with the Machine.") var schedule: String?
    @Flag(inversion: .prefixedNo, help: "Start it on a request.") var autostart: Bool?
    @Option(help: "What becomes of it when idle: off, stop, suspend.") var autostop: String?
    @Option(help: "Replaces the image's entrypoint.") var entrypoint: String?
    @Option(help: "IDs of Machines that it stands by for.") var standbyFor: [String] = []
    @Flag(help: "Leave it out of DNS.") var skipDnsRegistration = false
    @Option(help: "/PATH=FILE: the file's content at that path.") var fileLocal: [String] = []
    @Option(help: "/PATH=TEXT.") var fileLiteral: [String] = []
    @Option(help: "/PATH=SECRET: the app's secret, which is in base64.") var fileSecret: [String] = []
    @Option(help: "A configuration in JSON, or a file with one; the other flags go over it.") var machineConfig: String?
    @Option(help: "shared-cpu-1x …") var vmSize: String?
    @Option(help: "How many CPUs.") var vmCpus: Int?
    @Option(help: "shared or performance.") var vmCpuKind: String?
    @Option(help: "512, 1gb.") var vmMemory: String?

    /// What the flags ask for, apart from image and command.
    func recipe() throws -> MachineRecipe {
        var recipe = MachineRecipe()
        recipe.ports = port
        recipe.env = env
        recipe.metadata = metadata
        recipe.volumes = volume
        recipe.restart = restart
        if remove { recipe.removesItself = true }
        recipe.schedule = schedule
        recipe.autostart = autostart
        recipe.autostop = autostop
        recipe.entrypoint = entrypoint
        recipe.standbyFor = standbyFor
        if skipDnsRegistration { recipe.skipsRegistration = true }
        recipe.size.preset = vmSize
        recipe.size.cpus = vmCpus
        recipe.size.cpuKind = vmCpuKind
        recipe.size.memory = vmMemory
        recipe.files = try files()
        return recipe
    }

    /// The configuration that the flags go over.
    func base() throws -> JSONValue {
        guard let machineConfig else { return .object([:]) }
        let text: Data
        if machineConfig.hasPrefix("{") {
            text = Data(machineConfig.utf8)
        } else if let data = FileManager.default.contents(atPath: machineConfig) {
            text = data
        } else {
            throw Fault(.invalidRequest, "--machine-config: \(machineConfig) can't be read")
        }
        return try JSONValue.parse(text, what: "--machine-config")
    }

    private func files() throws -> [MachineConfig.File] {
        var all: [MachineConfig.File] = []
        for text in fileLocal {
            let pair = try MachineRecipe.pair(text, flag: "--file-local")
            guard let data = FileManager.default.contents(atPath: pair.value) else {
                throw Fault(.invalidRequest, "--file-local: \(pair.value) can't be read")
            }
            all.append(MachineConfig.File(guestPath: pair.name, rawValue: data.base64EncodedString()))
        }
        for text in fileLiteral {
            let pair = try MachineRecipe.pair(text, flag: "--file-literal")
            all.append(MachineConfig.File(guestPath: pair.name, rawValue: Data(pair.value.utf8).base64EncodedString()))
        }
        for text in fileSecret {
            let pair = try MachineRecipe.pair(text, flag: "--file-secret")
            all.append(MachineConfig.File(guestPath: pair.name, rawValue: nil, secretName: pair.value))
        }
        return all
    }
}
