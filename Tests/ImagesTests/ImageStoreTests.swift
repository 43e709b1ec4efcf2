import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("The image store", .enabled(if: Requirements.root))
struct ImageStoreTests {
    let folder: TemporaryFolder
    let images: String
    let store: ImageStore

    init() throws {
        folder = try TemporaryFolder()
        images = "\(folder.path)/images"
        store = try ImageStore(images: images)
    }

    private func layer(_ text: String, in store: ImageStore? = nil) async throws -> String {
        let store = store ?? self.store
        let scratch = try store.makeScratch()
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch)/file"))
        try FileTree.setChanged("\(scratch)/file", 1)
        return try await store.addLayer(from: scratch, form: .asFound)
    }

    private func image(_ texts: String...) async throws -> Image {
        var layers: [String] = []
        for text in texts { layers.append(try await layer(text)) }
        return try await store.add(layers: layers, config: .init(user: "1:1", env: ["A=b"], cmd: ["run"]))
    }

    private func names(_ place: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(images)/\(place)").sorted()
    }

    /// So that all that is there counts as old.
    private static let past = Duration.seconds(-3600)

    @Test("puts an image together from layers, and finds it again after a start")
    func add() async throws {
        let image = try await image("one", "two")
        #expect(image.config == .init(user: "1:1", env: ["A=b"], cmd: ["run"]))
        let reopened = try ImageStore(images: images)
        #expect(try reopened.image(image.digest) == image)
        #expect(reopened.digests == [image.digest])
        let paths = try reopened.layerPaths(of: image)
        let texts = try paths.map { try String(contentsOfFile: "\($0)/file", encoding: .utf8) }
        #expect(texts == ["one", "two"])
        #expect(try names("tmp").isEmpty)
        #expect(FileStatus.of(images).map { $0.st_mode & 0o777 } == 0o700)
    }

    @Test("gives the same image for the same input, and keeps it once")
    func same() async throws {
        let first = try await image("one")
        let second = try await image("one")
        #expect(first == second)
        #expect(store.digests.count == 1)
        #expect(try names("layers").count == 2)
        let other = try ImageStore(images: "\(folder.path)/other")
        #expect(try await layer("one", in: other) == first.layers[0])
    }

    @Test("says which image or layer is missing")
    func missing() async throws {
        for digest in ["sha256:" + String(repeating: "0", count: 64), "", "../../etc/passwd", "sha256:../x"] {
            #expect(throws: Fault.self) { try store.image(digest) }
            #expect(throws: Fault.self) { try store.layerPaths([digest]) }
            await #expect(throws: Fault.self) { try await store.add(layers: [digest], config: .init()) }
        }
    }

    @Test("skopeo takes it for an OCI layout, and what skopeo writes comes in again", .enabled(if: Requirements.skopeo))
    func skopeo() async throws {
        let image = try await image("one", "two")
        let other = try ImageStore(images: "\(folder.path)/other")
        for (name, options) in [
            ("plain", ["--dest-oci-accept-uncompressed-layers"]), ("gzip", []),
            ("zstd", ["--dest-compress-format", "zstd"]),
        ] {
            let layout = "\(folder.path)/\(name)"
            try await Command("skopeo", ["copy"] + options + ["oci:\(images)", "oci:\(layout):x"]).checked()
            if name == "zstd", Command.find("zstd") == nil { continue }
            let copy = try await other.importLayout(layout, reference: "x")
            #expect((copy.layers, copy.config) == (image.layers, image.config))
            let text = try other.layerPaths(of: copy).map { try String(contentsOfFile: "\($0)/file", encoding: .utf8) }
            #expect(text == ["one", "two"])
            for digest in try other.manifest(copy.digest).layers.map(\.digest) {
                let digits = try #require(Hex.digits(of: digest))
                #expect(FileTree.exists("\(folder.path)/other/blobs/sha256/\(digits)"), "\(name)")
            }
        }
        await #expect(throws: Fault.self) { try await other.importLayout("\(folder.path)/plain", reference: "y") }
        await #expect(throws: Fault.self) { try await other.importLayout("\(folder.path)") }
    }

    @Test("takes in no layer whose hash is another one", .enabled(if: Requirements.skopeo))
    func forged() async throws {
        let image = try await image("one")
        let layout = "\(folder.path)/layout"
        let options = ["copy", "--dest-oci-accept-uncompressed-layers"]
        try await Command("skopeo", options + ["oci:\(images)", "oci:\(layout)"]).checked()
        let blob = "\(layout)/blobs/sha256/\(image.layers[0].dropFirst(7))"
        var data = try #require(FileManager.default.contents(atPath: blob))
        data[600] ^= 1
        try data.write(to: URL(fileURLWithPath: blob))
        let other = try ImageStore(images: "\(folder.path)/other")
        let fault = await #expect(throws: Fault.self) { try await other.importLayout(layout) }
        #expect(fault?.code == .corrupt)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/other/layers").isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/other/tmp").isEmpty)
    }

    @Test("collects what nobody named, and keeps shared layers")
    func collect() async throws {
        let kept = try await image("base", "kept")
        let dropped = try await image("base", "dropped")
        let collected = try await store.collect(keep: [kept.digest], age: Self.past, cacheAge: Self.past)
        #expect((collected.images, collected.layers) == (1, 1))
        #expect(collected.bytes > 0)
        #expect(try store.image(kept.digest) == kept)
        #expect(throws: Never.self) { try store.layerPaths(of: kept) }
        #expect(throws: Fault.self) { try store.layerPaths(of: dropped) }
        #expect(throws: Fault.self) { try store.image(dropped.digest) }
        // Two archives, a configuration and a manifest.
        #expect(try names("blobs/sha256").count == 4)
        #expect(try ImageStore(images: images).digests == [kept.digest])
        #expect(try await store.collect(keep: [kept.digest], age: Self.past, cacheAge: Self.past) == .init())
    }

    @Test("keeps what is young, and layers without an image for longer")
    func young() async throws {
        _ = try await image("one")
        #expect(try await store.collect(keep: []) == .init())
        let collected = try await store.collect(keep: [], age: Self.past)
        #expect((collected.images, collected.layers) == (1, 0))
        #expect(try names("layers").count == 2)
        #expect(try await store.collect(keep: [], age: Self.past, cacheAge: Self.past).layers == 1)
        #expect(try names("blobs/sha256").isEmpty)
    }

    @Test("keeps all that a build which goes on has made or used")
    func lease() async throws {
        let old = try await layer("old")
        try await store.withLease {
            _ = try store.use(old)
            let new = try await layer("new")
            #expect(try await store.collect(keep: [], age: Self.past, cacheAge: Self.past) == .init())
            _ = try await store.add(layers: [old, new], config: .init())
        }
        #expect(try await store.collect(keep: [], age: Self.past, cacheAge: Self.past).layers == 2)
    }

    @Test("clears away at a start what was half-made")
    func sweep() async throws {
        let image = try await image("one")
        let digits = String(repeating: "a", count: 64)
        try folder.write("x", to: "images/tmp/half/file")
        try folder.write("x", to: "images/layers/\(digits)/file")
        try folder.write("{}", to: "images/layers/\(String(repeating: "b", count: 64)).json")
        let reopened = try ImageStore(images: images)
        #expect(try names("tmp").isEmpty)
        #expect(try names("layers").count == 2)
        #expect(throws: Never.self) { try reopened.layerPaths(of: image) }
    }

    @Test("moves a damaged list of images aside, and finds images by their digest nonetheless")
    func damagedIndex() async throws {
        let image = try await image("one")
        try folder.write("{", to: "images/index.json")
        let reopened = try ImageStore(images: images)
        #expect(try reopened.image(image.digest) == image)
        #expect(try names(".").contains { $0.hasPrefix("index.json.corrupt-") })
    }

    @Test("a folder that can't be packed leaves nothing")
    func unpackable() async throws {
        let scratch = try store.makeScratch()
        try Data().write(to: URL(fileURLWithPath: "\(scratch)/.wh.x"))
        await #expect(throws: Fault.self) { try await store.addLayer(from: scratch, form: .asFound) }
        #expect(try names("tmp") == [(scratch as NSString).lastPathComponent])
        #expect(try names("blobs/sha256").isEmpty)
    }
}
