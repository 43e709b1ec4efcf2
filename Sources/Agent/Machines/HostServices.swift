package import Logging
package import Model
package import Runtime
package import Store

/// What a Machine's keeper uses of its host.
package struct HostServices: Sendable {
    package var name: String
    package var region: String
    package var runtime: any RuntimeDriver
    package var store: any StateStore
    package var prober: Prober
    /// The image of a digest, its layers unpacked on this host, bottom first.
    package var image: @Sendable (_ digest: String) async throws -> (image: Image, layers: [String])
    /// The folder of a volume, made when it is not there, owned by the image's user when it is empty.
    package var volumeFolder: @Sendable (_ volume: Volume, _ image: Image, _ layers: [String]) async throws -> String
    package var removeVolumeFolder: @Sendable (_ volume: String) async throws -> Void
    /// The first address that none of those has.
    package var freeAddress: @Sendable (_ used: [Machine.Address]) throws -> Machine.Address
    package var readLog: @Sendable (_ id: Machine.ID, _ tail: Int, _ follow: Bool) async throws -> AsyncStream<LogLine>
    /// Values of an app that stand in no record; read at each start.
    package var environment: @Sendable (_ app: String) throws -> [String: String] = { _ in [:] }
    package var logger: Logger

    package init(
        name: String,
        region: String,
        runtime: any RuntimeDriver,
        store: any StateStore,
        prober: Prober,
        image: @escaping @Sendable (String) async throws -> (image: Image, layers: [String]),
        volumeFolder: @escaping @Sendable (Volume, Image, [String]) async throws -> String,
        removeVolumeFolder: @escaping @Sendable (String) async throws -> Void,
        freeAddress: @escaping @Sendable ([Machine.Address]) throws -> Machine.Address,
        readLog: @escaping @Sendable (Machine.ID, Int, Bool) async throws -> AsyncStream<LogLine>,
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
