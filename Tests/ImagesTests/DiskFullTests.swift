import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("A full disk", .enabled(if: Requirements.root))
struct DiskFullTests {
    private static let large = Data((0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })

    @Test("an upload says so and leaves nothing")
    func upload() async throws {
        try await SmallDisk.with(2) { images in
            let store = try SourceStore(images: images)
            let fault = await #expect(throws: Fault.self) {
                try await store.put(Digest.hex(Self.large), Self.large)
            }
            #expect(fault?.code == .diskFull)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(images)/sources/tmp").isEmpty)
            try await store.put(Digest.hex(Data("x".utf8)), Data("x".utf8))
        }
    }

    @Test("a layer says so, and nothing half-made counts")
    func layer() async throws {
        try await SmallDisk.with(5) { images in
            let store = try ImageStore(images: images)
            let scratch = try store.makeScratch()
            try Self.large.write(to: URL(fileURLWithPath: "\(scratch)/file"))
            let fault = await #expect(throws: Fault.self) {
                try await store.addLayer(from: scratch, form: .ownedByRoot(keepingTimes: false))
            }
            #expect(fault?.code == .diskFull)
            #expect(fault?.hint?.contains("free space") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(images)/layers").isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(images)/blobs/sha256").isEmpty)
            try FileTree.remove(scratch)
            let small = try store.makeScratch()
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(small)/file"))
            let layer = try await store.addLayer(from: small, form: .ownedByRoot(keepingTimes: false))
            _ = try await store.add(layers: [layer], config: .init())
        }
    }

    @Test("an import says so and leaves nothing")
    func importing() async throws {
        let folder = try TemporaryFolder()
        let store = try ImageStore(images: "\(folder.path)/images")
        let scratch = try store.makeScratch()
        try Self.large.write(to: URL(fileURLWithPath: "\(scratch)/file"))
        let layer = try await store.addLayer(from: scratch, form: .asFound)
        _ = try await store.add(layers: [layer], config: .init())
        try await SmallDisk.with(5) { images in
            let small = try ImageStore(images: images)
            let fault = await #expect(throws: Fault.self) { try await small.importLayout("\(folder.path)/images") }
            #expect(fault?.code == .diskFull)
            for place in ["tmp", "layers", "blobs/sha256"] {
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(images)/\(place)").isEmpty)
            }
        }
    }
}
