import Foundation
import Glibc
import Model
import Runtime
import Testing
import Toolkit

@Suite("Volumes on the disk")
struct VolumeStoreTests {
    private func withStore(_ body: (VolumeStore, _ root: String) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "vol-\(UInt32.random(in: 0...UInt32.max))")
            .path
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await body(VolumeStore(paths: HostPaths(state: root, run: root)), root)
    }

    @Test("are made once, keep what is on them, and go with it")
    func lifeCycle() async throws {
        try await withStore { store, _ in
            let id = Volume.newID()
            let folder = try store.create(id, user: "\(getuid()):\(getgid())")
            #expect(folder == store.folder(id))
            try "kept".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            #expect(try store.create(id) == folder)
            #expect(try String(contentsOfFile: "\(folder)/file", encoding: .utf8) == "kept")
            #expect(store.all() == [id])
            try await store.remove(id)
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(store.all().isEmpty)
            try await store.remove(id)
        }
    }

    @Test("take no ID that leads elsewhere", arguments: ["", "vol_../../etc", "vol_a/b", "other", "vol_A"])
    func refuses(id: String) async throws {
        try await withStore { store, _ in
            #expect(throws: Fault.self) { try store.create(id) }
            await #expect(throws: Fault.self) { try await store.remove(id) }
        }
    }

    @Test("belong to the user that the image's topmost /etc/passwd names", .enabled(if: getuid() == 0))
    func owner() async throws {
        try await withStore { store, root in
            for (layer, number) in [("bottom", 1000), ("top", 2000)] {
                try Durable.makeFolder("\(root)/\(layer)/etc")
                try "app:x:\(number):\(number)::/:/bin/sh\n".write(
                    toFile: "\(root)/\(layer)/etc/passwd",
                    atomically: false,
                    encoding: .utf8
                )
            }
            let folder = try store.create(Volume.newID(), user: "app", layers: ["\(root)/bottom", "\(root)/top"])
            let owner = try FileManager.default.attributesOfItem(atPath: folder)[.ownerAccountID] as? Int
            #expect(owner == 2000)
        }
    }

    @Test("a link in a layer leads to no file of the host")
    func links() async throws {
        try await withStore { store, root in
            try Durable.makeFolder("\(root)/layer/etc")
            try FileManager.default.createSymbolicLink(
                atPath: "\(root)/layer/etc/passwd",
                withDestinationPath: "/../../../../../../etc/passwd"
            )
            #expect(throws: Fault.self) {
                try store.create(Volume.newID(), user: "root-of-the-host", layers: ["\(root)/layer"])
            }
            // The host has a user "daemon"; the image has not.
            #expect(throws: Fault.self) { try store.create(Volume.newID(), user: "daemon", layers: ["\(root)/layer"]) }
        }
    }
}
