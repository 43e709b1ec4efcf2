import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Images in a backup", .enabled(if: Requirements.root))
struct ImageBackupTests {
    let folder: TemporaryFolder
    let store: ImageStore
    private var stage: String { "\(folder.path)/stage" }

    init() throws {
        folder = try TemporaryFolder()
        store = try ImageStore(images: "\(folder.path)/images")
    }

    private func image(_ texts: String...) async throws -> Image {
        var layers: [String] = []
        for text in texts {
            let scratch = try store.makeScratch()
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch)/\(text)"))
            #expect(chown("\(scratch)/\(text)", 7, 8) == 0)
            try FileTree.setChanged("\(scratch)/\(text)", 1)
            layers.append(try await store.addLayer(from: scratch, form: .asFound))
        }
        return try await store.add(layers: layers, config: .init(user: "1:1", env: ["A=b"], cmd: ["run"]))
    }

    @Test("come into another store with the digests that they had, each layer once")
    func travels() async throws {
        let (first, second) = (try await image("base", "one"), try await image("base", "two"))
        let laid = try await store.layOut([first.digest, second.digest], to: stage)
        #expect(laid.images.map(\.digest) == [first.digest, second.digest])
        // Two manifests, two configurations, three layers, and the layout's own two files.
        #expect(laid.files.count == 9)
        for file in laid.files {
            #expect(try Digest.hex(file: "\(stage)/\(file.path)") == file.sha256, "\(file.path)")
            let size = try FileTree.status("\(stage)/\(file.path)")?.st_size
            #expect(size.map { Int64($0) } == file.bytes, "\(file.path)")
        }
        let other = try ImageStore(images: "\(folder.path)/other")
        for image in [first, second] {
            #expect(try await other.importLayout(stage, reference: image.digest) == image)
            let paths = try other.layerPaths(of: image)
            let place = "\(try #require(paths.last))/\(image == first ? "one" : "two")"
            #expect(try FileTree.status(place)?.st_uid == 7)
        }
        #expect(Set(other.digests) == [first.digest, second.digest])
    }

    @Test("one that is not whole is passed over, and named by its absence")
    func absent() async throws {
        let (whole, broken) = (try await image("whole"), try await image("broken"))
        let lost = "sha256:" + String(repeating: "0", count: 64)
        let record = try store.use(broken.layers[0])
        unlink(store.blobPath(try #require(Hex.digits(of: record.archive.digest))))
        let laid = try await store.layOut([lost, whole.digest, broken.digest], to: stage)
        #expect(laid.images.map(\.digest) == [whole.digest])
        let other = try ImageStore(images: "\(folder.path)/other")
        await #expect(throws: Fault.self) { try await other.importLayout(stage, reference: broken.digest) }
        #expect(try await other.importLayout(stage, reference: whole.digest) == whole)
    }

    @Test("a collection meanwhile takes nothing from what was laid out; a changed blob does not come in")
    func collected() async throws {
        let image = try await image("one")
        _ = try await store.layOut([image.digest], to: stage)
        _ = try await store.collect(keep: [], age: .seconds(-3600), cacheAge: .seconds(-3600))
        #expect(store.digests.isEmpty)
        let other = try ImageStore(images: "\(folder.path)/other")
        #expect(try await other.importLayout(stage, reference: image.digest) == image)
        let blob = "\(stage)/blobs/sha256/\(try #require(Hex.digits(of: image.digest)))"
        unlink(blob)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: blob))
        let third = try ImageStore(images: "\(folder.path)/third")
        await #expect(throws: Fault.self) { try await third.importLayout(stage, reference: image.digest) }
    }
}
