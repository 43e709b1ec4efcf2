import ControlPlane
import Images
import Model
import Toolkit

extension HostFigures {
    /// What the API's routes ask about the disk.
    func diskDesk(_ room: DiskGuard) -> DiskDesk {
        let paths = paths
        let sizes = DiskDesk.Sizes(
            purposes: { Self.purposes(paths) },
            machine: { DiskUse.of("\(paths.machines)/\($0)").allocated },
            volume: { id in
                ["\(paths.volumes)/\(id)", "\(paths.snapshots)/\(id)"].reduce(0) { $0 + DiskUse.of($1).allocated }
            },
            caches: { DiskUse.of("\(paths.images)/cache/apps/\($0)").allocated }
        )
        return DiskDesk(room, store: store, folder: paths.state, sizes: sizes)
    }

    /// What the state folder holds, by what it is for.
    private static func purposes(_ paths: HostPaths) -> [DiskView.Purpose] {
        let images = paths.images
        let named: [(name: String, folders: [String], isSpare: Bool)] = [
            ("images", ["blobs", "layers", "statics"].map { "\(images)/\($0)" }, false),
            ("build caches", ["cache", "buildah", "sources", "tmp"].map { "\(images)/\($0)" }, true),
            ("Machines", [paths.machines], false), ("volumes", [paths.volumes], false),
            ("snapshots", [paths.snapshots], false), ("store", [paths.database, paths.backups], false),
            ("deploy records", [paths.rollouts], false),
        ]
        return named.map { one in
            let bytes = one.folders.reduce(0) { $0 + DiskUse.of($1).allocated }
            return DiskView.Purpose(name: one.name, bytes: bytes, isSpare: one.isSpare)
        }
    }
}
