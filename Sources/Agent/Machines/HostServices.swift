import Foundation
package import Logging
package import Model
package import Runtime
package import Store
package import Toolkit

/// What a Machine's keeper uses of its host.
package struct HostServices: Sendable {
    /// Its identity, by which records name it.
    package var name: String
    /// What older records call this host.
    package var formerNames: Set<String> = []
    package var region: String
    /// What numbers call it: four hex digits.
    package var label = "0000"
    /// What it counts of its own work.
    package var counts = CounterBook()
    package var runtime: any RuntimeDriver
    package var store: any StateStore
    package var prober: Prober
    /// The image of a digest, its layers unpacked on this host, bottom first.
    package var image: @Sendable (_ digest: String) async throws -> (image: Image, layers: [String])
    /// The folder of a volume, made when it is not there, owned by the image's user when it is empty.
    package var volumeFolder: @Sendable (_ volume: Volume, _ image: Image, _ layers: [String]) async throws -> String
    package var removeVolumeFolder: @Sendable (_ volume: String) async throws -> Void
    /// Unmounts a volume that no Machine has any more.
    package var closeVolume: @Sendable (_ volume: String) async throws -> Void = { _ in }
    /// The first address of a network that none of those has.
    package var freeAddress: @Sendable (_ network: UInt32, _ used: [Machine.Address]) throws -> Machine.Address
    package var readLog: @Sendable (_ id: Machine.ID, _ tail: Int, _ follow: Bool) async throws -> LogFeed
    /// The same for one who comes back for more.
    package var tapLog: @Sendable (_ id: Machine.ID, _ start: LogStart) async -> LogTap = { _, _ in
        LogTap { LogBatch() }
    }
    /// Adds a line of the platform's own to a Machine's log.
    package var writeLog: @Sendable (_ id: Machine.ID, _ text: String) async throws -> Void = { _, _ in }
    /// Makes the files that a Machine should find, whose content may be values of its app, ready to be mounted.
    package var putFiles:
        @Sendable (_ id: Machine.ID, _ files: [MachineConfig.File], _ values: [String: String]) async throws
            -> [Sandbox.Mount] = { _, _, _ in [] }
    /// Lays out files of an image for the edge; `folders` are paths in it.
    package var publishStatics: @Sendable (_ digest: String, _ folders: [String]) async throws -> Void = { _, _ in }
    /// The secrets that a Machine's processes are told, opened at each start and kept nowhere.
    package var secrets: @Sendable (_ machine: Machine) async throws -> [String: String] = { _ in [:] }
    /// Opens the API inside a Machine; gives the folder with its socket, nil where there is none.
    package var openDoor: @Sendable (_ machine: Machine) async throws -> String? = { _ in nil }
    package var closeDoor: @Sendable (_ id: Machine.ID) async -> Void = { _ in }
    /// Runs a program inside a running Machine.
    package var openSession: @Sendable (_ id: Machine.ID, _ order: SessionOrder) async throws -> any MachineSession = {
        _,
        _ in throw Fault(.unsupported, "this host opens no consoles")
    }
    package var logger: Logger
    /// How many Machines are adopted, or started after a start of the host, at once.
    package var width = 2 * ProcessInfo.processInfo.activeProcessorCount

    /// Whether a record that names `host` is this host's own.
    func owns(_ host: String) -> Bool { host == name || formerNames.contains(host) }

    package init(
        name: String,
        region: String,
        runtime: any RuntimeDriver,
        store: any StateStore,
        prober: Prober,
        image: @escaping @Sendable (String) async throws -> (image: Image, layers: [String]),
        volumeFolder: @escaping @Sendable (Volume, Image, [String]) async throws -> String,
        removeVolumeFolder: @escaping @Sendable (String) async throws -> Void,
        freeAddress: @escaping @Sendable (UInt32, [Machine.Address]) throws -> Machine.Address,
        readLog: @escaping @Sendable (Machine.ID, Int, Bool) async throws -> LogFeed,
        logger: Logger
    ) {
        self.name = name
        self.region = region
        self.runtime = runtime
        self.store = store
        self.prober = prober
        self.image = image
        self.volumeFolder = volumeFolder
        self.removeVolumeFolder = removeVolumeFolder
        self.freeAddress = freeAddress
        self.readLog = readLog
        self.logger = logger
    }
}
