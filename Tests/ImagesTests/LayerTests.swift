import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Layers", .enabled(if: Requirements.root))
struct LayerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func place(_ name: String) throws -> String {
        let place = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        return place
    }

    private func fill(_ place: String) throws {
        let long = "long/" + String(repeating: "x", count: 200)
        for (index, path) in ["b/one", "a", "b/two", long].enumerated() {
            let file = "\(place)/\(path)"
            let parent = (file as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data(String(repeating: "\(index)", count: index * 700).utf8).write(to: URL(fileURLWithPath: file))
            chmod(file, 0o750)
            lchown(file, 1000, 3_000_000)
        }
        symlink("../a", "\(place)/b/link")
        link("\(place)/b/one", "\(place)/b/second")
        // 1:3, `/dev/null`.
        mknod("\(place)/null", S_IFCHR | 0o666, 0x103)
        mkfifo("\(place)/pipe", 0o600)
        mknod("\(place)/b/gone", S_IFCHR, 0)
        try LayerAttributes.set(LayerAttributes.opaque, [UInt8(ascii: "y")], of: "\(place)/long")
        try LayerAttributes.set("user.note", Array("hello\n".utf8), of: "\(place)/a")
        // A capability to bind low ports, as `setcap` writes it.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        try LayerAttributes.set("security.capability", capability, of: "\(place)/b/two")
        chmod("\(place)/b/one", 0o4755)
        for path in ["a", "b/one", "b/two", "b", long, "long"] {
            try FileTree.setChanged("\(place)/\(path)", 1_600_000_000)
        }
    }

    @Test("unpacks what it packed, to the last attribute")
    func roundTrip() throws {
        let source = try place("source")
        let copy = try place("copy")
        try fill(source)
        let (digest, size) = try LayerPacker.pack(source, to: "\(folder.path)/1.tar", form: .asFound, .unbounded)
        #expect(try LayerUnpacker.unpack("\(folder.path)/1.tar", into: copy, .unbounded) == digest)
        #expect(FileStatus.of("\(folder.path)/1.tar")?.st_size == Int(size))
        let again = try LayerPacker.pack(copy, to: "\(folder.path)/2.tar", form: .asFound, .unbounded)
        #expect(again.digest == digest)
        #expect(FileStatus.isWhiteout("\(copy)/b/gone"))
        #expect(LayerAttributes.isOpaque("\(copy)/long"))
        let one = try #require(FileStatus.of("\(copy)/b/one"))
        #expect(one.st_ino == FileStatus.of("\(copy)/b/second")?.st_ino)
        #expect((one.st_mode & 0o7777, one.st_uid, one.st_gid) == (0o4755, 1000, 3_000_000))
        #expect(try LayerAttributes.read("\(copy)/b/two").keys.sorted() == ["security.capability"])
        #expect(try LayerAttributes.read("\(copy)/a") == ["user.note": Array("hello\n".utf8)])
    }

    @Test("writes what GNU tar reads, and reads what it writes")
    func foreignTar() async throws {
        let source = try place("source")
        try fill(source)
        _ = try LayerPacker.pack(source, to: "\(folder.path)/1.tar", form: .asFound, .unbounded)
        let list = try await Command("tar", ["--numeric-owner", "-tvf", "\(folder.path)/1.tar"]).checked()
        #expect(list.contains("-rwsr-xr-x 1000/3000000"))
        #expect(list.contains("b/second link to b/one"))
        #expect(list.contains("b/.wh.gone"))
        #expect(list.contains("long/.wh..wh..opq"))
        for format in ["gnu", "posix", "ustar"] {
            unlink("\(source)/b/gone")
            // Neither long names nor large owners fit the old format.
            if format == "ustar" {
                try FileTree.remove("\(source)/long")
                for path in ["a", "b/one", "b/two"] { lchown("\(source)/\(path)", 1, 1) }
            }
            let tar = "\(folder.path)/\(format).tar"
            try await Command("tar", ["--format=\(format)", "-C", source, "-cf", tar, "."]).checked()
            let copy = try place(format)
            _ = try LayerUnpacker.unpack(tar, into: copy, .unbounded)
            let comparison = try await Command("tar", ["-C", copy, "--compare", "-f", tar]).run()
            #expect(comparison.code == 0, "\(format): \(comparison.output)\(comparison.error)")
        }
    }

    @Test("equal files give equal bytes, whoever made them and in whatever order")
    func deterministic() throws {
        var digests: Set<String> = []
        for (name, order) in [("x", ["a", "b/c", "z"]), ("y", ["z", "b/c", "a"])] {
            let source = try place(name)
            for path in order {
                let file = "\(source)/\(path)"
                let parent = (file as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try Data(path.utf8).write(to: URL(fileURLWithPath: file))
                lchown(file, name == "x" ? 10 : 20, 5)
                chmod(file, name == "x" ? 0o600 : 0o664)
                try FileTree.setChanged(file, name == "x" ? 1 : 2)
            }
            let form = LayerPacker.Form.ownedByRoot(keepingTimes: false)
            digests.insert(
                try LayerPacker.pack(source, to: "\(folder.path)/\(name).tar", form: form, .unbounded).digest
            )
            let status = try #require(FileStatus.of("\(source)/b/c"))
            #expect((status.st_uid, status.st_mode & 0o7777) == (0, 0o644))
            #expect(Int64(status.st_mtim.tv_sec) == LayerPacker.fixedTime)
        }
        #expect(digests.count == 1)
    }

    @Test("makes whiteouts of removals, and takes nothing of aufs")
    func whiteouts() throws {
        var tar = TarBytes()
        tar.add("etc/.wh.passwd")
        tar.add("var/lib/.wh..wh..opq")
        tar.add("var/lib/new", "0", "x")
        tar.add(".wh..wh.plnk/1.2", "0", "x")
        tar.add("both", "0", "x")
        tar.add(".wh.both")
        let copy = try unpack(tar)
        #expect(FileStatus.isWhiteout("\(copy)/etc/passwd"))
        #expect(LayerAttributes.isOpaque("\(copy)/var/lib"))
        #expect(FileManager.default.fileExists(atPath: "\(copy)/var/lib/new"))
        #expect(!FileStatus.isWhiteout("\(copy)/both"))
        #expect(!FileManager.default.fileExists(atPath: "\(copy)/.wh.both"))
    }

    @Test("leaves attributes of overlayfs out, which could show files of other layers")
    func overlayAttributes() throws {
        var tar = TarBytes()
        let names = ["trusted.overlay.redirect", "trusted.overlay.metacopy", "trusted.overlay.opaque"]
        tar.addPax(names.map { ("SCHILY.xattr.\($0)", "y") } + [("SCHILY.xattr.user.kept", "1")])
        tar.add("d", "5", mode: 0o755)
        let copy = try unpack(tar)
        #expect(!LayerAttributes.isOpaque("\(copy)/d"))
        #expect(try LayerAttributes.names(of: "\(copy)/d") == ["user.kept"])
    }

    private func unpack(_ tar: TarBytes, ended: Bool = true) throws -> String {
        let name = UUID().uuidString
        try (ended ? tar.ended : tar.data).write(to: URL(fileURLWithPath: "\(folder.path)/\(name).tar"))
        let copy = try place(name)
        _ = try LayerUnpacker.unpack("\(folder.path)/\(name).tar", into: copy, .unbounded)
        return copy
    }

    static let hostile: [(String, @Sendable (inout TarBytes) -> Void)] = [
        ("absolute", { $0.add("/tmp/evil", "0", "x") }),
        ("steps up", { $0.add("../evil", "0", "x") }),
        ("steps up later", { $0.add("a/../../evil", "0", "x") }),
        ("empty name", { $0.add("", "0", "x") }),
        (
            "through a link",
            {
                $0.add("l", "2", target: "/tmp")
                $0.add("l/evil", "0", "x")
            }
        ),
        (
            "through a link to a folder of the layer",
            {
                $0.add("d", "5")
                $0.add("l", "2", target: "d")
                $0.add("l/x")
            }
        ),
        ("hard link to the host", { $0.add("h", "1", target: "/etc/passwd") }),
        ("hard link up", { $0.add("h", "1", target: "../../../etc/passwd") }),
        (
            "hard link through a link",
            {
                $0.add("l", "2", target: "/etc")
                $0.add("h", "1", target: "l/passwd")
            }
        ),
        ("hard link to nothing", { $0.add("h", "1", target: "none") }),
        (
            "hard link to a folder",
            {
                $0.add("d", "5")
                $0.add("h", "1", target: "d")
            }
        ),
        (
            "a folder with files becomes a link",
            {
                $0.add("d/x")
                $0.add("d", "2", target: "/tmp")
            }
        ),
        ("a whiteout of the folder above", { $0.add("a/.wh...") }),
        ("a whiteout of nothing", { $0.add("a/.wh.") }),
        (
            "a path in a pax header",
            {
                $0.addPax([("path", "../evil")])
                $0.add("x")
            }
        ),
        (
            "NUL in a path",
            {
                $0.addPax([("path", "a\u{0}b")])
                $0.add("x")
            }
        ),
        (
            "a negative size",
            {
                $0.addPax([("size", "-1")])
                $0.add("x")
            }
        ),
        (
            "a size past the end",
            {
                $0.addPax([("size", "99999")])
                $0.add("x")
            }
        ),
        (
            "a huge size",
            {
                $0.addPax([("size", "9223372036854775807")])
                $0.add("x")
            }
        ),
        (
            "a sparse file",
            {
                $0.addPax([("GNU.sparse.major", "1")])
                $0.add("x")
            }
        ),
        (
            "a damaged pax header",
            {
                $0.add("p", "x", "999 path=x\n")
                $0.add("x")
            }
        ),
        ("an unknown kind", { $0.add("x", "Z") }),
        (
            "a long part",
            {
                $0.addPax([("path", String(repeating: "x", count: 256))])
                $0.add("x")
            }
        ),
        (
            "a deep path",
            {
                $0.addPax([("path", String(repeating: "x/", count: 1000))])
                $0.add("x")
            }
        ),
    ]

    @Test("refuses hostile archives", arguments: hostile.indices)
    func refuses(row: Int) throws {
        let (why, write) = Self.hostile[row]
        var tar = TarBytes()
        write(&tar)
        let fault = #expect(throws: Fault.self, "\(why)") { try unpack(tar) }
        #expect(fault?.code == .corrupt || fault?.code == .unsupported, "\(why)")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/evil"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/evil"))
    }

    @Test("refuses archives that are damaged or end too early")
    func damaged() throws {
        var tar = TarBytes()
        tar.add("a", "0", String(repeating: "x", count: 3000))
        let whole = tar.data
        for cut in [1, 511, 513, 2000] {
            let path = "\(folder.path)/cut.tar"
            try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
            let copy = try place("cut-\(cut)")
            #expect(throws: Fault.self, "\(cut)") { try LayerUnpacker.unpack(path, into: copy, .unbounded) }
        }
        var broken = whole
        broken[3] ^= 1
        try broken.write(to: URL(fileURLWithPath: "\(folder.path)/broken.tar"))
        let copy = try place("broken")
        #expect(throws: Fault.self) { try LayerUnpacker.unpack("\(folder.path)/broken.tar", into: copy, .unbounded) }
    }

    @Test("takes a member that comes twice, the later one counts")
    func twice() throws {
        var tar = TarBytes()
        tar.add("a", "0", "old")
        tar.add("a", "0", "new")
        tar.add("d", "5", mode: 0o700)
        tar.add("d/x", "0", "kept")
        tar.add("d", "5", mode: 0o755)
        let copy = try unpack(tar, ended: false)
        #expect(FileManager.default.contents(atPath: "\(copy)/a") == Data("new".utf8))
        #expect(FileManager.default.contents(atPath: "\(copy)/d/x") == Data("kept".utf8))
        #expect(FileStatus.of("\(copy)/d").map { $0.st_mode & 0o777 } == 0o755)
        #expect(FileStatus.of("\(copy)/d")?.st_mtim.tv_sec == 1_000_000_000)
    }

    @Test("does not pack names that mean something else in a layer")
    func whiteoutNames() throws {
        let source = try place("source")
        try Data().write(to: URL(fileURLWithPath: "\(source)/.wh.x"))
        let fault = #expect(throws: Fault.self) {
            try LayerPacker.pack(source, to: "\(folder.path)/1.tar", form: .asFound, .unbounded)
        }
        #expect(fault?.code == .unsupported)
    }
}
