import Foundation
import Images
import Model
import Testing
import Toolkit

@Suite("The store of uploaded files")
struct SourceStoreTests {
    let folder: TemporaryFolder
    let store: SourceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SourceStore(images: folder.path)
    }

    private func entry(_ path: String, _ text: String, mode: UInt16 = 0o644) -> SourceManifest.Entry {
        .init(path: path, mode: mode, size: Int64(text.utf8.count), sha256: Digest.hex(Data(text.utf8)))
    }

    private func put(_ text: String) async throws {
        try await store.put(Digest.hex(Data(text.utf8)), Data(text.utf8))
    }

    @Test("asks for each content once, until it has it")
    func missing() async throws {
        let manifest = SourceManifest(files: [entry("a", "one"), entry("b", "two"), entry("c", "one")])
        #expect(Set(try await store.missing(of: manifest)) == Set(manifest.files.map(\.sha256)))
        #expect(try await store.missing(of: manifest).count == 2)
        try await put("one")
        #expect(try await store.missing(of: manifest) == [entry("b", "two").sha256])
        try await put("two")
        #expect(try await store.missing(of: manifest).isEmpty)
    }

    @Test("takes an empty file, one in pieces and one of this host")
    func waysIn() async throws {
        try await put("")
        let pieces = AsyncStream<Data> { continuation in
            for piece in ["on", "e"] { continuation.yield(Data(piece.utf8)) }
            continuation.finish()
        }
        try await store.put(entry("", "one").sha256, size: 3, from: pieces)
        try folder.write("two", to: "file")
        try await store.put(entry("", "two").sha256, file: "\(folder.path)/file")
        let manifest = SourceManifest(files: [entry("a", ""), entry("b", "one"), entry("c", "two")])
        #expect(try await store.missing(of: manifest).isEmpty)
        #expect(try store.read("c", of: manifest, limit: 10) == Data("two".utf8))
        #expect(throws: Fault.self) { try store.read("c", of: manifest, limit: 2) }
    }

    @Test("keeps nothing that is not what it was said to be")
    func lies() async throws {
        let one = entry("a", "one")
        await #expect(throws: Fault.self) { try await store.put(one.sha256, Data("other".utf8)) }
        await #expect(throws: Fault.self) { try await store.put("../../x", Data()) }
        let long = AsyncStream<Data> { continuation in
            for _ in 0..<1000 { continuation.yield(Data(count: 1000)) }
            continuation.finish()
        }
        await #expect(throws: Fault.self) { try await store.put(one.sha256, size: 3, from: long) }
        try folder.write("other", to: "file")
        await #expect(throws: Fault.self) { try await store.put(one.sha256, file: "\(folder.path)/file") }
        #expect(try await store.missing(of: SourceManifest(files: [one])).count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/sources/tmp").isEmpty)
    }

    @Test("writes a project as copies, with the time at which the content first came")
    func checkout() async throws {
        try await put("one")
        let link = SourceManifest.Entry(path: "x/l", kind: .symlink, mode: 0o777, size: 0, sha256: "", target: "../a")
        let manifest = SourceManifest(files: [entry("a", "one", mode: 0o600), entry("x/y/b", "one", mode: 0o751), link])
        for name in ["first", "second"] {
            let place = "\(folder.path)/\(name)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try await store.checkout(manifest, into: place, readableForAll: name == "second")
        }
        let first = try #require(FileStatus.of("\(folder.path)/first/a"))
        let second = try #require(FileStatus.of("\(folder.path)/second/a"))
        #expect((first.st_mode & 0o7777, second.st_mode & 0o7777) == (0o600, 0o644))
        #expect(FileStatus.of("\(folder.path)/first/x/y/b").map { $0.st_mode & 0o7777 } == 0o751)
        #expect(first.st_mtim.tv_sec == second.st_mtim.tv_sec)
        #expect(first.st_ino != second.st_ino)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/first/x/l") == "../a")
        try Data("changed".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/first/a"))
        #expect(try store.read("a", of: manifest, limit: 10) == Data("one".utf8))
    }

    @Test("says which content is missing, or torn by a crash, rather than write another")
    func torn() async throws {
        try await put("one")
        let place = "\(folder.path)/out"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let blob = entry("a", "one").sha256
        try Data().write(to: URL(fileURLWithPath: "\(folder.path)/sources/sha256/\(blob.prefix(2))/\(blob)"))
        let manifest = SourceManifest(files: [entry("a", "one")])
        let fault = await #expect(throws: Fault.self) { try await store.checkout(manifest, into: place) }
        #expect(fault?.message.contains("a") == true)
        #expect(try await store.missing(of: manifest) == [blob])
        try await put("one")
        try await store.checkout(manifest, into: place)
    }

    @Test("refuses a hostile manifest before it writes anything")
    func hostile() async throws {
        try await put("one")
        let manifest = SourceManifest(files: [entry("a", "one"), entry("../b", "one")])
        let place = "\(folder.path)/out"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        await #expect(throws: Fault.self) { try await store.checkout(manifest, into: place) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
        await #expect(throws: Fault.self) { try await store.missing(of: manifest) }
    }

    @Test("collects by age, and what was asked for is young")
    func collect() async throws {
        try await put("one")
        try await put("two")
        #expect(try await store.collect(unusedFor: .seconds(60)) == 0)
        #expect(try await store.collect(unusedFor: .seconds(-60)) > 0)
        #expect(try await store.missing(of: SourceManifest(files: [entry("a", "one"), entry("b", "two")])).count == 2)
    }

    @Test("an interrupted upload is gone after a start")
    func sweep() throws {
        try folder.write("half", to: "sources/tmp/x")
        _ = try SourceStore(images: folder.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/sources/tmp").isEmpty)
    }
}
