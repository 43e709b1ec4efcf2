import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Static files of images", .enabled(if: Requirements.root))
struct StaticCopyTests {
    let folder: TemporaryFolder
    let images: String
    let store: ImageStore

    init() throws {
        folder = try TemporaryFolder()
        images = "\(folder.path)/images"
        store = try ImageStore(images: images)
    }

    private func layer(_ fill: (_ scratch: String) throws -> Void) async throws -> String {
        let scratch = try store.makeScratch()
        try fill(scratch)
        return try await store.addLayer(from: scratch, form: .asFound)
    }

    private func put(_ text: String, _ path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileTree.setChanged(path, 1)
        try FileTree.setChanged(parent, 1)
    }

    private func laidOut(_ image: Image) throws -> [String: String] {
        let root = "\(ImageStore.statics(in: images))/\(StaticFiles.folder(of: image.digest))"
        var found: [String: String] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init() {
            guard let status = try FileTree.status("\(root)/\(name)"), status.st_mode & S_IFMT == S_IFREG else {
                continue
            }
            #expect(status.st_mode & 0o777 == 0o644)
            found[name] = try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
        }
        return found
    }

    /// What a Machine would see: upper layers win, whiteouts and opaque folders hide, links are not followed.
    @Test("are what a Machine sees in the folder, of all its layers")
    func layers() async throws {
        let bottom = try await layer { scratch in
            for name in ["a.css", "gone.css", "sub/one.js", "sub/two.js", "closed/below.js", "was/file.js"] {
                try put("bottom \(name)", "\(scratch)/app/static/\(name)")
            }
            try put("secret", "\(scratch)/app/settings.py")
        }
        let top = try await layer { scratch in
            try put("top a.css", "\(scratch)/app/static/a.css")
            try put("top two", "\(scratch)/app/static/sub/two.js")
            try put("top", "\(scratch)/app/static/closed/above.js")
            try LayerAttributes.set(LayerAttributes.opaque, [UInt8(ascii: "y")], of: "\(scratch)/app/static/closed")
            #expect(mknod("\(scratch)/app/static/gone.css", S_IFCHR, 0) == 0)
            try put("now a file", "\(scratch)/app/static/was")
            #expect(symlink("../settings.py", "\(scratch)/app/static/link.py") == 0)
            #expect(symlink("/", "\(scratch)/app/static/root") == 0)
            #expect(chmod("\(scratch)/app/static/a.css", 0o600) == 0)
        }
        let image = try await store.add(layers: [bottom, top], config: .init(cmd: ["run"]))
        try await store.publish(image.digest, folders: ["/app/static", "/nowhere"])
        let expected = [
            "app/static/a.css": "top a.css", "app/static/sub/one.js": "bottom sub/one.js",
            "app/static/sub/two.js": "top two", "app/static/closed/above.js": "top", "app/static/was": "now a file",
        ]
        #expect(try laidOut(image) == expected)
        // Again, and with a folder above: nothing is lost, nothing half.
        try await store.publish(image.digest, folders: ["/app"])
        #expect(try laidOut(image)["app/settings.py"] == "secret")
        #expect(try laidOut(image).count == expected.count + 1)
        #expect(try FileTree.names(in: "\(images)/tmp").isEmpty)
    }

    @Test("a folder that is a link, or lies behind one, is not served")
    func behindLinks() async throws {
        let only = try await layer { scratch in
            try put("x", "\(scratch)/data/x")
            try FileManager.default.createDirectory(atPath: "\(scratch)/app", withIntermediateDirectories: true)
            #expect(symlink("/data", "\(scratch)/app/static") == 0)
            #expect(symlink("/etc", "\(scratch)/conf") == 0)
        }
        let image = try await store.add(layers: [only], config: .init(cmd: ["run"]))
        try await store.publish(image.digest, folders: ["/app/static", "/conf/ssl"])
        #expect(try laidOut(image).isEmpty)
    }

    @Test("carry a digest of their content, and the time of the original")
    func marks() async throws {
        let only = try await layer { scratch in
            try put("same", "\(scratch)/s/one")
            try put("same", "\(scratch)/s/two")
            try FileTree.setChanged("\(scratch)/s/one", 784_111_777)
        }
        let image = try await store.add(layers: [only], config: .init(cmd: ["run"]))
        try await store.publish(image.digest, folders: ["/s"])
        let place = "\(ImageStore.statics(in: images))/\(StaticFiles.folder(of: image.digest))/s"
        #expect(try FileTree.status("\(place)/one")?.st_mtim.tv_sec == 784_111_777)
        #expect(
            try LayerAttributes.read("\(place)/one")[StaticFiles.digestAttribute]
                == Array(Digest.hex(Data("same".utf8)).prefix(32).utf8)
        )
    }

    @Test("go with their image")
    func collected() async throws {
        let only = try await layer { try put("x", "\($0)/s/x") }
        let image = try await store.add(layers: [only], config: .init(cmd: ["run"]))
        try await store.publish(image.digest, folders: ["/s"])
        _ = try await store.collect(keep: [image.digest], age: .seconds(-3600))
        #expect(try laidOut(image) == ["s/x": "x"])
        _ = try await store.collect(keep: [], age: .seconds(-3600))
        #expect(try laidOut(image).isEmpty)
        // The same image again is laid out again.
        let again = try await store.add(
            layers: [try await layer { try put("x", "\($0)/s/x") }],
            config: .init(cmd: ["run"])
        )
        #expect(again.digest == image.digest)
        try await store.publish(again.digest, folders: ["/s"])
        #expect(try laidOut(again) == ["s/x": "x"])
    }

    @Test("too many, too large or too deep is said, and nothing half stands there")
    func limits() throws {
        let source = "\(folder.path)/source"
        for number in 0..<5 { try put("0123456789", "\(source)/f\(number)") }
        try put("x", "\(source)/a/b/c/d")
        for limits in [
            StaticCopy.Limits(files: 3, bytes: 1000, depth: 9), .init(files: 99, bytes: 25, depth: 9),
            .init(files: 99, bytes: 1000, depth: 2),
        ] {
            let scratch = try store.makeScratch()
            var copy = StaticCopy(scratch: scratch, limits: limits) {}
            let target = "\(folder.path)/t\(limits.files)-\(limits.bytes)-\(limits.depth)"
            try FileTree.makeFolder(target)
            #expect(throws: Fault.self) { try copy.fill(target, from: [source], depth: 0) }
            // What was copied before is no file that anybody is served.
            for name in try FileTree.names(in: target) { #expect(name == "a") }
        }
    }
}
