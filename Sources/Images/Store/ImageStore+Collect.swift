import Foundation
import Glibc
import Model
import Synchronization
import Toolkit

extension ImageStore {
    /// What a collection removed.
    package struct Collected: Equatable, Sendable {
        package var images = 0
        package var layers = 0
        /// On the disk.
        package var bytes: Int64 = 0
    }

    /// Removes what nobody needs.
    ///
    /// Kept are: the images whose digests are named, and all they consist of; what is younger than `age`; whatever a
    /// build that goes on has made or used; and layers that builders may use again, until nobody did so for `cacheAge` or
    /// they are more than the store's limits allow, the oldest of which go first.
    package func collect(
        keep: Set<String>,
        age: Duration = .seconds(600),
        cacheAge: Duration = .seconds(7 * 86400)
    ) async throws -> Collected {
        try await Blocking.run { [self] in
            var collected = Collected()
            let limit = oldest(age)
            let cacheLimit = min(limit, oldest(cacheAge))
            collected.images = try dropImages(keep: keep, before: limit)
            let used = try usedDigests()
            try collectLayers(before: cacheLimit, into: &collected) { !used.contains($0) }
            let surplus = try surplus(used: used)
            try collectLayers(before: limit, into: &collected) { surplus.contains($0) }
            try collectBlobs(used: used, before: limit, into: &collected)
            try collectStatics()
            return collected
        }
    }

    /// Says that a layer is not needed any more: unless somebody uses it again, the next collection takes it.
    func release(_ diffID: String) throws(Fault) {
        guard let digits = Hex.digits(of: diffID), FileTree.exists(recordPath(digits)) else { return }
        try Self.forget(recordPath(digits))
    }

    /// The same of an image, with those of its layers that builders have no use for.
    func release(image digest: String) throws(Fault) {
        guard let digits = Hex.digits(of: digest), FileTree.exists(blobPath(digits)) else { return }
        let (manifest, cached) = (try manifest(digest), try cachedLayers())
        for diffID in try config(of: manifest).rootfs.diffIDs where !cached.contains(diffID) { try release(diffID) }
        try Self.forget(blobPath(digits))
        for blob in [manifest.config] + manifest.layers {
            if let digits = Hex.digits(of: blob.digest), FileTree.exists(blobPath(digits)) {
                try Self.forget(blobPath(digits))
            }
        }
    }

    // MARK: - Private

    /// As old as a file can be.
    private static func forget(_ path: String) throws(Fault) {
        var times = [timeval(), timeval()]
        guard utimes(path, &times) == 0 else { throw Durable.fault(errno, "set the time of", path) }
    }

    /// Layers that a builder finds again by what they were made of.
    private func cachedLayers() throws(Fault) -> Set<String> {
        var folders = ["\(root)/cache/keys"]
        let apps = "\(root)/cache/apps"
        if FileTree.exists(apps) { folders += try FileTree.names(in: apps).map { "\(apps)/\($0)/keys" } }
        var layers: Set<String> = []
        for folder in folders where FileTree.exists(folder) {
            for name in try FileTree.names(in: folder) {
                guard let bytes = try FileTree.read("\(folder)/\(name)", limit: OCI.documentLimit) else { continue }
                // What can't be read finds no layer, either.
                let value = try? JSON.decode(CachedLayer.self, from: Data(bytes), what: name)
                layers.formUnion(value?.layers ?? [])
            }
        }
        return layers
    }

    /// The layers that no image has and that are too much together, from the one that was used longest ago on.
    private func surplus(used: Set<String>) throws(Fault) -> Set<String> {
        var found: [(diffID: String, lastUse: Int64, bytes: Int64)] = []
        for name in try FileTree.names(in: "\(root)/layers") where name.hasSuffix(".json") {
            let diffID = "sha256:\(name.dropLast(5))"
            guard !used.contains(diffID),
                let bytes = try FileTree.read("\(root)/layers/\(name)", limit: OCI.documentLimit)
            else { continue }
            let record = try JSON.decode(LayerRecord.self, from: Data(bytes), what: name)
            found.append((diffID, try lastUse("\(root)/layers/\(name)"), record.bytes))
        }
        var sum = found.reduce(0) { $0 + $1.bytes }
        var surplus: Set<String> = []
        for layer in found.sorted(by: { $0.lastUse < $1.lastUse }) where sum > limits.cachedLayers {
            surplus.insert(layer.diffID)
            sum -= layer.bytes
        }
        return surplus
    }

    /// Before which second nothing is in use; a build that goes on protects all since it began.
    private func oldest(_ age: Duration) -> Int64 {
        let leases = state.withLock { Array($0.leases.values) }
        let limit = Timestamp.now().milliseconds / 1000 - age.components.seconds
        // The kernel's file times are up to a tick behind the clock.
        return min(limit, (leases.min() ?? .max) - 2)
    }

    private func dropImages(keep: Set<String>, before limit: Int64) throws(Fault) -> Int {
        try state.withLock { state throws(Fault) in
            var stay: [OCI.Descriptor] = []
            for manifest in state.manifests {
                let isOld =
                    try Hex.digits(of: manifest.digest).map { digits throws(Fault) in
                        try lastUse(blobPath(digits)) < limit
                    } ?? true
                if keep.contains(manifest.digest) || !isOld { stay.append(manifest) }
            }
            let dropped = state.manifests.count - stay.count
            guard dropped > 0 else { return 0 }
            try writeIndex(stay)
            state.manifests = stay
            return dropped
        }
    }

    /// Manifests, configurations, archives and diff IDs of all images that stay.
    private func usedDigests() throws(Fault) -> Set<String> {
        var used: Set<String> = []
        for digest in digests {
            used.insert(digest)
            let manifest = try manifest(digest)
            used.insert(manifest.config.digest)
            used.formUnion(manifest.layers.map(\.digest))
            used.formUnion(try config(of: manifest).rootfs.diffIDs)
        }
        return used
    }

    private func collectLayers(
        before limit: Int64,
        into collected: inout Collected,
        where isUnwanted: (_ diffID: String) -> Bool
    ) throws(Fault) {
        for name in try FileTree.names(in: "\(root)/layers") where name.hasSuffix(".json") {
            let digits = String(name.dropLast(5))
            guard Hex.isDigest(digits), isUnwanted("sha256:\(digits)") else { continue }
            let doomed = "\(root)/tmp/\(ULID.make())"
            // Under the locks that `keep` and `use` take: a build finds either the whole layer or none.
            let taken = try entrance.withLock { _ throws(Fault) in
                try state.withLock { _ throws(Fault) in
                    guard try lastUse(recordPath(digits)) < limit else { return false }
                    guard unlink(recordPath(digits)) == 0 else {
                        throw Durable.fault(errno, "remove", recordPath(digits))
                    }
                    try FileTree.rename("\(root)/layers/\(digits)", to: doomed)
                    return true
                }
            }
            guard taken else { continue }
            collected.layers += 1
            collected.bytes += try FileTree.blocks(of: doomed)
            try FileTree.remove(doomed)
        }
    }

    private func collectBlobs(
        used: Set<String>,
        before limit: Int64,
        into collected: inout Collected
    ) throws(Fault) {
        var used = used
        for name in try FileTree.names(in: "\(root)/layers") where name.hasSuffix(".json") {
            guard let bytes = try FileTree.read("\(root)/layers/\(name)", limit: OCI.documentLimit) else { continue }
            used.insert(try JSON.decode(LayerRecord.self, from: Data(bytes), what: name).archive.digest)
        }
        for name in try FileTree.names(in: "\(root)/blobs/sha256") where !used.contains("sha256:\(name)") {
            let blob = blobPath(name)
            guard let status = try FileTree.status(blob), try lastUse(blob) < limit else { continue }
            let isGone = try state.withLock { state throws(Fault) in
                // Other programs of a build find blobs by their names, and don't say so.
                guard state.leases.isEmpty else { return false }
                guard unlink(blob) == 0 else { throw Durable.fault(errno, "remove", blob) }
                return true
            }
            if isGone { collected.bytes += Int64(status.st_blocks) * 512 }
        }
    }

    /// In seconds since 1970: when it was made or last asked for.
    private func lastUse(_ path: String) throws(Fault) -> Int64 {
        guard let status = try FileTree.status(path) else { return .min }
        return Int64(max(status.st_atim.tv_sec, status.st_mtim.tv_sec))
    }
}
