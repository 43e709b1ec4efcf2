import Foundation
import Images
import Model
import Runtime
import Toolkit

/// What keeps builds by the host's programs away from the host, with the means of its own runtime.
enum Isolation {
    static func make(_ config: HostConfig, _ runtime: OCIRuntime) throws(Fault) -> BuildIsolation {
        try runtime.limitBuilds(MachineConfig.Guest(cpus: 2, memoryMiB: 2048))
        let filter = "\(config.paths.run)/build-filter.json"
        try Durable.write(try runtime.buildFilter(DockerfileOptions.capabilities), to: filter)
        var isolation = BuildIsolation()
        isolation.systemCalls = filter
        isolation.nameservers = runtime.buildNameservers
        isolation.registries = config.build.registries
        isolation.makeNetwork = {
            let network = try await runtime.makeBuildNetwork()
            return .init(path: network.path) { try await runtime.removeBuildNetwork(network) }
        }
        isolation.makeGroup = {
            let group = try runtime.makeBuildGroup()
            return .init(
                processFiles: group.processFiles,
                hierarchies: group.hierarchies,
                kill: { runtime.killBuildGroup(group.id) },
                remove: { try runtime.removeBuildGroup(group.id) }
            )
        }
        return isolation
    }
}
