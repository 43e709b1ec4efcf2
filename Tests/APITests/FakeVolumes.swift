import Model
import Synchronization

/// Volumes that exist in a test only; it says how full they are.
final class FakeVolumes: VolumeKeeper {
    struct State {
        var calls: [String] = []
        var usages: [String: VolumeUsage] = [:]
        var fault: Fault?
    }

    let state = Mutex(State())

    func grow(_ volume: Volume) async throws { try note("grow \(volume.id) \(volume.sizeGB)") }

    func fill(_ volume: Volume, from source: VolumeSource) async throws { try note("fill \(volume.id)") }

    func snapshot(_ volume: Volume, as id: String) async throws -> VolumeSnapshot.Facts {
        try note("snapshot \(volume.id)")
        return VolumeSnapshot.Facts(
            diskBytes: Int64(volume.sizeGB) << 30,
            dataBytes: 5 << 20,
            addedBytes: 1 << 20,
            digest: "d",
            pauseMilliseconds: 3
        )
    }

    func keepSnapshots(_ ids: Set<String>, of volume: String) async throws {
        try note("keep \(ids.count) of \(volume)")
    }

    func usage(_ volume: Volume) async -> VolumeUsage? { state.withLock { $0.usages[volume.id] } }

    private func note(_ call: String) throws {
        try state.withLock { state in
            state.calls.append(call)
            if let fault = state.fault { throw fault }
        }
    }
}
