import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Limits of layers")
struct LayerLimitTests {
    private let folder: TemporaryFolder
    private let store: ImageStore

    init() throws {
        folder = try TemporaryFolder()
        var limits = BuildLimits()
        limits.layer = 64 << 20
        limits.cachedLayers = 3 << 20
        store = try ImageStore(images: "\(folder.path)/images", limits: limits)
    }

    private func sparse(_ path: String, _ bytes: Int) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(truncate(path, off_t(bytes)) == 0)
    }

    private func left(_ place: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/images/\(place)")
    }

    @Test("holes count as if they were filled, before one byte of them is read")
    func sparseFile() async throws {
        let scratch = try store.makeScratch()
        try sparse("\(scratch)/hole", 200 << 30)
        let start = ContinuousClock.now
        let fault = await #expect(throws: Fault.self) { try await store.addLayer(from: scratch, form: .asFound) }
        #expect(fault?.code == .tooLarge && fault?.hint?.contains("layer_limit") == true)
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(try left("blobs/sha256").isEmpty && left("tmp") == [(scratch as NSString).lastPathComponent])
    }

    @Test("many files that fit one by one are too much together")
    func together() async throws {
        let scratch = try store.makeScratch()
        for number in 0..<5 { try sparse("\(scratch)/\(number)", 20 << 20) }
        let fault = await #expect(throws: Fault.self) { try await store.addLayer(from: scratch, form: .asFound) }
        #expect(fault?.code == .tooLarge)
    }

    @Test("holes are not written as zeros, neither into the archive nor out of it")
    func holes() async throws {
        let scratch = try store.makeScratch()
        try sparse("\(scratch)/hole", 40 << 20)
        try Data("end".utf8).write(to: URL(fileURLWithPath: "\(scratch)/text"))
        let layer = try await store.addLayer(from: scratch, form: .asFound)
        let digits = try #require(Hex.digits(of: layer))
        let blob = store.blobPath(digits)
        #expect(DiskUse.of(blob).apparent > 40 << 20 && DiskUse.of(blob).allocated < 4 << 20)
        #expect(try Digest.hex(file: blob) == digits)
        let copy = "\(folder.path)/copy"
        try FileTree.makeFolder(copy)
        #expect(try LayerUnpacker.unpack(blob, into: copy, .unbounded) == digits)
        #expect(FileStatus.of("\(copy)/hole")?.st_size == 40 << 20 && DiskUse.of(copy).allocated < 4 << 20)
        #expect(throws: Fault.self) { try LayerUnpacker.unpack(blob, into: copy, LayerWork(limit: 1 << 20)) }
    }

    @Test("a cancellation ends the packing and leaves nothing", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let large = try ImageStore(images: "\(folder.path)/large")
        let scratch = try large.makeScratch()
        try sparse("\(scratch)/hole", 7 << 30)
        let task = Task { try await large.addLayer(from: scratch, form: .asFound) }
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(start.duration(to: .now) < .seconds(1))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/large/blobs/sha256").isEmpty)
    }

    @Test("what builders keep is bounded: the layers go first that were used longest ago")
    func bounded() async throws {
        var layers: [String] = []
        for number in 0..<4 {
            let scratch = try store.makeScratch()
            let bytes = Data((0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) })
            try bytes.write(to: URL(fileURLWithPath: "\(scratch)/file"))
            layers.append(try await store.addLayer(from: scratch, form: .asFound))
        }
        for (age, layer) in zip([400, 300, 200, 100], layers) {
            let path = store.recordPath(try #require(Hex.digits(of: layer)))
            try await Command("touch", ["-d", "\(age) minutes ago", path]).checked()
        }
        let collected = try await store.collect(keep: [])
        // Each is about 2 MiB, archive and files.
        #expect(collected.layers == 3)
        for layer in layers.dropLast() { #expect(throws: Fault.self) { try store.layerPaths([layer]) } }
        #expect(throws: Never.self) { try store.layerPaths([layers[3]]) }
    }

    @Test("an app's layers and images go with it, and no others")
    func forgotten() async throws {
        func layer(_ text: String) async throws -> String {
            let scratch = try store.makeScratch()
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch)/file"))
            return try await store.addLayer(from: scratch, form: .asFound)
        }
        let (base, mine, other) = (try await layer("base"), try await layer("mine"), try await layer("other"))
        try BuildCache(store: store).save("base", CachedLayer(layers: [base]))
        try BuildCache(store: store, app: "a").save("mine", CachedLayer(layers: [mine]))
        try BuildCache(store: store, app: "b").save("other", CachedLayer(layers: [other]))
        let image = try await store.add(layers: [base, mine], config: .init())
        let kept = try await store.add(layers: [base, other], config: .init())
        try BuiltImages(store: store, app: "a").add(image.digest)
        let images = try BuiltImages(store: store, app: "a").all()
        #expect(images == [image.digest])
        try AppCache(store: store, app: "a").remove()
        for digest in images { try store.release(image: digest) }
        // Also what is too young for any other collection.
        let collected = try await store.collect(keep: [kept.digest])
        #expect((collected.images, collected.layers) == (1, 1))
        #expect(throws: Fault.self) { try store.layerPaths([mine]) }
        #expect(throws: Never.self) { try store.layerPaths([base, other]) }
        #expect(throws: Fault.self) { try store.image(image.digest) }
        #expect(!FileTree.exists(store.blobPath(try #require(Hex.digits(of: mine)))))
    }

    @Test("a watch ends what takes too much of the disk, by blocks and by sizes")
    func watch() async throws {
        let place = "\(folder.path)/watched"
        try FileTree.makeFolder(place)
        let watch = DiskWatch(folders: { [place] }, limit: 1 << 20, what: "what it writes")
        let fault = await #expect(throws: Fault.self) {
            try await watch.watching {
                try sparse("\(place)/hole", 1 << 40)
                try await Task.sleep(for: .seconds(60))
            }
        }
        #expect(fault?.code == .tooLarge && fault?.message.hasPrefix("what it writes") == true)
        try FileTree.remove("\(place)/hole")
        #expect(try await watch.watching { 7 } == 7)
    }

    @Test("archives of packages are kept up to a limit")
    func packages() async throws {
        let place = "\(folder.path)/packages/bookworm"
        try Durable.makeFolder(place)
        for number in 0..<4 {
            try Data(count: 1 << 20).write(to: URL(fileURLWithPath: "\(place)/\(number).deb"))
            try await Command("touch", ["-d", "\(9 - number) days ago", "\(place)/\(number).deb"]).checked()
        }
        try FileTree.trim("\(folder.path)/packages", to: 2 << 20 + 65536)
        #expect(try FileTree.names(in: place) == ["2.deb", "3.deb"])
    }
}
